import { classCount, classScores, isClass, requireEveryClass } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";
import { averagePrecisionOf } from "./roc.ts";

/** Average precision, Σ (R_n - R_{n-1}) P_n; of several classes the mean over each class against the rest. */
export function averagePrecision(): LabelledMetric {
	return {
		kind: "labelled",
		id: "average-precision",
		better: "higher",
		protocol: { average: "macro" },
		value(labels, scores) {
			const classes = classCount("average-precision", labels, scores);
			if (classes === 2) return averagePrecisionOf(labels, classScores(labels, scores, 1));
			requireEveryClass("average-precision", labels, classes);
			let sum = 0;
			for (let label = 0; label < classes; label += 1) {
				sum += averagePrecisionOf(isClass(labels, label), classScores(labels, scores, label));
			}
			return sum / classes;
		},
	};
}
