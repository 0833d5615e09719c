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
		details(labels, scores, names) {
			const classes = classCount("accuracy", labels, scores);
			const counts = confusionMatrix(labels, predictions(labels, scores, threshold), classes);
			const name = (label: number) => names[label] ?? `${label}`;
			// "cat as dog": how often a class was taken for another, where it was.
			const cells = [...counts].map((count, at) => {
				return [`${name(Math.floor(at / classes))} as ${name(at % classes)}`, count] as const;
			});
			return Object.fromEntries(cells.filter(([, count]) => count > 0));
		},
	};
}

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
