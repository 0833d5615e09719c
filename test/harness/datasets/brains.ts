import test from "ava";
import { brains } from "../../../harness/datasets/brains.ts";

test("a slice is a function of seed, split and number, and half have a lesion", async (t) => {
	const set = brains({ size: 24, seed: 1 });
	const one = await set.read("train", 5);
	t.deepEqual(await brains({ size: 24, seed: 1, count: { train: 6 } }).read("train", 5), one);
	t.notDeepEqual((await set.read("test", 5)).pixels, one.pixels);
	let diseased = 0;
	for (let index = 0; index < 100; index += 1) diseased += set.label("train", index)[0] as number;
	t.is(diseased, 50);
});

test("a mask holds the lesion of slices that have one, and nothing else", async (t) => {
	const set = brains({ size: 48 });
	for (let index = 0; index < 40; index += 1) {
		const { masks, label } = await set.read("train", index);
		const share = (masks?.["Tumour"] ?? new Uint8Array(0)).filter((value) => value === 255).length / 48 ** 2;
		if (label[0] === 1) t.true(share > 0.004 && share < 0.25, `slice ${index}: ${share}`);
		else t.is(share, 0);
	}
});

test("taking the lesion out changes nothing away from it", async (t) => {
	const set = brains({ size: 48, channels: 4 });
	for (let index = 1; index < 24; index += 2) {
		const { pixels, masks } = await set.read("train", index);
		const healthy = set.counterfactual("train", index);
		const mask = masks?.["Tumour"] ?? new Uint8Array(0);
		// Its soft border reaches a pixel beyond the mask.
		const near = (at: number) => {
			const [row, column] = [Math.floor(at / 48), at % 48];
			for (let y = row - 2; y <= row + 2; y += 1) {
				for (let x = column - 2; x <= column + 2; x += 1) if (mask[y * 48 + x] === 255) return true;
			}
			return false;
		};
		let inside = 0;
		for (let at = 0; at < mask.length; at += 1) {
			const difference = Math.abs((pixels[at * 4] as number) - (healthy[at * 4] as number));
			if (mask[at] === 255) inside += difference;
			else if (!near(at)) t.is(difference, 0);
		}
		// Lesions are brighter than tissue in FLAIR, by some 60 of 255.
		t.true(inside / mask.filter((value) => value === 255).length > 20);
	}
});

test("a patient's slices are neighbours, and channels are the named modalities", async (t) => {
	const set = brains({ size: 16, slicesPerPatient: 4, channels: 4 });
	t.deepEqual(
		[0, 3, 4, 9].map((index) => set.patient("train", index)),
		[0, 0, 1, 2],
	);
	const all = (await set.read("train", 1)).pixels;
	const grey = (await brains({ size: 16, slicesPerPatient: 4 }).read("train", 1)).pixels;
	const three = (await brains({ size: 16, slicesPerPatient: 4, channels: 3 }).read("train", 1)).pixels;
	for (let at = 0; at < 256; at += 1) {
		t.is(grey[at], all[at * 4]);
		t.deepEqual([...three.subarray(at * 3, at * 3 + 3)], [all[at * 4], all[at * 4 + 2], all[at * 4 + 3]]);
	}
});
