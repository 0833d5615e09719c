import { classCount, predictions } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

/**
 * Share of samples whose predicted class is the label. Two classes with one score each: class 1 from `threshold` up;
 * several: the largest score.
 */
export function accuracy({
	threshold = 0.5,
}: {
	/** @default 0.5 */
	readonly threshold?: number;
} = {}): LabelledMetric {
	return {
		kind: "labelled",
		id: "accuracy",
		better: "higher",
		protocol: { threshold },
		value(labels, scores) {
			classCount("accuracy", labels, scores);
			const predicted = predictions(labels, scores, threshold);
			let right = 0;
			predicted.forEach((label, at) => {
				if (label === labels[at]) right += 1;
			});
			return right / labels.length;
		},
	};
}
