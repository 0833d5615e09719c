import { type RateOptions, rateMetric, recallOf } from "./confusion.ts";
import type { LabelledMetric } from "./metric.ts";

/** TP / (TP + FN), the share of class 1 predicted as such (sensitivity, recall); of several classes the mean over each against the rest. An empty denominator gives 0. */
export function truePositiveRate(options: RateOptions = {}): LabelledMetric {
	return rateMetric("tpr", recallOf, options);
}
