/** Labels and masks against the golden numbers. */
import { accuracy } from "../../metrics/accuracy.ts";
import { auc } from "../../metrics/auc.ts";
import { averagePrecision } from "../../metrics/average-precision.ts";
import { balancedAccuracy } from "../../metrics/balanced-accuracy.ts";
import { brier } from "../../metrics/brier.ts";
import { dice } from "../../metrics/dice.ts";
import { ece } from "../../metrics/ece.ts";
import { f1 } from "../../metrics/f1.ts";
import { hd95 } from "../../metrics/hd95.ts";
import { iou } from "../../metrics/iou.ts";
import { labelPrecision } from "../../metrics/label-precision.ts";
import { logLoss } from "../../metrics/log-loss.ts";
import type { LabelledMetric } from "../../metrics/metric.ts";
import { trueNegativeRate } from "../../metrics/tnr.ts";
import { truePositiveRate } from "../../metrics/tpr.ts";
import { Golden } from "../../test/helpers/golden.ts";
import { type Comparison, named, type Versions } from "./row.ts";

export async function* labelComparisons(folder: string): AsyncGenerator<Comparison> {
	yield* classifiers(folder);
	yield* masks(folder);
}

/** The file's tolerances: 1e-10, torchmetrics' float32 1e-6. */
const whole: readonly (readonly [key: string, LabelledMetric, library: string, tolerance: number])[] = [
	["roc_auc", auc(), "scikit-learn", 1e-10],
	["average_precision", averagePrecision(), "scikit-learn", 1e-10],
	["log_loss", logLoss(), "scikit-learn", 1e-10],
	["brier", brier(), "scikit-learn", 1e-10],
	["ece_torchmetrics_binary_15_l1", ece({ bins: 15, binning: "width-left", of: "positive" }), "torchmetrics", 1e-6],
];
const atHalf: readonly (readonly [key: string, LabelledMetric])[] = [
	["accuracy", accuracy()],
	["balanced_accuracy", balancedAccuracy()],
	["precision", labelPrecision()],
	["recall", truePositiveRate()],
	["specificity", trueNegativeRate()],
	["f1", f1()],
];

async function* classifiers(folder: string): AsyncGenerator<Comparison> {
	type Values = Readonly<Record<string, unknown>>;
	const golden = new Golden<{ versions: Versions; cases: { name: string; kind: string; values: Values }[] }>(
		folder,
		"classifier",
	);
	const { versions, cases } = golden.document;
	for (const { name, kind, values } of cases) {
		if (kind !== "binary") continue;
		const [labels, scores] = [golden.int32(`${name}/y`), golden.float64(`${name}/score`)];
		for (const [key, metric, library, tolerance] of whole) {
			if (typeof values[key] !== "number") continue;
			const ours = metric.value(labels, scores);
			yield { metric: metric.id, reference: named(library, versions), name, ours, theirs: values[key], tolerance };
		}
		const rates = (values["at_threshold_0.5"] ?? {}) as Values;
		for (const [key, metric] of atHalf) {
			if (typeof rates[key] !== "number") continue;
			const ours = metric.value(labels, scores);
			const reference = named("scikit-learn", versions);
			yield { metric: metric.id, reference, name, ours, theirs: rates[key], tolerance: 1e-10 };
		}
	}
}

async function* masks(folder: string): AsyncGenerator<Comparison> {
	const golden = new Golden<{
		versions: Versions;
		cases: {
			name: string;
			true: string;
			pred: string;
			spacing: [number, number];
			values: Record<string, number | null>;
		}[];
	}>(folder, "segmentation");
	const { versions, cases } = golden.document;
	for (const { name, true: truth, pred, spacing, values } of cases) {
		const [a, b] = [golden.picture(truth), golden.picture(pred)];
		const measures = [
			["dice", dice(), "numpy", 1e-9],
			["iou", iou(), "numpy", 1e-9],
			["hd95_medpy", hd95({ directions: "pooled", spacing }), "medpy", 1e-9],
			["hd95_monai", hd95({ spacing }), "monai", 1e-5],
		] as const;
		for (const [key, metric, library, tolerance] of measures) {
			const theirs = values[key];
			if (typeof theirs !== "number") continue;
			const ours = await metric.value(a, b);
			const shown = key === "hd95_medpy" ? "hd95, pooled" : metric.id;
			yield { metric: shown, reference: named(library, versions), name, ours, theirs, tolerance };
		}
	}
}
