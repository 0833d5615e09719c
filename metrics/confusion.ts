/** Rates read from a confusion matrix [true class, predicted class], row-major. A rate with an empty denominator is 0. */
import { classCount, confusionMatrix, predictions } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

export interface Confusion {
	readonly counts: ArrayLike<number>;
	readonly classes: number;
}

/** `macro`: mean over the classes that occur as label or prediction; `weighted`: by their samples; `micro`: of pooled counts. */
export type Average = "macro" | "weighted" | "micro";

/** True and false positives and negatives of one class against the rest. */
export function countsOf({ counts, classes }: Confusion, label: number): Record<"tp" | "fp" | "fn" | "tn", number> {
	let [rowSum, columnSum, total] = [0, 0, 0];
	for (let other = 0; other < classes; other += 1) {
		rowSum += counts[label * classes + other] as number;
		columnSum += counts[other * classes + label] as number;
		for (let at = 0; at < classes; at += 1) total += counts[other * classes + at] as number;
	}
	const tp = counts[label * classes + label] as number;
	return { tp, fp: columnSum - tp, fn: rowSum - tp, tn: total - rowSum - columnSum + tp };
}

/** TP / (TP + FP). */
export function precisionOf(confusion: Confusion, label = 1): number {
	const { tp, fp } = countsOf(confusion, label);
	return ratio(tp, tp + fp);
}

/** TP / (TP + FN): recall, sensitivity, TPR. */
export function recallOf(confusion: Confusion, label = 1): number {
	const { tp, fn } = countsOf(confusion, label);
	return ratio(tp, tp + fn);
}

/** TN / (TN + FP): specificity, TNR. */
export function specificityOf(confusion: Confusion, label = 1): number {
	const { tn, fp } = countsOf(confusion, label);
	return ratio(tn, tn + fp);
}

/** (1 + β²) TP / ((1 + β²) TP + β² FN + FP). */
export function fScoreOf(confusion: Confusion, { label = 1, beta = 1 } = {}): number {
	const { tp, fp, fn } = countsOf(confusion, label);
	return ratio((1 + beta ** 2) * tp, (1 + beta ** 2) * tp + beta ** 2 * fn + fp);
}

/** TP / (TP + FP + FN). */
export function jaccardOf(confusion: Confusion, label = 1): number {
	const { tp, fp, fn } = countsOf(confusion, label);
	return ratio(tp, tp + fp + fn);
}

/** Matthews' correlation coefficient, for any number of classes (Gorodkin, 2004); 0 where it is undefined. */
export function matthewsOf({ counts, classes }: Confusion): number {
	const { rows, columns, total, right } = margins(counts, classes);
	const product = (a: readonly number[], b: readonly number[]): number =>
		a.reduce((sum, value, at) => sum + value * (b[at] as number), 0);
	const covariance = right * total - product(rows, columns);
	const spread = Math.sqrt(total ** 2 - product(columns, columns)) * Math.sqrt(total ** 2 - product(rows, rows));
	return ratio(covariance, spread);
}

/** Cohen's kappa: agreement beyond chance over what chance leaves; 0 where it is undefined. */
export function kappaOf({ counts, classes }: Confusion): number {
	const { rows, columns, total, right } = margins(counts, classes);
	const chance = rows.reduce((sum, row, at) => sum + row * (columns[at] as number), 0) / total ** 2;
	return ratio(right / total - chance, 1 - chance);
}

/** A rate averaged over classes. */
export function averaged(
	confusion: Confusion,
	rate: (confusion: Confusion, label: number) => number,
	average: Average,
): number {
	const labels = Array.from({ length: confusion.classes }, (_, label) => label);
	const all = labels.map((label) => countsOf(confusion, label));
	if (average === "micro") {
		const pooled = { tp: 0, fp: 0, fn: 0, tn: 0 };
		for (const counts of all) for (const key of ["tp", "fp", "fn", "tn"] as const) pooled[key] += counts[key];
		return rate({ counts: [pooled.tn, pooled.fp, pooled.fn, pooled.tp], classes: 2 }, 1);
	}
	const weight = ({ tp, fp, fn }: (typeof all)[number]): number =>
		average === "weighted" ? tp + fn : Number(tp + fp + fn > 0);
	const total = all.reduce((sum, counts) => sum + weight(counts), 0);
	return (
		labels.reduce((sum, label, at) => sum + weight(all[at] as (typeof all)[number]) * rate(confusion, label), 0) / total
	);
}

export interface RateOptions {
	/** Score from which class 1 of two is predicted. @default 0.5 */
	readonly threshold?: number;
}

/** A rate as a metric: of class 1 of two classes, of several the mean over each against the rest. Higher is better. */
export function rateMetric(
	id: string,
	rate: (confusion: Confusion, label: number) => number,
	{ threshold = 0.5 }: RateOptions,
): LabelledMetric {
	return {
		kind: "labelled",
		id,
		better: "higher",
		protocol: { threshold, average: "macro" },
		value(labels, scores) {
			const classes = classCount(id, labels, scores);
			const confusion = { counts: confusionMatrix(labels, predictions(labels, scores, threshold), classes), classes };
			return classes === 2 ? rate(confusion, 1) : averaged(confusion, rate, "macro");
		},
	};
}

function margins(counts: ArrayLike<number>, classes: number) {
	const rows = new Array<number>(classes).fill(0);
	const columns = new Array<number>(classes).fill(0);
	let [total, right] = [0, 0];
	for (let row = 0; row < classes; row += 1) {
		for (let column = 0; column < classes; column += 1) {
			const count = counts[row * classes + column] as number;
			rows[row] = (rows[row] as number) + count;
			columns[column] = (columns[column] as number) + count;
			total += count;
			if (row === column) right += count;
		}
	}
	return { rows, columns, total, right };
}

function ratio(part: number, whole: number): number {
	return whole === 0 ? 0 : part / whole;
}
