/** The golden numbers of all labelled metrics, by scikit-learn and torchmetrics. */
import test, { type ExecutionContext } from "ava";
import { accuracy } from "../../metrics/accuracy.ts";
import { auc } from "../../metrics/auc.ts";
import { averagePrecision } from "../../metrics/average-precision.ts";
import { balancedAccuracyOf } from "../../metrics/balanced-accuracy.ts";
import { brier } from "../../metrics/brier.ts";
import {
	averaged,
	type Confusion,
	countsOf,
	fScoreOf,
	jaccardOf,
	kappaOf,
	matthewsOf,
	precisionOf,
	recallOf,
	specificityOf,
} from "../../metrics/confusion.ts";
import { type CalibrationOptions, calibration, ece } from "../../metrics/ece.ts";
import { f1 } from "../../metrics/f1.ts";
import { labelPrecision } from "../../metrics/label-precision.ts";
import { confusionMatrix, isClass, predictions } from "../../metrics/labels.ts";
import { logLoss } from "../../metrics/log-loss.ts";
import { multilabelScores } from "../../metrics/multilabel.ts";
import {
	averagePrecisionOf,
	equalErrorRate,
	partialRocArea,
	precisionRecallCurve,
	rocArea,
	rocCurve,
	trapezoid,
	youden,
} from "../../metrics/roc.ts";
import { trueNegativeRate } from "../../metrics/tnr.ts";
import { truePositiveRate } from "../../metrics/tpr.ts";
import { close, Golden, goldenFolders } from "../helpers/golden.ts";

/** The files' own tolerances. */
const tolerance = 1e-10;
const torchmetrics = 1e-6;

type Value = number | string | null | Value[] | { readonly [key: string]: Value };
type Values = { readonly [key: string]: Value };
interface Case {
	readonly name: string;
	readonly kind: "binary" | "multiclass" | "multiclass labels" | "multilabel";
	readonly values: Values;
}

/** Compares the numbers of a golden value with ours, whatever its shape; null stands for NaN. */
function same(t: ExecutionContext, actual: unknown, expected: Value, allowed: number, name: string): void {
	if (Array.isArray(expected)) {
		const list = Array.from(actual as ArrayLike<unknown>);
		t.is(list.length, expected.length, name);
		for (const [at, value] of expected.entries()) same(t, list[at], value, allowed, `${name}[${at}]`);
	} else {
		const wanted = expected === null ? Number.NaN : Number(expected);
		t.true(close(actual as number, wanted, allowed), `${name}: got ${actual}, expected ${expected}`);
	}
}

/** Curves are stored whole when short, else by their first five points. */
function sameCurve(
	t: ExecutionContext,
	curve: Record<string, readonly number[]>,
	expected: Values,
	name: string,
): void {
	for (const [key, value] of Object.entries(expected)) {
		if (key === "points") {
			t.is(Object.values(curve)[0]?.length, value as number, name);
			continue;
		}
		const values = curve[key.replace("first5_", "")];
		same(t, key.startsWith("first5_") ? values?.slice(0, 5) : values, value, tolerance, `${name}.${key}`);
	}
}

const calibrations: [name: RegExp, options: (bins: number) => CalibrationOptions][] = [
	[/^ece_width_(\d+)$/, (bins) => ({ bins, binning: "width" })],
	[/^ece_positive_class_width_(\d+)$/, (bins) => ({ bins, binning: "width", of: "positive" })],
	[/^ece_mass_(\d+)$/, (bins) => ({ bins, binning: "mass" })],
];

function sameCalibration(t: ExecutionContext, labels: Int32Array, scores: Float64Array, values: Values): number {
	let checked = 0;
	for (const [name, expected] of Object.entries(values)) {
		for (const [pattern, options] of calibrations) {
			const bins = pattern.exec(name)?.[1];
			if (bins === undefined) continue;
			const chosen = options(Number(bins));
			const { ece: error, mce, bins: stored } = expected as Values;
			same(t, ece(chosen).value(labels, scores), error as number, tolerance, name);
			same(t, ece({ ...chosen, norm: "max" }).value(labels, scores), mce as number, tolerance, name);
			const rows = calibration(labels, scores, chosen).map((bin) => [bin.count, bin.accuracy, bin.confidence]);
			same(t, rows, stored as Value[], tolerance, name);
			checked += 1;
		}
	}
	return checked;
}

for (const folder of goldenFolders()) {
	const golden = new Golden<{ cases: Case[] }>(folder, "classifier");
	for (const { name, kind, values } of golden.document.cases) {
		test(`every number of ${name}, ${folder}, is reproduced`, (t) => {
			const labels = golden.int32(`${name}/y`);
			if (kind === "binary") binary(t, labels, golden.float64(`${name}/score`), golden.float64("weights"), values);
			else if (kind === "multiclass") multiclass(t, labels, golden.float64(`${name}/prob`), values);
			else if (kind === "multilabel") multilabel(t, labels, golden.float64(`${name}/score`), values);
			else absent(t, labels, golden.int32(`${name}/pred`), values);
		});
	}
}

function binary(
	t: ExecutionContext,
	labels: Int32Array,
	scores: Float64Array,
	weights: Float64Array,
	values: Values,
): void {
	const curve = rocCurve(labels, scores);
	sameCurve(
		t,
		{ fpr: curve.falsePositiveRate, tpr: curve.truePositiveRate, thresholds: curve.thresholds },
		values["roc_curve"] as Values,
		"roc_curve",
	);
	const { precision, recall, thresholds } = precisionRecallCurve(labels, scores);
	sameCurve(t, { precision, recall, thresholds }, values["pr_curve"] as Values, "pr_curve");
	const predicted = predictions(labels, scores, 0.5);
	const confusion = { counts: confusionMatrix(labels, predicted, 2), classes: 2 };
	const expected: Record<string, () => unknown> = {
		roc_auc: () => auc().value(labels, scores),
		mann_whitney_u_over_n1n0: () => auc().value(labels, scores),
		average_precision: () => averagePrecision().value(labels, scores),
		auc_of_pr_curve_trapezoid: () => trapezoid(recall, precision),
		"partial_auc_max_fpr_0.2": () => partialRocArea(labels, scores, 0.2),
		roc_auc_weighted: () => rocArea(labels, scores, { weights }),
		average_precision_weighted: () => averagePrecisionOf(labels, scores, { weights }),
		equal_error_rate_nearest_point: () => equalErrorRate(labels, scores),
		log_loss: () => logLoss().value(labels, scores),
		brier: () => brier().value(labels, scores),
	};
	for (const [name, run] of Object.entries(expected)) {
		if (name in values) same(t, run(), values[name] as Value, tolerance, name);
	}
	const j = youden(labels, scores);
	same(t, [j.j, j.threshold], Object.values(values["youden"] as Values), tolerance, "youden");
	const { predicted: rule, ...rates } = values["at_threshold_0.5"] as Values;
	t.is(rule, "score >= 0.5");
	const counts = countsOf(confusion, 1);
	const actual: Record<string, number> = {
		...counts,
		accuracy: accuracy().value(labels, scores),
		balanced_accuracy: balancedAccuracyOf(confusion.counts, 2),
		precision: labelPrecision().value(labels, scores),
		recall: truePositiveRate().value(labels, scores),
		specificity: trueNegativeRate().value(labels, scores),
		f1: f1().value(labels, scores),
		f2: fScoreOf(confusion, { beta: 2 }),
		mcc: matthewsOf(confusion),
		cohen_kappa: kappaOf(confusion),
		jaccard: jaccardOf(confusion),
	};
	t.deepEqual(Object.keys(rates).sort(), Object.keys(actual).sort());
	for (const [name, value] of Object.entries(rates)) same(t, actual[name], value, tolerance, name);
	t.is(precisionOf(confusion), actual["precision"] as number);
	t.is(recallOf(confusion), actual["recall"] as number);
	t.is(specificityOf(confusion), actual["specificity"] as number);
	const expectedCalibrations = Object.keys(values).filter((name) => name.startsWith("ece_")).length;
	let checked = sameCalibration(t, labels, scores, values);
	const oneSided = values["ece_torchmetrics_binary_15_l1"];
	if (oneSided !== undefined) {
		const metric = ece({ bins: 15, binning: "width-left", of: "positive" });
		same(t, metric.value(labels, scores), oneSided, torchmetrics, "ece_torchmetrics_binary_15_l1");
		checked += 1;
	}
	t.is(checked, expectedCalibrations);
}

function multiclass(t: ExecutionContext, labels: Int32Array, scores: Float64Array, values: Values): void {
	const classes = scores.length / labels.length;
	const confusion = { counts: confusionMatrix(labels, predictions(labels, scores, 0.5), classes), classes };
	const rates = [precisionOf, recallOf, (of: Confusion, label: number) => fScoreOf(of, { label })];
	const each = Array.from({ length: classes }, (_, label) => label);
	const oneHot = Int32Array.from(scores, (_, at) => Number(labels[Math.floor(at / classes)] === at % classes));
	const expected: Record<string, () => unknown> = {
		accuracy: () => accuracy().value(labels, scores),
		top2_accuracy: () => accuracy({ top: 2 }).value(labels, scores),
		balanced_accuracy: () => balancedAccuracyOf(confusion.counts, classes),
		log_loss: () => logLoss().value(labels, scores),
		mcc: () => matthewsOf(confusion),
		cohen_kappa: () => kappaOf(confusion),
		precision_recall_f1_macro: () =>
			[labelPrecision(), truePositiveRate(), f1()].map((metric) => metric.value(labels, scores)),
		precision_recall_f1_micro: () => rates.map((rate) => averaged(confusion, rate, "micro")),
		precision_recall_f1_weighted: () => rates.map((rate) => averaged(confusion, rate, "weighted")),
		precision_recall_f1_None: () => rates.map((rate) => each.map((label) => rate(confusion, label))),
		roc_auc_ovr_macro: () => auc().value(labels, scores),
		roc_auc_ovr_weighted: () => auc({ average: "weighted" }).value(labels, scores),
		roc_auc_ovo_macro: () => auc({ multiclass: "ovo" }).value(labels, scores),
		roc_auc_ovo_weighted: () => auc({ multiclass: "ovo", average: "weighted" }).value(labels, scores),
		roc_auc_ovr_per_class: () =>
			each.map((label) =>
				rocArea(
					isClass(labels, label),
					Float64Array.from(labels, (_, row) => scores[row * classes + label] as number),
				),
			),
		roc_auc_ovr_micro: () => rocArea(oneHot, scores),
		average_precision_macro_one_hot: () => averagePrecision().value(labels, scores),
	};
	for (const [name, run] of Object.entries(expected)) same(t, run(), values[name] as Value, tolerance, name);
	for (const norm of ["l1", "l2", "max"] as const) {
		const metric = ece({ bins: 10, binning: "width-left", norm });
		same(
			t,
			metric.value(labels, scores),
			values[`calibration_error_torchmetrics_10_${norm}`] as number,
			torchmetrics,
			norm,
		);
	}
	t.is(sameCalibration(t, labels, scores, values), 3);
	t.is(Object.keys(expected).length + 3 + 3 + 1, Object.keys(values).length);
}

function multilabel(t: ExecutionContext, labels: Int32Array, scores: Float64Array, values: Values): void {
	const actual = multilabelScores(labels, scores, (values["auc_per_label"] as Value[]).length);
	const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
	const expected: Record<string, unknown> = {
		auc_per_label: actual.auc,
		auc_macro: mean(actual.auc),
		ap_macro: mean(actual.averagePrecision),
		ap_micro: actual.microAveragePrecision,
		accuracy_per_label_at_0_5: actual.accuracy,
		mean_accuracy: mean(actual.accuracy),
		exact_match: actual.exactMatch,
		hamming_loss: actual.hammingLoss,
	};
	t.deepEqual(Object.keys(values).sort(), Object.keys(expected).sort());
	for (const [name, value] of Object.entries(values)) same(t, expected[name], value, tolerance, name);
}

function absent(t: ExecutionContext, labels: Int32Array, predicted: Int32Array, values: Values): void {
	const confusion = { counts: confusionMatrix(labels, predicted, 4), classes: 4 };
	same(
		t,
		balancedAccuracyOf(confusion.counts, 4),
		values["balanced_accuracy"] as number,
		tolerance,
		"balanced accuracy",
	);
	const macro = averaged(confusion, precisionOf, "macro");
	same(t, macro, values["precision_macro_zero_division_0"] as number, tolerance, "precision");
	const f = averaged(confusion, (of, label) => fScoreOf(of, { label }), "macro");
	same(t, f, values["f1_macro_zero_division_0"] as number, tolerance, "f1");
}
