import { averaged, type Confusion, fScoreOf } from "./confusion.ts";
import { classCount, confusionMatrix, predictions } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

/** 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall; of several classes the mean over each against the rest. An empty denominator gives 0. */
export function f1({
	threshold = 0.5,
}: {
	/** Score from which class 1 of two is predicted. @default 0.5 */
	readonly threshold?: number;
} = {}): LabelledMetric {
	return {
		kind: "labelled",
		id: "f1",
		better: "higher",
		protocol: { threshold, average: "macro" },
		value(labels, scores) {
			const classes = classCount("f1", labels, scores);
			const confusion = { counts: confusionMatrix(labels, predictions(labels, scores, threshold), classes), classes };
			const rate = (of: Confusion, label: number): number => fScoreOf(of, { label });
			return classes === 2 ? rate(confusion, 1) : averaged(confusion, rate, "macro");
		},
	};
}
