import { averaged, recallOf } from "./confusion.ts";
import { classCount, confusionMatrix, predictions } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

/** TP / (TP + FN), the share of class 1 predicted as such (sensitivity, recall); of several classes the mean over each against the rest. An empty denominator gives 0. */
export function truePositiveRate({
	threshold = 0.5,
}: {
	/** Score from which class 1 of two is predicted. @default 0.5 */
	readonly threshold?: number;
} = {}): LabelledMetric {
	return {
		kind: "labelled",
		id: "tpr",
		better: "higher",
		protocol: { threshold, average: "macro" },
		value(labels, scores) {
			const classes = classCount("tpr", labels, scores);
			const confusion = { counts: confusionMatrix(labels, predictions(labels, scores, threshold), classes), classes };
			const rate = recallOf;
			return classes === 2 ? rate(confusion, 1) : averaged(confusion, rate, "macro");
		},
	};
}
