import { classCount, confusionMatrix, predictions } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

/**
 * Share of samples whose predicted class is the label. Two classes with one score each: class 1 from `threshold` up;
 * several: the largest score, or with `top` k, the label among the k largest. `details` hold the confusion matrix.
 */
export function accuracy({
	threshold = 0.5,
	top = 1,
}: {
	/** @default 0.5 */
	readonly threshold?: number;
	/** @default 1 */
	readonly top?: number;
} = {}): LabelledMetric {
	return {
		kind: "labelled",
		id: "accuracy",
		better: "higher",
		protocol: { threshold, top },
		value(labels, scores) {
			const classes = classCount("accuracy", labels, scores);
			if (!Number.isInteger(top) || top < 1 || top >= classes) {
				throw new RangeError(`accuracy: top must be a whole number from 1 to ${classes - 1}, got ${top}`);
			}
			const predicted = predictions(labels, scores, threshold);
			let right = 0;
			labels.forEach((label, row) => {
				if (top === 1 ? predicted[row] === label : larger(scores, row, label, classes) < top) right += 1;
			});
			return right / labels.length;
		},
		details: (labels, scores, names) => confusions(labels, predictions(labels, scores, threshold), names),
	};
}

/** How often a class was taken for another, "cat as dog": the cells of the confusion matrix that are not 0. */
function confusions(labels: Int32Array, predicted: Int32Array, names: readonly string[]): Record<string, number> {
	const classes = 1 + Math.max(1, labels.reduce(most), predicted.reduce(most));
	const counts = confusionMatrix(labels, predicted, classes);
	const name = (label: number) => names[label] ?? `${label}`;
	const cells: Record<string, number> = {};
	for (const [at, count] of counts.entries()) {
		if (count > 0) cells[`${name(Math.floor(at / classes))} as ${name(at % classes)}`] = count;
	}
	return cells;
}

const most = (a: number, b: number): number => Math.max(a, b);

/** How many classes of a row score higher than `label`, of equal ones those before it. */
function larger(scores: Float64Array, row: number, label: number, classes: number): number {
	const own = scores[row * classes + label] as number;
	let count = 0;
	for (let other = 0; other < classes; other += 1) {
		const score = scores[row * classes + other] as number;
		if (score > own || (score === own && other < label)) count += 1;
	}
	return count;
}
