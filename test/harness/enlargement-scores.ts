import test from "ava";
import { Random } from "../../engine/random.ts";
import { faces } from "../../harness/datasets/faces.ts";
import type { PictureSet } from "../../harness/edits.ts";
import { enlargementMetrics, resampledMeans, scoreEnlargement } from "../../harness/enlargement-scores.ts";
import { ssim } from "../../metrics/ssim.ts";

function pictures(count: number, seed: number): PictureSet {
	const random = Random.seed(seed);
	const data = Uint8Array.from({ length: count * 16 * 16 * 3 }, () => random.integer(256));
	return { data, count, height: 16, width: 16 };
}

test("equal pictures score as each metric's perfect value", async (t) => {
	// Drawn faces, since noise has no features for FSIM to compare.
	const drawn = faces({ size: 32 });
	const both = await Promise.all([0, 1].map((index) => drawn.read("test", index)));
	const data = Uint8Array.from(both.flatMap(({ pixels }) => [...pixels]));
	const set = { data, count: 2, height: 32, width: 32 };
	const { perPicture, scores } = await scoreEnlargement(set, set, { attributes: "right" });
	t.deepEqual(Object.keys(perPicture), Object.keys(enlargementMetrics));
	// 100 dB is what the authors' script prints for equal pictures.
	t.deepEqual(perPicture["psnr-uint8-wrap"], [100, 100]);
	t.deepEqual(perPicture["psnr"], [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
	for (const metric of ["ssim", "fsim"]) {
		// 1 up to float64 rounding of window sums.
		for (const value of perPicture[metric] ?? []) t.true(Math.abs(value - 1) < 1e-9, `${metric} ${value}`);
	}
	t.true(scores.every(({ protocol }) => protocol["attributes"] === "right"));
});

test("SSIM sees the authors' grey: the weight of red is that of blue, and the other way round", async (t) => {
	const real = pictures(1, 1);
	const made = pictures(1, 2);
	const { perPicture } = await scoreEnlargement(made, real, {});
	const grey = ({ data }: PictureSet) => {
		const values = new Uint8Array(256);
		for (let at = 0; at < 256; at += 1) {
			const [red = 0, green = 0, blue = 0] = data.subarray(3 * at, 3 * at + 3);
			values[at] = Math.round(0.114 * red + 0.587 * green + 0.299 * blue);
		}
		return { data: values, height: 16, width: 16, channels: 1 };
	};
	t.is(perPicture["ssim"]?.[0], await ssim().value(grey(real), grey(made)));
});

test("resamples are the same faces for every system, so their means are linear in the values", (t) => {
	const random = Random.seed(3);
	const first = Array.from({ length: 20 }, () => random.uniform());
	const second = Array.from({ length: 20 }, () => random.uniform());
	const both = resampledMeans(
		first.map((value, at) => value + 2 * (second[at] as number)),
		10,
	);
	const [one, two] = [resampledMeans(first, 10), resampledMeans(second, 10)];
	for (const [at, value] of both.entries()) {
		t.true(Math.abs(value - ((one[at] as number) + 2 * (two[at] as number))) < 1e-12);
	}
	t.is(new Set(one).size, 10);
	t.deepEqual(resampledMeans([4, 4, 4], 3), [4, 4, 4]);
});
