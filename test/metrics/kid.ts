import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { startEngine } from "../../engine/engine.ts";
import { Random } from "../../engine/random.ts";
import { type KidOptions, kid } from "../../metrics/kid.ts";
import { MersenneTwister } from "../../metrics/mersenne-twister.ts";
import type { Features, Measurement } from "../../metrics/metric.ts";
import { close, Golden } from "../helpers/golden.ts";

interface Case {
	x: string;
	y: string;
	d: number;
	full: Record<string, number>;
	full_other_kernels: ({ degree: number; gamma: number | null; coef0: number } & Record<string, number>)[];
	torch_fidelity: {
		dtype: string;
		kid_subsets: number;
		kid_subset_size: number;
		rng_seed: number;
		mean: number;
		std: number;
		abs_tolerance: number;
	}[];
	clean_fid: {
		num_subsets: number;
		max_subset_size: number;
		numpy_global_seed: number;
		value: number;
		abs_tolerance: number;
	}[];
}
test.before(async () => {
	await startEngine();
});

const golden = new Golden<{ cases: Case[] }>("fixtures/metrics", "kid");

const measure = async (real: Features, fake: Features, options: KidOptions) => kid(options).measure(real, fake);
const value = async (real: Features, fake: Features, options: KidOptions) => (await measure(real, fake, options)).value;

/** Sums of some 10⁴ terms in another order, float64. */
const rounding = 1e-12;

for (const one of golden.document.cases) {
	const real = golden.features(one.x);
	const fake = golden.features(one.y);

	test(`${one.x} and ${one.y}, every row, equal the definition for every estimator and kernel`, async (t) => {
		const kernels = [{ degree: 3, gamma: null, coef0: 1, ...one.full }, ...one.full_other_kernels];
		for (const { degree, gamma, coef0, ...values } of kernels) {
			for (const [estimator, wanted] of Object.entries(values)) {
				const got = await value(real, fake, {
					sampling: "all",
					estimator: estimator.replace("_", "-") as "unbiased",
					degree,
					coefficient: coef0,
					...(gamma === null ? {} : { gamma }),
				});
				t.true(close(got, wanted as number, rounding), `${degree} ${estimator}: ${got}, wanted ${wanted}`);
			}
		}
	});

	test(`${one.x} and ${one.y} in subsets equal torch-fidelity, mean and deviation`, async (t) => {
		for (const { dtype, kid_subsets, kid_subset_size, rng_seed, mean, std, abs_tolerance } of one.torch_fidelity) {
			const got = await measure(real, fake, { subsets: kid_subsets, subsetSize: kid_subset_size, seed: rng_seed });
			t.true(close(got.value, mean, abs_tolerance), `${dtype} ${kid_subset_size}: ${got.value}, wanted ${mean}`);
			t.true(close(got.details?.["subsetDeviation"] ?? Number.NaN, std, abs_tolerance));
		}
	});

	test(`${one.x} and ${one.y} in subsets equal clean-fid, which draws the second set first`, async (t) => {
		for (const { num_subsets, max_subset_size, numpy_global_seed, value: wanted, abs_tolerance } of one.clean_fid) {
			const options: KidOptions = {
				subsets: num_subsets,
				subsetSize: max_subset_size,
				seed: numpy_global_seed,
				shrink: true,
				first: "fake",
			};
			t.true(close(await value(real, fake, options), wanted, abs_tolerance));
		}
	});
}

test("one shared kernel matrix and a matrix per subset give the same numbers", async (t) => {
	const random = new MersenneTwister(1);
	const [real, fake] = [normals(random, 90, 5), normals(random, 70, 5, 0.3)];
	// Two subsets of 60 take a matrix each (less work than the whole), 50 share one: the first two draws are the same.
	const resampling = () => ({ resamples: 50, random: Random.seed(1) });
	const own = await kid({ subsets: 1, subsetSize: 70 }).measure(real, fake, resampling());
	const shared = await kid({ subsets: 30, subsetSize: 70 }).measure(real, fake, resampling());
	t.true(Number.isFinite(own.value) && Number.isFinite(shared.value));
	const all = await value(fake, fake, { sampling: "all" });
	t.true(close(await value(fake, fake, { subsets: 3, subsetSize: 70 }), all, rounding));
});

test("large float32 sets have the value of the same rows in float64 to what their products lose", async (t) => {
	// On WASM the float64 side alone takes a minute.
	if (tf.getBackend() !== "tensorflow") return t.pass();
	const random = Random.seed(3);
	const [count, dimensions] = [2100, 2048];
	const set = (label: string, shift: number): Features => {
		const data = random.split(label).normals(count * dimensions);
		return { data: Float32Array.from(data, (one) => Math.max(0, one + shift)), count, dimensions };
	};
	const [real, fake] = [set("real", 0), set("fake", 0.02)];
	const exact = ({ data, ...rest }: Features): Features => ({ ...rest, data: Float64Array.from(data) });
	// Both routes, one kernel matrix for all subsets and one for each.
	for (const subsets of [2, 40]) {
		const options = { subsets, subsetSize: 1000 };
		const [single, double] = [await measure(real, fake, options), await measure(exact(real), exact(fake), options)];
		t.is(single.protocol?.["precision"], "float32 products, float64 sums");
		// A kernel value is off by 1e-7 of itself, its mean over a million by far less; values are near 1e-3.
		t.true(close(single.value, double.value, 1e-9), `${subsets}: ${single.value} and ${double.value}`);
		const deviation = (one: Measurement) => one.details?.["subsetDeviation"] as number;
		t.true(close(deviation(single), deviation(double), 1e-9), `${subsets}`);
	}
});

test("the worked example has its published values", async (t) => {
	const real = table([
		[0.5, 1],
		[1.5, 2],
		[2.5, 3.5],
		[1, 0],
	]);
	const fake = table([
		[1, 0.5],
		[2, 1.5],
		[3, 4.5],
		[0, 0.5],
	]);
	const wanted = { unbiased: -232.28629557291666, biased: 49.4892578125, "u-statistic": -7.6796875 };
	for (const [estimator, expected] of Object.entries(wanted)) {
		const got = await value(real, fake, { sampling: "all", estimator: estimator as "unbiased" });
		t.true(close(got, expected, 0, 1e-12), `${estimator}: ${got}`);
	}
});

test("rows drawn by numpy have the value of torch-fidelity's order", async (t) => {
	const random = new MersenneTwister(7);
	const real = normals(random, 300, 16);
	const drawn = normals(random, 300, 16);
	const fake = { ...drawn, data: drawn.data.map((one) => one * 1.1 + 0.1) };
	t.true(close(await value(real, fake, { sampling: "all" }), 0.04940455189986537, rounding));
	const { value: mean, details } = await measure(real, fake, { subsets: 10, subsetSize: 100 });
	t.true(close(mean, 0.04861109432617829, rounding));
	t.true(close(details?.["subsetDeviation"] ?? Number.NaN, 0.030042804809412283, rounding));
});

test("blocks of ten follow file order, their mean and standard error those of the blocks", async (t) => {
	const random = new MersenneTwister(9);
	const [real, fake] = [normals(random, 23, 4), normals(random, 20, 4, 1)];
	const blocks = await measure(real, fake, { sampling: "blocks", scale: 100 });
	// ⌈23 / 10⌉ = 3 blocks: 7, 8, 8 real rows and 6, 7, 7 fake ones.
	const cuts = [
		[0, 7, 0, 6],
		[7, 15, 6, 13],
		[15, 23, 13, 20],
	] as const;
	const each = await Promise.all(
		cuts.map(([a, b, c, d]) => value(part(real, a, b), part(fake, c, d), { sampling: "all", scale: 100 })),
	);
	const mean = each.reduce((total, one) => total + one, 0) / 3;
	t.true(close(blocks.value, mean, 0, rounding));
	const variance = each.reduce((total, one) => total + (one - mean) ** 2, 0) / 2;
	t.true(close(blocks.details?.["standardError"] ?? Number.NaN, Math.sqrt(variance / 3), 0, 1e-10));
});

test("the full estimate is symmetric and does not mind the order of rows", async (t) => {
	const random = new MersenneTwister(13);
	const [real, fake] = [normals(random, 40, 6), normals(random, 30, 6, 0.5)];
	const once = await value(real, fake, { sampling: "all" });
	t.true(close(await value(fake, real, { sampling: "all" }), once, rounding));
	t.true(close(await value(reversed(real), reversed(fake), { sampling: "all" }), once, rounding));
});

test("the interval's replicates centre on the value and spread as fresh samples do", async (t) => {
	const random = new MersenneTwister(17);
	const values: number[] = [];
	const spreads: number[] = [];
	for (let trial = 0; trial < 60; trial += 1) {
		const [real, fake] = [normals(random, 60, 4), normals(random, 60, 4, 0.6)];
		const resampling = { resamples: 100, random: Random.seed(trial) };
		const { value: got, replicates } = await kid({ sampling: "all" }).measure(real, fake, resampling);
		values.push(got);
		spreads.push(deviation([...(replicates ?? [])]));
	}
	const [truth, mean] = [deviation(values), spreads.reduce((total, one) => total + one, 0) / spreads.length];
	// The deviation of 60 values is itself known to about 9 %; three such errors.
	t.true(Math.abs(mean / truth - 1) < 0.27, `${mean} against ${truth}`);
});

test("fewer rows than a usual subset are taken all at once, and said", async (t) => {
	const random = new MersenneTwister(3);
	const [real, fake] = [normals(random, 30, 4), normals(random, 20, 4)];
	const { value: got, notes, protocol } = await measure(real, fake, {});
	t.is(got, await value(real, fake, { sampling: "all" }));
	t.regex(String(notes), /fewer than 1000 rows/);
	t.is(protocol?.["sampling"], "all");
});

test("a subset size above the smaller set, and options that are no whole numbers, are refused", async (t) => {
	const random = new MersenneTwister(3);
	const [real, fake] = [normals(random, 30, 4), normals(random, 20, 4)];
	await t.throwsAsync(measure(real, fake, { subsetSize: 25 }), {
		message: "kid: subset size must be at most the smaller set's 20 rows, got 25",
	});
	t.throws(() => kid({ subsets: 0 }), { message: "kid: subsets must be a whole number of 1 or more, got 0" });
	await t.throwsAsync(measure(real, fake, { sampling: "all", estimator: "u-statistic" }), {
		message: /sets of equal size, got 30 and 20/,
	});
});

function table(values: number[][]): Features {
	return { data: Float64Array.from(values.flat()), count: values.length, dimensions: (values[0] as number[]).length };
}

function normals(random: MersenneTwister, count: number, dimensions: number, shift = 0): Features {
	return { data: Float64Array.from({ length: count * dimensions }, () => random.normal() + shift), count, dimensions };
}

function part({ data, dimensions }: Features, start: number, end: number): Features {
	return { data: data.slice(start * dimensions, end * dimensions), count: end - start, dimensions };
}

function reversed(set: Features): Features {
	const rows = Array.from({ length: set.count }, (_, row) => [...part(set, row, row + 1).data]);
	return { ...set, data: Float64Array.from(rows.reverse().flat()) };
}

function deviation(values: number[]): number {
	const mean = values.reduce((total, one) => total + one, 0) / values.length;
	return Math.sqrt(values.reduce((total, one) => total + (one - mean) ** 2, 0) / (values.length - 1));
}
