import { quantile } from "./quantile.ts";

export interface Moments {
	readonly mean: number;
	/** Divisor n - 1. */
	readonly variance: number;
	/** Third and fourth standardised moments of the sample (the fourth less 3), and their bias-corrected forms. */
	readonly skewness: number;
	readonly skewnessUnbiased: number;
	readonly kurtosis: number;
	readonly kurtosisUnbiased: number;
}

export function moments(values: ArrayLike<number>): Moments {
	const n = values.length;
	if (n === 0) throw new RangeError("moments: needs at least one value, got none");
	let mean = 0;
	for (let at = 0; at < n; at += 1) mean += (values[at] as number) / n;
	let [second, third, fourth] = [0, 0, 0];
	for (let at = 0; at < n; at += 1) {
		const distance = (values[at] as number) - mean;
		second += distance ** 2 / n;
		third += distance ** 3 / n;
		fourth += distance ** 4 / n;
	}
	const skewness = third / second ** 1.5;
	const kurtosis = fourth / second ** 2 - 3;
	return {
		mean,
		variance: (second * n) / (n - 1),
		skewness,
		skewnessUnbiased: (skewness * Math.sqrt(n * (n - 1))) / (n - 2),
		kurtosis,
		kurtosisUnbiased: ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * kurtosis + 6),
	};
}

/** Median of the distances from the median. */
export function medianDeviation(values: ArrayLike<number>): number {
	const centre = quantile(values, 0.5);
	return quantile(
		Array.from(values, (value) => Math.abs(value - centre)),
		0.5,
	);
}

/** Mean without the `share` (rounded down to whole values) of smallest and of largest values. */
export function trimmedMean(values: ArrayLike<number>, share: number): number {
	if (!(share >= 0 && share < 0.5)) throw new RangeError(`trimmedMean: share must be in [0, 0.5), got ${share}`);
	const sorted = Float64Array.from(values).sort();
	const cut = Math.floor(share * sorted.length);
	return moments(sorted.subarray(cut, sorted.length - cut)).mean;
}

/** Cohen's d: difference of means over the pooled standard deviation. */
export function cohenD(first: ArrayLike<number>, second: ArrayLike<number>): number {
	const [a, b] = [moments(first), moments(second)];
	const [n, m] = [first.length, second.length];
	return (a.mean - b.mean) / Math.sqrt(((n - 1) * a.variance + (m - 1) * b.variance) / (n + m - 2));
}

/** Cliff's delta: the share of pairs in which the first is larger less the share in which it is smaller. */
export function cliffDelta(first: ArrayLike<number>, second: ArrayLike<number>): number {
	let sum = 0;
	for (let i = 0; i < first.length; i += 1) {
		for (let j = 0; j < second.length; j += 1) sum += Math.sign((first[i] as number) - (second[j] as number));
	}
	return sum / (first.length * second.length);
}
