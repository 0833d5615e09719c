import type { Random } from "../engine/random.ts";
import type { Interval } from "./metric.ts";

/** The `probability` quantile of ascending values, linear between order statistics (Hyndman and Fan type 7, as numpy). */
export function quantile(ascending: ArrayLike<number>, probability: number): number {
	if (ascending.length === 0) throw new RangeError("quantile: must have at least one value, got none");
	const position = (ascending.length - 1) * probability;
	const below = Math.floor(position);
	const low = ascending[below] as number;
	const high = ascending[Math.min(below + 1, ascending.length - 1)] as number;
	return low + (position - below) * (high - low);
}

/** Percentile interval of bootstrap replicates at `level` (0.95: from the 2.5 % to the 97.5 % quantile). */
export function percentileInterval(replicates: Float64Array, level: number, method: string): Interval {
	if (!(level > 0 && level < 1)) throw new RangeError(`interval: level must lie between 0 and 1, got ${level}`);
	const ascending = Float64Array.from(replicates).sort();
	const tail = (1 - level) / 2;
	return { low: quantile(ascending, tail), high: quantile(ascending, 1 - tail), level, method };
}

/** Standard deviation (divisor N - 1); 0 for a single value. */
export function standardDeviation(values: ArrayLike<number>): number {
	const count = values.length;
	if (count < 2) return 0;
	const mean = sum(values) / count;
	let squares = 0;
	for (let index = 0; index < count; index += 1) squares += ((values[index] as number) - mean) ** 2;
	return Math.sqrt(squares / (count - 1));
}

/** How often each of `count` samples is drawn in one bootstrap resample of `count` draws with replacement. */
export function resampleCounts(count: number, random: Random): Float64Array {
	const counts = new Float64Array(count);
	for (let draw = 0; draw < count; draw += 1) {
		const index = random.integer(count);
		counts[index] = (counts[index] as number) + 1;
	}
	return counts;
}

/** Means of `resamples` bootstrap resamples of `values`: the interval of a paired metric. */
export function bootstrapMeans(values: ArrayLike<number>, resamples: number, random: Random): Float64Array {
	return Float64Array.from({ length: resamples }, () => {
		let total = 0;
		for (let draw = 0; draw < values.length; draw += 1) total += values[random.integer(values.length)] as number;
		return total / values.length;
	});
}

function sum(values: ArrayLike<number>): number {
	let total = 0;
	for (let index = 0; index < values.length; index += 1) total += values[index] as number;
	return total;
}
