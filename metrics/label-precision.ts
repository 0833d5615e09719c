import { averaged, precisionOf } from "./confusion.ts";
import { classCount, confusionMatrix, predictions } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

/** TP / (TP + FP), the share of what is predicted as class 1 that is it; of several classes the mean over each against the rest. An empty denominator gives 0. */
export function labelPrecision({
	threshold = 0.5,
}: {
	/** Score from which class 1 of two is predicted. @default 0.5 */
	readonly threshold?: number;
} = {}): LabelledMetric {
	return {
		kind: "labelled",
		id: "precision",
		better: "higher",
		protocol: { threshold, average: "macro" },
		value(labels, scores) {
			const classes = classCount("precision", labels, scores);
			const confusion = { counts: confusionMatrix(labels, predictions(labels, scores, threshold), classes), classes };
			return classes === 2 ? precisionOf(confusion) : averaged(confusion, precisionOf, "macro");
		},
	};
}
