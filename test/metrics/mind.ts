import test from "ava";
import { Random } from "../../engine/random.ts";
import type { Features } from "../../metrics/metric.ts";
import { mind } from "../../metrics/mind.ts";
import { close } from "../helpers/golden.ts";

const value = async (real: Features, fake: Features, options = {}) => (await mind(options).measure(real, fake)).value;

test("a set against itself, in any order, is at 0, and the distance is symmetric", async (t) => {
	const [a, b] = [normals(1, 60, 8), normals(2, 40, 8)];
	t.is(await value(a, a), 0);
	t.true(close(await value(a, b), await value(b, a), 0, 1e-12));
});

for (const shift of [1, 3]) {
	test(`a shift by ${shift} gives 3 d m² within 10 %`, async (t) => {
		const [a, b] = [normals(3, 2000, 64), normals(4, 2000, 64, shift)];
		// The bound of MIND's own test (d = 64), half its rows and directions here.
		t.true(close(await value(a, b), 3 * 64 * shift ** 2, 0, 0.1));
	});
}

test("in one dimension it is 3 times the squared Wasserstein distance, also of unequal sizes", async (t) => {
	const line = (...data: number[]): Features => ({ data: Float64Array.from(data), count: data.length, dimensions: 1 });
	t.true(close(await value(line(0, 1), line(2, 5)), 3 * ((2 ** 2 + 4 ** 2) / 2), 1e-12));
	// Quantiles of {0} against {1, 2, 4}: each third moves its own way.
	t.true(close(await value(line(0), line(4, 1, 2)), 3 * ((1 + 4 + 16) / 3), 1e-12));
	t.true(close(await value(line(0, 6), line(0, 3, 6)), 3 * ((0 + (3 ** 2 + 3 ** 2) / 2 + 0) / 3), 1e-12));
});

test("the same seed gives the same value and replicates, another seed other ones", async (t) => {
	const [a, b] = [normals(5, 30, 4), normals(6, 30, 4, 0.5)];
	t.is(await value(a, b, { seed: 3 }), await value(a, b, { seed: 3 }));
	t.not(await value(a, b, { seed: 3 }), await value(a, b, { seed: 4 }));
	const once = () => mind().measure(a, b, { resamples: 10, random: Random.seed(1) });
	t.deepEqual((await once()).replicates, (await once()).replicates);
});

function normals(seed: number, count: number, dimensions: number, shift = 0): Features {
	return { data: Float64Array.from(Random.seed(seed).normals(count * dimensions, shift)), count, dimensions };
}
