import test from "ava";
import { maskThreshold } from "../../../harness/datasets/faces.ts";
import { horses } from "../../../harness/datasets/horses.ts";

test("a picture is a function of seed, split, side and number", async (t) => {
	const one = await horses({ size: 24, seed: 1 }).read("train", "a", 2);
	t.deepEqual((await horses({ size: 24, seed: 1, count: { train: 3 } }).read("train", "a", 2)).pixels, one.pixels);
	const set = horses({ size: 24, seed: 1 });
	const others = [
		set.read("train", "b", 2),
		set.read("test", "a", 2),
		horses({ size: 24, seed: 2 }).read("train", "a", 2),
	];
	for (const other of others) t.notDeepEqual((await other).pixels, one.pixels);
});

test("the mask is the animal: where the other coat differs, and nothing else differs", async (t) => {
	const set = horses({ size: 48 });
	for (let index = 0; index < 8; index += 1) {
		for (const domain of ["a", "b"] as const) {
			const { pixels, mask = new Uint8Array(0) } = await set.read("train", domain, index);
			const other = set.counterfactual("train", domain, index);
			const share = mask.filter((value) => value === 255).length / mask.length;
			t.true(share > 0.05 && share < 0.5, `${domain} ${index}: ${share}`);
			t.true(
				other.every((value, at) => {
					return mask[Math.floor(at / 3)] === 255 || Math.abs(value - (pixels[at] as number)) <= maskThreshold;
				}),
			);
		}
	}
});

test("a zebra has black and white, a horse neither white nor black coat", async (t) => {
	const set = horses({ size: 64 });
	const lights = async (domain: "a" | "b") => {
		const { pixels, mask = new Uint8Array(0) } = await set.read("train", domain, 0);
		const values = [...mask].flatMap((value, at) => (value === 255 ? [pixels[at * 3 + 2] as number] : []));
		return values.filter((value) => value > 150).length / values.length;
	};
	t.true((await lights("b")) > 0.25);
	t.true((await lights("a")) < 0.02);
});

test("what the set does not have is refused", async (t) => {
	t.throws(() => horses({ size: 8 }), { message: /horses: size must be a whole number from 16 to 512, got 8/ });
	await t.throwsAsync(horses({ count: { test: 2 } }).read("test", "a", 2), {
		message: /test index must be below 2, got 2/,
	});
});
