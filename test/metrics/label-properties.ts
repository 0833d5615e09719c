/** What must hold of every metric of labels, whatever its numbers. */
import test from "ava";
import { Random } from "../../engine/random.ts";
import { accuracy } from "../../metrics/accuracy.ts";
import { auc } from "../../metrics/auc.ts";
import { averagePrecision } from "../../metrics/average-precision.ts";
import { balancedAccuracy } from "../../metrics/balanced-accuracy.ts";
import { brier } from "../../metrics/brier.ts";
import { ece } from "../../metrics/ece.ts";
import { f1 } from "../../metrics/f1.ts";
import { labelPrecision } from "../../metrics/label-precision.ts";
import { logLoss } from "../../metrics/log-loss.ts";
import type { LabelledMetric } from "../../metrics/metric.ts";
import { trueNegativeRate } from "../../metrics/tnr.ts";
import { truePositiveRate } from "../../metrics/tpr.ts";
import { close } from "../helpers/golden.ts";

/** Float64 sums of some hundred terms in another order. */
const rounding = 1e-9;

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
	{ name: "precision", metric: labelPrecision(), perfect: 1 },
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
