import { precisionOf, type RateOptions, rateMetric } from "./confusion.ts";
import type { LabelledMetric } from "./metric.ts";

/** TP / (TP + FP), the share of what is predicted as class 1 that is it; of several classes the mean over each against the rest. An empty denominator gives 0. */
export function labelPrecision(options: RateOptions = {}): LabelledMetric {
	return rateMetric("precision", precisionOf, options);
}
