import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Moments } from "../../engine/covariance.ts";
import { startEngine } from "../../engine/engine.ts";
import { Random } from "../../engine/random.ts";
import { rows } from "../../metrics/feature-sets.ts";
import { fid, frechetDistance, frechetDistanceOf, type Gaussian } from "../../metrics/fid.ts";
import { MersenneTwister } from "../../metrics/mersenne-twister.ts";
import type { Features } from "../../metrics/metric.ts";
import { Golden } from "../helpers/golden.ts";

interface Case {
	name: string;
	x: string;
	y: string;
	abs_tolerance: number;
	values: Record<string, number | object> & { low_rank_float64: number };
	exact?: number;
}
interface Document {
	cases: Case[];
	statistics_cases: { name: string; tensors: string[]; values: Record<string, number>; abs_tolerance: number }[];
}
test.before(async () => {
	await startEngine();
});

const golden = new Golden<Document>("fixtures/metrics", "fid");

const distance = async (real: Features, fake: Features): Promise<number> => (await fid().measure(real, fake)).value;

const near = (got: number, wanted: number, tolerance: number): boolean => Math.abs(got - wanted) <= tolerance;

for (const { name, x, y, abs_tolerance, values, exact } of golden.document.cases) {
	test(`${name} equals torch-fidelity, pytorch-fid and clean-fid`, async (t) => {
		const got = await distance(golden.features(x), golden.features(y));
		for (const [route, wanted] of Object.entries(values)) {
			if (typeof wanted !== "number" || route === "parts_float64") continue;
			// The libraries' float32 means move the value by up to 1e-7 relative (golden README).
			const tolerance = route.endsWith("float32") ? abs_tolerance + 1e-7 * Math.abs(wanted) : abs_tolerance;
			t.true(near(got, wanted, tolerance), `${route}: ${got}, wanted ${wanted}`);
		}
		if (exact !== undefined) t.true(near(got, exact, abs_tolerance));
	});

	test(`${name} is symmetric and does not mind how its rows are ordered`, async (t) => {
		const [a, b] = [golden.features(x), golden.features(y)];
		const there = await distance(a, b);
		t.true(near(await distance(b, a), there, abs_tolerance));
		t.true(near(await distance(reordered(a), b), there, abs_tolerance));
	});
}

for (const { name, tensors, values, abs_tolerance } of golden.document.statistics_cases) {
	test(`${name} given as mean and covariance equals the references`, (t) => {
		const [mean1, covariance1, mean2, covariance2] = tensors.map((tensor) => golden.float64(tensor));
		const gaussian = (mean: Float64Array, data: Float64Array): Gaussian => ({
			mean,
			covariance: { data, rows: mean.length, columns: mean.length },
		});
		const got = frechetDistance(
			gaussian(mean1 as Float64Array, covariance1 as Float64Array),
			gaussian(mean2 as Float64Array, covariance2 as Float64Array),
		);
		t.true(near(got, values["symmetric_eigen_float64"] as number, abs_tolerance), `${got}`);
	});
}

test("the worked example of four rows has its published value", async (t) => {
	const got = await distance(
		table([
			[1, 2],
			[3, 4],
			[5, 7],
			[2, 0],
		]),
		table([
			[2, 1],
			[4, 3],
			[6, 9],
			[0, 1],
		]),
	);
	t.true(near(got, 1.53470883350138, 1e-12), `${got}`); // four float64 routes agree to 6e-14
});

for (const [count, dimensions, seed, wanted, tolerance] of [
	[4, 4, 1, 4.753837617472012, 1e-12],
	[64, 8, 2023, 1.00817637120339, 1e-12],
	[256, 64, 2023, 8.6233561616175, 1e-11],
	[32, 128, 2023, 161.2132125942, 1e-9], // the low-rank value; the others carry up to 5e-6 of rounding
	[1000, 16, 0, 0.1355032898956, 1e-12],
] as const) {
	test(`${count} normal rows of ${dimensions} drawn by numpy have the value of the references`, async (t) => {
		const random = new MersenneTwister(seed);
		const got = await distance(normals(random, count, dimensions), normals(random, count, dimensions));
		t.true(near(got, wanted, tolerance), `${got}`);
	});
}

test("one-dimensional Gaussians have the closed form (m1 - m2)² + (s1 - s2)²", (t) => {
	t.is(frechetDistance(diagonal([1], [4]), diagonal([3], [9])), 5);
	t.true(near(frechetDistance(diagonal([0, 0, 0], [1, 4, 9]), diagonal([1, 1, 1], [4, 4, 16])), 5, 1e-12));
});

test("scaling both sets by c scales the distance by c²", async (t) => {
	const random = new MersenneTwister(5);
	const [a, b] = [normals(random, 80, 12), normals(random, 70, 12)];
	const times = (set: Features, factor: number) => ({ ...set, data: set.data.map((value) => value * factor) });
	const once = await distance(a, b);
	t.true(near(await distance(times(a, 3), times(b, 3)), 9 * once, 1e-10 * once));
	// Products of such features overflow or vanish; c² itself holds 11 digits or more.
	for (const [x, y] of [
		[a, b],
		[normals(random, 300, 80), normals(random, 300, 80)],
		[normals(random, 8, 20), normals(random, 9, 20)],
	] as const) {
		const plain = await distance(x, y);
		for (const factor of [1e-155, 1e-100, 1e100, 1e150]) {
			const value = await distance(times(x, factor), times(y, factor));
			t.true(near(value / factor / factor, plain, 1e-10 * plain), `times ${factor}: ${value}`);
		}
	}
	t.throws(() => fid().measure(times(a, 1e160), times(b, 1e160)), { message: /fid: result must be finite/ });
});

test("no shape on torch-fidelity's grid of 15 × 8 gives NaN or a negative value", async (t) => {
	// One draw of each side, cut to every shape: drawing is what takes long.
	const [most, widest] = [2 ** 15, 2 ** 8];
	const draw = (seed: number) => Random.seed(seed).normals(most * widest);
	const [a, b] = [draw(2023), draw(2024)];
	for (let rowBits = 1; rowBits <= 15; rowBits += 1) {
		for (let columnBits = 1; columnBits <= 8; columnBits += 1) {
			const [count, dimensions] = [2 ** rowBits, 2 ** columnBits];
			// Plain float64 takes half a minute for the largest products; TensorFlow runs the whole grid.
			if (tf.getBackend() !== "tensorflow" && rowBits + 2 * columnBits > 26) continue;
			const cut = (data: Float32Array): Features => ({ data: data.subarray(0, count * dimensions), count, dimensions });
			const got = await distance(cut(a), cut(b));
			t.true(got > 0 && Number.isFinite(got), `${count} × ${dimensions}: ${got}`);
		}
	}
});

test("streamed in any batches, or merged from parts, a set has the same distance", async (t) => {
	const random = new MersenneTwister(11);
	const [a, b] = [normals(random, 200, 10), normals(random, 150, 10)];
	// Large means show a sum of squares that was not shifted.
	const far = { ...a, data: a.data.map((value) => value + 1e6) };
	const add = (moments: Moments, { data, count, dimensions }: Features): Moments => {
		moments.add({ data, rows: count, columns: dimensions });
		return moments;
	};
	const inOne = add(new Moments(10), far);
	const inParts = new Moments(10);
	for (let row = 0; row < 200; row += 7) add(inParts, rows(far, row, Math.min(200, row + 7)));
	const merged = add(new Moments(10), rows(far, 120, 200));
	merged.merge(add(new Moments(10), rows(far, 0, 120)));
	const other = add(new Moments(10), { ...b, data: b.data.map((value) => value + 1e6) });
	const wanted = await distance(a, b);
	// At 1e6 the inputs themselves are rounded to 1e-10.
	for (const moments of [inOne, inParts, merged]) t.true(near(frechetDistanceOf(moments, other), wanted, 1e-8));
});

test("the interval holds the value, is the same for the same seed, and narrows as sets grow", async (t) => {
	const random = new MersenneTwister(3);
	const widths: number[] = [];
	for (const count of [40, 160, 640]) {
		const [a, b] = [normals(random, count, 6), normals(random, count, 6, 0.5)];
		const resampling = () => ({ resamples: 200, random: Random.seed(1) });
		const first = await fid().measure(a, b, resampling());
		const again = await fid().measure(a, b, resampling());
		t.deepEqual(first.replicates, again.replicates);
		const sorted = Float64Array.from(first.replicates ?? []).sort();
		t.true((sorted[5] as number) < first.value && first.value < (sorted[194] as number));
		widths.push((sorted[194] as number) - (sorted[5] as number));
	}
	t.true((widths[0] as number) > (widths[1] as number) && (widths[1] as number) > (widths[2] as number));
});

test("fewer samples than dimensions is noted", async (t) => {
	const random = new MersenneTwister(3);
	const { notes } = await fid().measure(normals(random, 8, 16), normals(random, 30, 16));
	t.regex(String(notes), /fewer samples than dimensions \(8 ≤ 16\)/);
	t.deepEqual((await fid().measure(normals(random, 20, 16), normals(random, 30, 16))).notes, []);
});

test("bad sets are refused by name", async (t) => {
	const one = table([[1, 2]]);
	const two = table([
		[1, 2],
		[3, 4],
	]);
	await t.throwsAsync(async () => fid().measure(two, one), { message: "fid: fake must have at least 2 rows, got 1" });
	await t.throwsAsync(async () => fid().measure(two, table([[1], [2]])), { message: /equal lengths, got 2 and 1/ });
	await t.throwsAsync(
		async () =>
			fid().measure(
				table([
					[1, 2],
					[Number.NaN, 4],
				]),
				two,
			),
		{
			message: "fid: real features must be finite, got NaN in row 1",
		},
	);
});

function table(values: number[][]): Features {
	return { data: Float64Array.from(values.flat()), count: values.length, dimensions: (values[0] as number[]).length };
}

function normals(random: MersenneTwister, count: number, dimensions: number, shift = 0): Features {
	return { data: Float64Array.from({ length: count * dimensions }, () => random.normal() + shift), count, dimensions };
}

function diagonal(mean: number[], variances: number[]): Gaussian {
	const size = mean.length;
	const data = Float64Array.from({ length: size * size }, (_, at) =>
		at % (size + 1) === 0 ? (variances[at / (size + 1)] as number) : 0,
	);
	return { mean: Float64Array.from(mean), covariance: { data, rows: size, columns: size } };
}

function reordered(set: Features): Features {
	const order = Random.seed(4).permutation(set.count);
	const data = new Float64Array(set.data.length);
	for (const [to, from] of order.entries()) {
		data.set(set.data.subarray(from * set.dimensions, (from + 1) * set.dimensions), to * set.dimensions);
	}
	return { ...set, data };
}
