import test from "ava";
import { Random } from "../../engine/random.ts";
import { auc } from "../../metrics/auc.ts";
import { averagePrecision } from "../../metrics/average-precision.ts";
import { brier } from "../../metrics/brier.ts";
import { ece } from "../../metrics/ece.ts";
import { logLoss } from "../../metrics/log-loss.ts";
import { relativeImprovement } from "../../metrics/relative-improvement.ts";
import { rocArea } from "../../metrics/roc.ts";
import { close } from "../helpers/golden.ts";

const random = Random.seed(7);
const labels = Int32Array.from({ length: 80 }, () => random.integer(2));
const scores = Float64Array.from(labels, (label) =>
	Math.min(1, Math.max(0, 0.4 + 0.2 * label + 0.3 * random.normal())),
);

test("the area is the share of pairs in the right order, ties one half", (t) => {
	let pairs = 0;
	let right = 0;
	for (const [i, a] of labels.entries()) {
		for (const [j, b] of labels.entries()) {
			if (a !== 1 || b !== 0) continue;
			pairs += 1;
			right += (Math.sign((scores[i] as number) - (scores[j] as number)) + 1) / 2;
		}
	}
	// Sums of products of shares against a count.
	t.true(close(rocArea(labels, scores), right / pairs, 1e-12));
});

test("the area minds only the order of the scores, and turns about 0.5 with it", (t) => {
	const area = rocArea(labels, scores);
	t.is(
		rocArea(
			labels,
			scores.map((score) => score ** 3),
		),
		area,
	);
	t.true(
		close(
			rocArea(
				labels,
				scores.map((score) => -score),
			),
			1 - area,
			1e-12,
		),
	);
	t.true(
		close(
			rocArea(
				labels.map((label) => 1 - label),
				scores,
			),
			1 - area,
			1e-12,
		),
	);
});

test("two columns of scores are the same as the second alone", (t) => {
	const columns = Float64Array.from({ length: 160 }, (_, at) => {
		const score = scores[Math.floor(at / 2)] as number;
		return at % 2 === 1 ? score : 1 - score;
	});
	for (const metric of [auc(), logLoss(), brier(), ece()]) {
		t.is(metric.value(labels, columns), metric.value(labels, scores), metric.id);
	}
});

test("right and sure is no loss, wrong and sure is 36.04 nats", (t) => {
	t.true(close(logLoss().value(Int32Array.of(1), Float64Array.of(1)), 0, 1e-15));
	// -ln(2^-52)
	t.true(close(logLoss().value(Int32Array.of(1), Float64Array.of(0)), 52 * Math.LN2, 1e-12));
});

test("relative improvement reproduces SAG-GAN's Table I", (t) => {
	const base = [0.9337, 0.8334, 0.6837, 0.9612, 0.9306, 0.794];
	const ours = [0.9503, 0.8759, 0.765, 0.9697, 0.953, 0.8297];
	const printed = [25.03, 25.51, 25.7, 21.91, 32.27, 17.33];
	// The table's scores are rounded to 1e-4, its improvements to 0.01 %.
	for (const [at, value] of printed.entries()) {
		t.true(close(100 * relativeImprovement(ours[at] as number, base[at] as number), value, 0.011));
	}
});

test("one class alone and scores that are no chances are refused in one line", (t) => {
	const ones = Int32Array.of(1, 1);
	t.is(
		t.throws(() => auc().value(ones, Float64Array.of(0.1, 0.2)))?.message,
		"roc: needs samples of both classes, got only class 1",
	);
	t.is(
		t.throws(() => logLoss().value(ones, Float64Array.of(0.1, 1.2)))?.message,
		"log-loss: scores must be chances from 0 to 1, got 1.2",
	);
});

test("a class without samples is named, and chances that do not sum to one are refused", (t) => {
	const labels = Int32Array.of(0, 1, 0);
	const scores = Float64Array.of(0.7, 0.2, 0.1, 0.1, 0.7, 0.2, 0.4, 0.5, 0.1);
	for (const metric of [auc(), auc({ multiclass: "ovo" }), averagePrecision()]) {
		t.is(
			t.throws(() => metric.value(labels, scores))?.message,
			`${metric.id}: needs samples of all 3 classes, got none of class 2 (from 0)`,
		);
	}
	const two = Int32Array.of(0, 1);
	for (const metric of [logLoss(), ece(), brier()]) {
		t.is(
			t.throws(() => metric.value(two, Float64Array.of(0.25, 0.75, 0.5, 0.75)))?.message,
			`${metric.id}: the chances of a sample must sum to 1, got 1.25 for sample 1`,
		);
		// Rounded to two decimals: 0.335 + 0.665
		t.notThrows(() => metric.value(two, Float64Array.of(0.34, 0.67, 0.5, 0.5)));
	}
});

test("the interval of two classes is DeLong's, and there is none of several or of one sample a class", (t) => {
	// 3 positives, 3 negatives: placements of the positives 1, 2/3, 1 and of the negatives 1, 1, 2/3; variance of each 1/27.
	const labels = Int32Array.of(1, 1, 1, 0, 0, 0);
	const scores = Float64Array.of(0.9, 0.4, 0.8, 0.1, 0.2, 0.5);
	const found = auc().interval?.(labels, scores, 0.95);
	const spread = Math.sqrt(2 / 27 / 3);
	t.true(close(found?.spread ?? 0, spread, 1e-15));
	t.true(close(found?.low ?? 0, 8 / 9 - 1.959963984540054 * spread, 1e-12));
	t.deepEqual([found?.high, found?.level, found?.method], [1, 0.95, "DeLong"]);
	t.is(auc().interval?.(Int32Array.of(1, 0, 0), Float64Array.of(0.9, 0.4, 0.8), 0.95), undefined);
	t.is(
		auc().interval?.(
			Int32Array.of(1, 0, 2),
			Float64Array.from({ length: 9 }, () => 1 / 3),
			0.95,
		),
		undefined,
	);
});
