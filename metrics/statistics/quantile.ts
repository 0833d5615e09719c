/** Quantile rules, by numpy's names. `linear` is the default there and here. */
export type QuantileRule =
	| "linear"
	| "lower"
	| "higher"
	| "nearest"
	| "midpoint"
	| "hazen"
	| "weibull"
	| "median_unbiased";

/** Plotting positions of Hyndman and Fan's types 5, 6 and 8: the rank, from 0, is q (n + 1 - alpha - beta) + alpha - 1. */
const plotting: Partial<Record<QuantileRule, readonly [alpha: number, beta: number]>> = {
	hazen: [0.5, 0.5],
	weibull: [0, 0],
	median_unbiased: [1 / 3, 1 / 3],
};

/** The `q` quantile (0 ≤ q ≤ 1) of values already in ascending order. */
export function sortedQuantile(sorted: ArrayLike<number>, q: number, rule: QuantileRule = "linear"): number {
	const last = sorted.length - 1;
	if (last < 0) throw new RangeError("quantile: needs at least one value, got none");
	if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile: q must be from 0 to 1, got ${q}`);
	const parameters = plotting[rule];
	const exact =
		parameters === undefined
			? q * last
			: Math.min(last, Math.max(0, q * (last + 2 - parameters[0] - parameters[1]) + parameters[0] - 1));
	const low = Math.floor(exact);
	const below = sorted[low] as number;
	const above = sorted[Math.min(last, low + 1)] as number;
	const part = exact - low;
	switch (rule) {
		case "lower":
			return below;
		case "higher":
			return part > 0 ? above : below;
		case "nearest":
			// Halfway goes to the even rank, as numpy rounds.
			return part > 0.5 || (part === 0.5 && low % 2 === 1) ? above : below;
		case "midpoint":
			return part > 0 ? (below + above) / 2 : below;
		default:
			// Interpolated from the nearer end, so that equal neighbours give that very value.
			return part < 0.5 ? below + part * (above - below) : above - (1 - part) * (above - below);
	}
}

/** The `q` quantile of values in any order. */
export function quantile(values: ArrayLike<number>, q: number, rule: QuantileRule = "linear"): number {
	return sortedQuantile(Float64Array.from(values).sort(), q, rule);
}
