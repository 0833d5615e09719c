import { classCount, classScores, requireChances } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

/**
 * Mean of -ln of the chance given to the true class, in nats; chances are clipped to [ε, 1 - ε], ε = 2^-52, as
 * scikit-learn does. Scores must be chances in [0, 1].
 */
export function logLoss(): LabelledMetric {
	return {
		kind: "labelled",
		id: "log-loss",
		better: "lower",
		protocol: { clip: Number.EPSILON },
		value(labels, scores) {
			const classes = classCount("log-loss", labels, scores);
			requireChances("log-loss", labels, scores);
			let sum = 0;
			for (let label = 0; label < classes; label += 1) {
				classScores(labels, scores, label).forEach((chance, row) => {
					if (labels[row] !== label) return;
					sum -= Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, chance)));
				});
			}
			return sum / labels.length;
		},
	};
}
