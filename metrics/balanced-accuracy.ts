import { classCount, confusionMatrix, predictions } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

/** Mean over the classes that occur among the labels of the share of their samples predicted right. */
export function balancedAccuracy({
	threshold = 0.5,
}: {
	/** Score from which class 1 of two is predicted. @default 0.5 */
	readonly threshold?: number;
} = {}): LabelledMetric {
	return {
		kind: "labelled",
		id: "balanced-accuracy",
		better: "higher",
		protocol: { threshold },
		value(labels, scores) {
			const classes = classCount("balanced-accuracy", labels, scores);
			return balancedAccuracyOf(confusionMatrix(labels, predictions(labels, scores, threshold), classes), classes);
		},
	};
}

/** Balanced accuracy from a confusion matrix, true classes as rows. */
export function balancedAccuracyOf(confusion: Int32Array, classes: number): number {
	let sum = 0;
	let present = 0;
	for (let row = 0; row < classes; row += 1) {
		const total = confusion.subarray(row * classes, (row + 1) * classes).reduce((a, b) => a + b, 0);
		if (total === 0) continue;
		sum += (confusion[row * classes + row] as number) / total;
		present += 1;
	}
	return sum / present;
}
