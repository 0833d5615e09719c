/** What must hold of every metric of sets and of pairs, whatever its numbers: one table for each kind. */
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Moments } from "../../engine/covariance.ts";
import { startEngine } from "../../engine/engine.ts";
import { Random } from "../../engine/random.ts";
import { cmmd } from "../../metrics/cmmd.ts";
import { colourDistance } from "../../metrics/colour-distance.ts";
import { rows as rowsBetween } from "../../metrics/feature-sets.ts";
import { mobilenet } from "../../metrics/features/mobilenet.ts";
import { extractRows, type Rows } from "../../metrics/features/rows.ts";
import { fid, frechetDistanceOf } from "../../metrics/fid.ts";
import { fsim } from "../../metrics/fsim.ts";
import { inceptionScore } from "../../metrics/inception-score.ts";
import { kid } from "../../metrics/kid.ts";
import type { DistributionMetric, Features, PairedMetric, Picture } from "../../metrics/metric.ts";
import { mind } from "../../metrics/mind.ts";
import { msSsim } from "../../metrics/ms-ssim.ts";
import { coverage, density, precision, recall } from "../../metrics/precision-recall.ts";
import { psnr } from "../../metrics/psnr.ts";
import { rmse } from "../../metrics/rmse.ts";
import { sam } from "../../metrics/sam.ts";
import { sre } from "../../metrics/sre.ts";
import { ssim } from "../../metrics/ssim.ts";
import { uiq } from "../../metrics/uiq.ts";
import { close } from "../helpers/golden.ts";

test.before(async () => {
	await startEngine();
});

/** Float64 sums of some thousand terms in another order. */
const rounding = 1e-9;

interface SetProperties {
	readonly name: string;
	readonly metric: DistributionMetric;
	/** Value of a set with itself. */
	readonly identity?: number;
	/** The metric that gives the same value for the sets the other way round. */
	readonly swapped?: DistributionMetric;
	/** FID(cX, cY) = c^power FID(X, Y). */
	readonly power?: number;
	/** Not changed by a shift of both sets. */
	readonly shifts?: true;
	/** Gets worse the further the fake set lies off. */
	readonly grows?: true;
	/** Rows that it needs. @default 2 */
	readonly fewest?: number;
}

const all = { sampling: "all" } as const;
const sets: readonly SetProperties[] = [
	{ name: "fid", metric: fid(), identity: 0, swapped: fid(), power: 2, shifts: true, grows: true },
	{
		name: "kid biased",
		metric: kid({ ...all, estimator: "biased" }),
		identity: 0,
		swapped: kid({ ...all, estimator: "biased" }),
		grows: true,
	},
	{ name: "kid unbiased", metric: kid(all), swapped: kid(all), grows: true },
	{ name: "mind", metric: mind(), identity: 0, swapped: mind(), power: 2, shifts: true, grows: true },
	{ name: "cmmd", metric: cmmd(), identity: 0, swapped: cmmd(), grows: true },
	{
		name: "precision",
		metric: precision(),
		identity: 1,
		swapped: recall(),
		power: 0,
		shifts: true,
		grows: true,
		fewest: 6,
	},
	{
		name: "recall",
		metric: recall(),
		identity: 1,
		swapped: precision(),
		power: 0,
		shifts: true,
		grows: true,
		fewest: 6,
	},
	{ name: "density", metric: density(), identity: 1, power: 0, shifts: true, grows: true, fewest: 6 },
	{ name: "coverage", metric: coverage(), identity: 1, power: 0, shifts: true, grows: true, fewest: 6 },
	{ name: "is", metric: inceptionScore({ splits: 1 }) },
];

function normals(seed: number, count: number, dimensions: number, shift = 0): Features {
	const data = Float64Array.from(Random.seed(seed).normals(count * dimensions), (value) => value + shift);
	return { data, count, dimensions };
}

const changed = (set: Features, change: (value: number) => number): Features => ({
	...set,
	data: set.data.map(change),
});

/** The same rows in another order. */
function reordered({ data, count, dimensions }: Features, seed: number): Features {
	const order = Random.seed(seed).permutation(count);
	const moved = data.slice();
	for (const [to, from] of order.entries()) {
		moved.set(data.subarray(from * dimensions, (from + 1) * dimensions), to * dimensions);
	}
	return { data: moved, count, dimensions };
}

interface Batched {
	readonly batchSize: number;
	readonly real: Rows;
	readonly fake: Rows;
}

/** One at a time, sizes that leave a rest and one that leaves none, all at once. */
const batchSizes = [1, 7, 8, 64];
let batched: Promise<Batched[]> | undefined;

/** Rows of 24 real and 20 fake pictures by the embedded network, in batches of every size. */
function extracted(): Promise<Batched[]> {
	batched ??= (async () => {
		using network = await mobilenet();
		const set = (from: number, count: number, noise: number) =>
			Array.from({ length: count }, (_, at) => picture(noise, 40 + 8 * (at % 3), from + at));
		const made: Batched[] = [];
		for (const batchSize of batchSizes) {
			const real = await extractRows(network, set(100, 24, 12), { batchSize });
			const fake = await extractRows(network, set(200, 20, 30), { batchSize });
			made.push({ batchSize, real, fake });
		}
		return made;
	})();
	return batched;
}

const rowsOf = ({ features, logits }: Rows, metric: DistributionMetric): Features =>
	metric.rows === "features" ? features : (logits as Features);

/** The network's float32 sums come out in another order in another batch. */
const float32Rounding = 1e-4;

/** Above and below every number of columns. FID's own test goes on to 2^15 rows. */
const counts = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];

for (const { name, metric, identity, swapped, power, shifts, grows, fewest = 2 } of sets) {
	const value = async (real: Features, fake: Features): Promise<number> => (await metric.measure(real, fake)).value;
	const [real, fake] = [normals(1, 240, 12), normals(2, 200, 12, 0.3)];
	if (identity !== undefined) {
		test(`${name} of a set with itself is ${identity}`, async (t) => {
			t.true(close(await value(real, real), identity, rounding), `${await value(real, real)}`);
		});
	}
	if (swapped !== undefined) {
		test(`${name} of the sets the other way round is ${swapped.id} of them`, async (t) => {
			t.true(close(await value(real, fake), (await swapped.measure(fake, real)).value, rounding));
		});
	}
	if (power !== undefined) {
		test(`${name} of sets times 4 is 4^${power} times as large`, async (t) => {
			const times = (set: Features) => changed(set, (one) => 4 * one);
			const once = await value(real, fake);
			t.true(close(await value(times(real), times(fake)), 4 ** power * once, rounding * 4 ** power));
		});
	}
	if (shifts) {
		test(`${name} does not change where both sets are shifted`, async (t) => {
			const shifted = (set: Features) => changed(set, (one) => one + 8);
			t.true(close(await value(shifted(real), shifted(fake)), await value(real, fake), rounding));
		});
	}
	if (grows) {
		test(`${name} gets worse with every further shift of the fake set`, async (t) => {
			const values: number[] = [];
			for (const shift of [0, 0.5, 1, 2]) values.push(await value(real, normals(2, 200, 12, shift)));
			const worse = values.map((one) => (metric.better === "lower" ? one : -one));
			for (const at of [1, 2, 3]) t.true((worse[at] as number) > (worse[at - 1] as number), `${values}`);
		});
	}
	test(`${name} does not mind the order of the rows`, async (t) => {
		// More rows than any block or tile that they are taken in, and no multiple of one.
		const [real, fake] = [normals(1, 2300, 6), normals(2, 1100, 6, 0.3)];
		const once = await value(real, fake);
		t.true(close(await value(reordered(real, 3), reordered(fake, 4)), once, rounding));
	});
	test(`${name} does not depend on the batches in which its pictures went through the network`, async (t) => {
		const [first, ...others] = await extracted();
		const values = async ({ real, fake }: Batched) => await value(rowsOf(real, metric), rowsOf(fake, metric));
		const once = await values(first as Batched);
		for (const one of others) {
			t.true(close(await values(one), once, 0, float32Rounding), `${one.batchSize}: ${await values(one)}, not ${once}`);
		}
	});
	test(`${name} is a number for every shape of a grid of 15 × 8`, async (t) => {
		for (const count of counts) {
			for (let columnBits = 1; columnBits <= 8; columnBits += 1) {
				// Plain float64 takes its time; TensorFlow runs the whole grid.
				const large = tf.getBackend() !== "tensorflow" && count * 2 ** columnBits > 2 ** 11;
				if (count < fewest || large) continue;
				const got = await value(normals(5, count, 2 ** columnBits), normals(6, count, 2 ** columnBits));
				t.true(Number.isFinite(got), `${count} × ${2 ** columnBits}: ${got}`);
			}
		}
	});
}

test("fid of moments streamed in chunks of any size is fid of the whole", async (t) => {
	const [real, fake] = [normals(1, 4500, 6, 50), normals(2, 2100, 6, 50.3)];
	const streamed = (set: Features, chunk: number): Moments => {
		const moments = new Moments(set.dimensions);
		for (let row = 0; row < set.count; row += chunk) {
			const { data, count: rows, dimensions: columns } = rowsBetween(set, row, Math.min(set.count, row + chunk));
			moments.add({ data, rows, columns });
		}
		return moments;
	};
	const wanted = (await fid().measure(real, fake)).value;
	// Around the 2,048 rows of a block, and far from them.
	for (const chunk of [1, 2, 7, 1000, 2047, 2048, 2049, 4500]) {
		const got = frechetDistanceOf(streamed(real, chunk), streamed(fake, chunk));
		t.true(close(got, wanted, rounding), `${chunk}: ${got}, not ${wanted}`);
		const moved = frechetDistanceOf(streamed(reordered(real, 3), chunk), streamed(reordered(fake, 4), chunk));
		t.true(close(moved, wanted, rounding), `${chunk}, reordered: ${moved}, not ${wanted}`);
	}
});

interface PairProperties {
	readonly name: string;
	readonly metric: PairedMetric;
	/** Value of a picture with itself. */
	readonly identity: number;
	/** Whether the pictures may change places. */
	readonly symmetric: boolean;
	/** Pixels along a side. @default 176, enough for five levels of MS-SSIM */
	readonly side?: number;
}

const ssimProtocols = ["skimage", "wang2004", "piq", "torchmetrics", "basicsr", "basicsr-y", "matlab-y"] as const;
const pairs: readonly PairProperties[] = [
	{ name: "psnr", metric: psnr(), identity: Number.POSITIVE_INFINITY, symmetric: true },
	{ name: "psnr piq", metric: psnr({ protocol: "piq" }), identity: 80, symmetric: true },
	{
		name: "psnr basicsr-y",
		metric: psnr({ protocol: "basicsr-y" }),
		identity: Number.POSITIVE_INFINITY,
		symmetric: true,
	},
	...ssimProtocols.map((protocol) => ({
		name: `ssim ${protocol}`,
		metric: ssim({ protocol }),
		identity: 1,
		symmetric: true,
	})),
	{ name: "ms-ssim piq", metric: msSsim({ protocol: "piq" }), identity: 1, symmetric: true },
	{ name: "ms-ssim torchmetrics", metric: msSsim({ protocol: "torchmetrics" }), identity: 1, symmetric: true },
	{ name: "rmse", metric: rmse(), identity: 0, symmetric: true },
	{ name: "colour-distance", metric: colourDistance(), identity: 0, symmetric: true },
	{ name: "sre", metric: sre(), identity: Number.POSITIVE_INFINITY, symmetric: false },
	{ name: "sam", metric: sam(), identity: 0, symmetric: true },
	{ name: "uiq", metric: uiq(), identity: 1, symmetric: true },
	{ name: "fsim", metric: fsim(), identity: 1, symmetric: true, side: 64 },
];

/** A smooth coloured picture with noise of a standard deviation: the same draw, scaled. Another seed shifts the waves too. */
function picture(noise: number, side: number, seed = 7): Picture {
	const draw = Random.seed(seed).normals(side * side * 3);
	const data = Uint8Array.from(draw, (value, at) => {
		const [pixel, channel] = [Math.floor(at / 3), at % 3];
		const [y, x] = [Math.floor(pixel / side), pixel % side];
		return Math.max(
			1,
			Math.min(254, Math.round(125 + 60 * Math.sin(x / 9 + channel + (seed - 7)) * Math.cos(y / 13) + noise * value)),
		);
	});
	return { data, height: side, width: side, channels: 3 };
}

for (const { name, metric, identity, symmetric, side = 176 } of pairs) {
	const clean = picture(0, side);
	test(`${name} of a picture with itself is ${identity}`, async (t) => {
		const got = await metric.value(clean, clean);
		// An arc cosine near 1 turns a rounding of 1e-16 into 1e-8 radians, some 1e-6 degrees.
		t.true(close(got, identity, metric.id === "sam" ? 2e-6 : rounding), `${got}`);
	});
	if (symmetric) {
		test(`${name} is the same the other way round`, async (t) => {
			const noisy = picture(10, side);
			t.true(close(await metric.value(clean, noisy), await metric.value(noisy, clean), rounding));
		});
	}
	test(`${name} gets worse with every further noise`, async (t) => {
		const values: number[] = [];
		for (const noise of [2, 5, 12, 30]) values.push(await metric.value(clean, picture(noise, side)));
		const worse = values.map((one) => (metric.better === "lower" ? one : -one));
		for (const at of [1, 2, 3]) t.true((worse[at] as number) > (worse[at - 1] as number), `${values}`);
	});
}
