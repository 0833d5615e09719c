/** What must hold of every metric, whatever its numbers: one table for each kind. */
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { startEngine } from "../../engine/engine.ts";
import { Random } from "../../engine/random.ts";
import { accuracy } from "../../metrics/accuracy.ts";
import { auc } from "../../metrics/auc.ts";
import { averagePrecision } from "../../metrics/average-precision.ts";
import { balancedAccuracy } from "../../metrics/balanced-accuracy.ts";
import { brier } from "../../metrics/brier.ts";
import { cmmd } from "../../metrics/cmmd.ts";
import { ece } from "../../metrics/ece.ts";
import { f1 } from "../../metrics/f1.ts";
import { fid } from "../../metrics/fid.ts";
import { fsim } from "../../metrics/fsim.ts";
import { inceptionScore } from "../../metrics/inception-score.ts";
import { kid } from "../../metrics/kid.ts";
import { logLoss } from "../../metrics/log-loss.ts";
import type { DistributionMetric, Features, LabelledMetric, PairedMetric, Picture } from "../../metrics/metric.ts";
import { mind } from "../../metrics/mind.ts";
import { msSsim } from "../../metrics/ms-ssim.ts";
import { coverage, density, precision, recall } from "../../metrics/precision-recall.ts";
import { psnr } from "../../metrics/psnr.ts";
import { rmse } from "../../metrics/rmse.ts";
import { sam } from "../../metrics/sam.ts";
import { sre } from "../../metrics/sre.ts";
import { ssim } from "../../metrics/ssim.ts";
import { trueNegativeRate } from "../../metrics/tnr.ts";
import { truePositiveRate } from "../../metrics/tpr.ts";
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
		const once = await value(real, fake);
		t.true(close(await value(reordered(real, 3), reordered(fake, 4)), once, rounding));
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
	{ name: "sre", metric: sre(), identity: Number.POSITIVE_INFINITY, symmetric: false },
	{ name: "sam", metric: sam(), identity: 0, symmetric: true },
	{ name: "uiq", metric: uiq(), identity: 1, symmetric: true },
	{ name: "fsim", metric: fsim(), identity: 1, symmetric: true, side: 64 },
];

/** A smooth coloured picture with noise of a standard deviation: the same draw, scaled. */
function picture(noise: number, side: number): Picture {
	const draw = Random.seed(7).normals(side * side * 3);
	const data = Uint8Array.from(draw, (value, at) => {
		const [pixel, channel] = [Math.floor(at / 3), at % 3];
		const [y, x] = [Math.floor(pixel / side), pixel % side];
		return Math.max(
			1,
			Math.min(254, Math.round(125 + 60 * Math.sin(x / 9 + channel) * Math.cos(y / 13) + noise * value)),
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

interface LabelProperties {
	readonly name: string;
	readonly metric: LabelledMetric;
	/** Value of scores that are the labels. */
	readonly perfect: number;
	/** Not changed by a rising function of the scores. */
	readonly ranks?: true;
	/** The metric that gives the same value where both classes change places. */
	readonly swapped?: LabelledMetric;
}

const labelled: readonly LabelProperties[] = [
	{ name: "accuracy", metric: accuracy(), perfect: 1, swapped: accuracy() },
	{ name: "balanced-accuracy", metric: balancedAccuracy(), perfect: 1, swapped: balancedAccuracy() },
	{ name: "tpr", metric: truePositiveRate(), perfect: 1, swapped: trueNegativeRate() },
	{ name: "tnr", metric: trueNegativeRate(), perfect: 1, swapped: truePositiveRate() },
	{ name: "f1", metric: f1(), perfect: 1 },
	{ name: "auc", metric: auc(), perfect: 1, ranks: true, swapped: auc() },
	{ name: "average-precision", metric: averagePrecision(), perfect: 1, ranks: true },
	{ name: "log-loss", metric: logLoss(), perfect: 0, swapped: logLoss() },
	{ name: "ece", metric: ece(), perfect: 0, swapped: ece() },
	{ name: "brier", metric: brier(), perfect: 0, swapped: brier() },
];

const rows = 151;
const drawn = Random.seed(8);
const labels = Int32Array.from({ length: rows }, () => (drawn.uniform() < 0.4 ? 1 : 0));
/** Chances in 64ths and none of a half: so many ties, and no rounding where classes change places. */
const scores = Float64Array.from(labels, (label) => {
	const score = Math.round(64 * Math.min(1, Math.max(0, 0.2 * label + 0.8 * drawn.uniform()))) / 64;
	return score === 0.5 ? 33 / 64 : score;
});

for (const { name, metric, perfect, ranks, swapped } of labelled) {
	const once = metric.value(labels, scores);
	test(`${name} of scores that are the labels is ${perfect}`, (t) => {
		t.true(close(metric.value(labels, Float64Array.from(labels)), perfect, rounding));
		t.true(metric.better === "lower" ? once > perfect : once < perfect, `${once}`);
	});
	test(`${name} does not mind the order of the rows`, (t) => {
		const order = Random.seed(9).permutation(rows);
		const moved = (values: Int32Array | Float64Array) => Float64Array.from(order, (from) => values[from] as number);
		t.true(close(metric.value(Int32Array.from(moved(labels)), moved(scores)), once, rounding));
	});
	if (ranks) {
		test(`${name} does not mind a rising function of the scores`, (t) => {
			t.is(
				metric.value(
					labels,
					scores.map((score) => score ** 3),
				),
				once,
			);
		});
	}
	if (swapped !== undefined) {
		test(`${name} with both classes the other way round is ${swapped.id} of them`, (t) => {
			const other = swapped.value(
				labels.map((label) => 1 - label),
				scores.map((score) => 1 - score),
			);
			t.true(close(other, once, rounding));
		});
	}
}
