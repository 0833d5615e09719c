import { averaged, specificityOf } from "./confusion.ts";
import { classCount, confusionMatrix, predictions } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

/** TN / (TN + FP), the share of class 0 predicted as such (specificity); of several classes the mean over each against the rest. An empty denominator gives 0. */
export function trueNegativeRate({
	threshold = 0.5,
}: {
	/** Score from which class 1 of two is predicted. @default 0.5 */
	readonly threshold?: number;
} = {}): LabelledMetric {
	return {
		kind: "labelled",
		id: "tnr",
		better: "higher",
		protocol: { threshold, average: "macro" },
		value(labels, scores) {
			const classes = classCount("tnr", labels, scores);
			const confusion = { counts: confusionMatrix(labels, predictions(labels, scores, threshold), classes), classes };
			const rate = specificityOf;
			return classes === 2 ? rate(confusion, 1) : averaged(confusion, rate, "macro");
		},
	};
}
