import { type RateOptions, rateMetric, specificityOf } from "./confusion.ts";
import type { LabelledMetric } from "./metric.ts";

/** TN / (TN + FP), the share of class 0 predicted as such (specificity); of several classes the mean over each against the rest. An empty denominator gives 0. */
export function trueNegativeRate(options: RateOptions = {}): LabelledMetric {
	return rateMetric("tnr", specificityOf, options);
}
