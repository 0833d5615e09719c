import test from "ava";
import { attributeShares } from "../../../harness/datasets/dataset.ts";
import {
	changed,
	type FaceAttribute,
	faceAttributes,
	faceMask,
	faces,
	maskThreshold,
} from "../../../harness/datasets/faces.ts";

const hair = ["Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair"] as const;
const share = (mask: Uint8Array) => mask.filter((value) => value === 255).length / mask.length;

test("a face is a function of seed, split and number, whatever else the set holds", async (t) => {
	const one = await faces({ size: 32, count: { train: 5 }, seed: 4 }).read("train", 3);
	const same = await faces({ size: 32, count: { train: 50, test: 1 }, seed: 4, attributes: ["Male"] }).read("train", 3);
	t.deepEqual(one.pixels, same.pixels);
	const set = faces({ size: 32, seed: 4 });
	for (const other of [set.read("train", 2), set.read("test", 3), faces({ size: 32, seed: 5 }).read("train", 3)]) {
		t.notDeepEqual((await other).pixels, one.pixels);
	}
});

test("a face has the same labels at every size, and looks the same when made smaller", async (t) => {
	const large = faces({ size: 128 });
	const small = faces({ size: 32 });
	for (let index = 0; index < 8; index += 1) {
		const a = await large.read("train", index);
		const b = await small.read("train", index);
		t.deepEqual(a.label, b.label);
		let difference = 0;
		for (let row = 0; row < 32; row += 1) {
			for (let column = 0; column < 32; column += 1) {
				let sum = 0;
				for (let at = 0; at < 16; at += 1) {
					sum += a.pixels[((row * 4 + (at >> 2)) * 128 + column * 4 + (at & 3)) * 3] as number;
				}
				difference += Math.abs(sum / 16 - (b.pixels[(row * 32 + column) * 3] as number));
			}
		}
		// Edges fall differently and thin lines are kept at a third of a pixel; another face differs by 30 and more.
		t.true(difference / 1024 < 8, `face ${index}: ${difference / 1024}`);
	}
});

test("attributes have shares like CelebA's, and hair has one colour", (t) => {
	const set = faces({ count: { train: 2000 }, attributes: faceAttributes });
	const shares = attributeShares(set, "train");
	const within = (name: FaceAttribute, low: number, high: number) => {
		const value = shares[name] as number;
		t.true(value > low && value < high, `${name}: ${value}`);
	};
	within("Male", 0.38, 0.46);
	within("Young", 0.7, 0.82);
	within("Smiling", 0.43, 0.55);
	within("Black_Hair", 0.25, 0.5);
	within("Blond_Hair", 0.1, 0.22);
	within("Brown_Hair", 0.15, 0.4);
	within("Eyeglasses", 0.06, 0.16);
	within("Bald", 0.005, 0.05);
	for (let index = 0; index < 2000; index += 1) {
		const { labels } = set.face("train", index);
		t.true(hair.filter((name) => labels[name]).length <= 1);
		if (labels.Bald) t.false(hair.some((name) => labels[name]) || labels.Bangs);
		if (labels.Wearing_Lipstick) t.false(labels.Male);
	}
});

for (const size of [32, 64]) {
	test(`each attribute changes some part of the face, and only a part, at ${size} pixels`, (t) => {
		const set = faces({ size, attributes: faceAttributes });
		// Least and most of the picture that may change, on a face with hair.
		const limits: Readonly<Record<FaceAttribute, readonly [number, number]>> = {
			Bald: [0.05, 0.7],
			Bangs: [0.01, 0.2],
			Black_Hair: [0.08, 0.7],
			Blond_Hair: [0.08, 0.7],
			Brown_Hair: [0.08, 0.7],
			Eyeglasses: [0.02, 0.2],
			Gray_Hair: [0.08, 0.7],
			Male: [0.1, 0.8],
			Mustache: [0.004, 0.05],
			Smiling: [0.01, 0.15],
			Wearing_Lipstick: [0.003, 0.05],
			Young: [0.02, 0.7],
		};
		for (let index = 0; index < 12; index += 1) {
			const face = set.face("train", index);
			if (face.labels.Bald) continue;
			for (const name of faceAttributes) {
				// Greyed hair stays as it is when age comes, and lips of red skin show little of a red lipstick.
				if (name === "Young" && face.labels.Gray_Hair) continue;
				const [least, most] = limits[name];
				const value = share(faceMask(face, name, size));
				t.true(value >= least && value <= most, `face ${index}, ${name}: ${value}`);
			}
		}
	});
}

test("a mask lies where the attribute is: hair above, smile below, glasses between", (t) => {
	const set = faces({ size: 64, attributes: faceAttributes });
	const middle = (mask: Uint8Array) => {
		let sum = 0;
		let count = 0;
		for (const [at, value] of mask.entries()) {
			if (value === 0) continue;
			sum += Math.floor(at / 64);
			count += 1;
		}
		return sum / count / 64;
	};
	for (let index = 0; index < 12; index += 1) {
		const face = set.face("train", index);
		const bangs = face.labels.Bald ? 0.3 : middle(faceMask(face, "Bangs", 64));
		const glasses = middle(faceMask(face, "Eyeglasses", 64));
		const smile = middle(faceMask(face, "Smiling", 64));
		t.true(bangs < glasses && glasses < smile && smile > 0.6, `face ${index}: ${bangs} ${glasses} ${smile}`);
	}
});

test("a mask is where the face differs from its counterfactual, and nothing differs outside it", async (t) => {
	const set = faces({ size: 48, attributes: ["Male", "Eyeglasses", "Smiling", "Young", "Bangs"] });
	for (let index = 0; index < 6; index += 1) {
		const { pixels, label, masks } = await set.read("test", index);
		for (const [at, name] of set.attributes.entries()) {
			const other = Float32Array.from(label);
			other[at] = 1 - (other[at] as number);
			const edited = set.counterfactual("test", index, other);
			const mask = masks?.[name] ?? new Uint8Array(0);
			t.deepEqual(changed(pixels, edited), mask);
			t.true(
				edited.every((value, place) => {
					return mask[Math.floor(place / 3)] === 255 || Math.abs(value - (pixels[place] as number)) <= maskThreshold;
				}),
			);
		}
	}
});

test("a counterfactual with the face's own label is the face", async (t) => {
	const set = faces({ size: 32 });
	for (let index = 0; index < 10; index += 1) {
		const { pixels, label } = await set.read("train", index);
		t.deepEqual(set.counterfactual("train", index, label), pixels);
	}
});

test("another hair colour recolours the hair and nothing else but the brows", async (t) => {
	const set = faces({ size: 64 });
	for (let index = 0; index < 10; index += 1) {
		const { pixels, label, masks } = await set.read("train", index);
		const own = label.subarray(0, 3).indexOf(1);
		if (own < 0) continue;
		const wanted = Float32Array.from(label);
		wanted.set([0, 0, 0]);
		wanted[(own + 1) % 3] = 1;
		const difference = changed(pixels, set.counterfactual("train", index, wanted));
		const region = masks?.["Blond_Hair"] ?? new Uint8Array(0);
		t.true(share(difference) > 0.05);
		t.true(difference.every((value, at) => value === 0 || region[at] === 255));
	}
});

test("dark hair is dark and fair hair is fair, to the eye of a mean", async (t) => {
	const set = faces({ size: 32, attributes: ["Black_Hair", "Blond_Hair", "Brown_Hair"] });
	for (let index = 0; index < 12; index += 1) {
		if (set.face("train", index).labels.Bald) continue;
		const { masks } = await set.read("train", index);
		const region = masks?.["Black_Hair"] ?? new Uint8Array(0);
		const mean = (label: readonly number[]) => {
			const pixels = set.counterfactual("train", index, label);
			let sum = 0;
			for (const [at, value] of region.entries()) if (value === 255) sum += pixels[at * 3] as number;
			return sum / region.filter((value) => value === 255).length;
		};
		const [black, brown, blond] = [mean([1, 0, 0]), mean([0, 0, 1]), mean([0, 1, 0])];
		t.true(black + 15 < brown && brown + 25 < blond, `face ${index}: ${black} ${brown} ${blond}`);
	}
});

test("what the set does not know is refused", async (t) => {
	t.throws(() => faces({ size: 8 }), { message: /faces: size must be a whole number from 16 to 512, got 8/ });
	t.throws(() => faces({ attributes: ["Eyeglases"] }), { message: /got Eyeglases, did you mean Eyeglasses\?/ });
	const set = faces({ count: { test: 2 } });
	await t.throwsAsync(set.read("test", 2), { message: /faces: test index must be below 2, got 2/ });
	t.throws(() => set.counterfactual("test", 0, [1, 1, 0, 0, 0]), {
		message: /at most one hair colour, got Black_Hair, Blond_Hair/,
	});
	t.throws(() => set.counterfactual("test", 0, [1]), { message: /label must have 5 values, got 1/ });
	t.throws(() => set.counterfactual("test", 0, [0, 0, 0, 2, 0]), { message: /Male must be 0 or 1, got 2/ });
});
