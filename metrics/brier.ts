import { classCount, classScores, requireChances } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

/** Brier's score of two classes: the mean squared distance of the chance of class 1 from the label, in [0, 1]. */
export function brier(): LabelledMetric {
	return {
		kind: "labelled",
		id: "brier",
		better: "lower",
		protocol: {},
		value(labels, scores) {
			const classes = classCount("brier", labels, scores);
			if (classes !== 2) throw new RangeError(`brier: needs two classes, got ${classes}`);
			requireChances("brier", labels, scores);
			const chances = classScores(labels, scores, 1);
			return chances.reduce((sum, chance, row) => sum + (chance - (labels[row] as number)) ** 2, 0) / labels.length;
		},
	};
}
