import { fScoreOf, type RateOptions, rateMetric } from "./confusion.ts";
import type { LabelledMetric } from "./metric.ts";

/** 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall; of several classes the mean over each against the rest. An empty denominator gives 0. */
export function f1(options: RateOptions = {}): LabelledMetric {
	return rateMetric("f1", (confusion, label) => fScoreOf(confusion, { label }), options);
}
