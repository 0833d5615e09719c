import { Random } from "../../engine/random.ts";
import type { Interval, Resampling } from "../metric.ts";
import { normalCumulative, normalQuantile } from "./normal.ts";
import { sortedQuantile } from "./quantile.ts";

/**
 * How an interval is read from the resampled values (Efron and Tibshirani, 1993): `percentile` takes their quantiles,
 * `basic` mirrors these about the estimate, `normal` is the estimate ± z standard errors, `bca` corrects the quantiles
 * for bias and, by the jackknife, for acceleration.
 */
export type IntervalMethod = "percentile" | "basic" | "normal" | "bca";

export interface BootstrapOptions {
	/** Seed of the resampling; the same seed gives the same interval. */
	readonly seed: number;
	/** @default 2000 */
	readonly resamples?: number;
	/** Nominal coverage. @default 0.95 */
	readonly level?: number;
	/** @default "percentile" */
	readonly method?: IntervalMethod;
	/** A group per sample: each group keeps its size in every resample (labels of a test set, for AUC). */
	readonly strata?: ArrayLike<number>;
}

export interface BootstrapInterval extends Interval {
	/** The statistic of the samples themselves. */
	readonly estimate: number;
	/** Standard deviation of the resampled values (divisor resamples - 1): the standard error. */
	readonly spread: number;
	/** Mean of the resampled values less the estimate. */
	readonly bias: number;
	/** The resampled values, in order of drawing. */
	readonly distribution: Float64Array;
}

/**
 * Interval of a mean. With `paired`, of the mean of `values[i] - paired[i]`: sample i of both sides is drawn together.
 * Throws a RangeError on no values, NaN, or sides of unequal length.
 */
export function bootstrapInterval(
	values: ArrayLike<number>,
	{ paired, ...options }: BootstrapOptions & { readonly paired?: ArrayLike<number> },
): BootstrapInterval {
	if (paired !== undefined && paired.length !== values.length) {
		throw new RangeError(`bootstrap: paired sides must be equally long, got ${values.length} and ${paired.length}`);
	}
	const samples = Float64Array.from(values, (value, at) => value - (paired === undefined ? 0 : Number(paired[at])));
	const bad = samples.findIndex((value) => !Number.isFinite(value));
	if (bad >= 0) throw new RangeError(`bootstrap: values must be finite, got ${samples[bad]} for sample ${bad}`);
	const mean = (rows: Int32Array): number => {
		let sum = 0;
		for (let at = 0; at < rows.length; at += 1) sum += samples[rows[at] as number] as number;
		return sum / rows.length;
	};
	const interval = bootstrapStatistic(samples.length, mean, options);
	return paired === undefined ? interval : { ...interval, method: `paired ${interval.method}` };
}

/**
 * Interval of any statistic of `count` samples. `statistic` receives sample numbers (with repeats), valid only during
 * the call; a resample on which it gives NaN (one class alone, say) is refused with an error that names the cure.
 */
export function bootstrapStatistic(
	count: number,
	statistic: (rows: Int32Array) => number,
	{ seed, resamples = 2000, level = 0.95, method = "percentile", strata }: BootstrapOptions,
): BootstrapInterval {
	if (!Number.isInteger(count) || count < 1) throw new RangeError(`bootstrap: needs at least one sample, got ${count}`);
	if (!Number.isInteger(resamples) || resamples < 2) {
		throw new RangeError(`bootstrap: resamples must be a whole number of 2 or more, got ${resamples}`);
	}
	const all = Int32Array.from({ length: count }, (_, at) => at);
	const estimate = statistic(all);
	const groups = strata === undefined ? [all] : groupRows(strata, count);
	const random = Random.seed(seed).split("bootstrap");
	const rows = new Int32Array(count);
	const distribution = new Float64Array(resamples);
	for (let draw = 0; draw < resamples; draw += 1) {
		let at = 0;
		for (const group of groups) {
			for (let left = group.length; left > 0; left -= 1) {
				rows[at] = group[random.integer(group.length)] as number;
				at += 1;
			}
		}
		const value = statistic(rows);
		if (Number.isNaN(value)) {
			throw new RangeError("bootstrap: the statistic must be defined on every resample, got NaN; give strata");
		}
		distribution[draw] = value;
	}
	const jackknife = method === "bca" ? leaveOneOut(count, statistic) : undefined;
	const name = `${strata === undefined ? "" : "stratified "}bootstrap, ${method}, ${resamples} resamples`;
	return { ...readInterval(distribution, estimate, { level, method, jackknife }), method: name };
}

/**
 * Bootstrap replicates of a smooth statistic from the first-order influences ψ of its rows, one array per independent
 * set: value + Σ ψᵢ / N over N rows drawn with replacement. They cost no second evaluation of the statistic, and are
 * free of the bias that repeated rows cause in distances between sets (Davison and Hinkley, "Bootstrap methods and their
 * application", 1997, §2.7).
 */
export function linearReplicates(
	value: number,
	influences: readonly Float64Array[],
	{ resamples, random, paired = false }: Resampling,
): Float64Array {
	const lengths = influences.map((rows) => rows.length);
	if (paired && lengths.some((length) => length !== lengths[0])) {
		throw new RangeError(`bootstrap: paired sets must have equally many rows, got ${lengths.join(" and ")}`);
	}
	const replicates = new Float64Array(resamples).fill(value);
	for (const [set, rows] of influences.entries()) {
		const draws = random.split(paired ? 0 : set);
		for (let index = 0; index < resamples; index += 1) {
			let total = 0;
			for (let draw = 0; draw < rows.length; draw += 1) total += rows[draws.integer(rows.length)] as number;
			replicates[index] = (replicates[index] as number) + total / rows.length;
		}
	}
	return replicates;
}

/** The interval that resampled values give; `jackknife` holds the leave-one-out values, which `bca` needs. */
export function readInterval(
	distribution: Float64Array,
	estimate: number,
	{
		level = 0.95,
		method = "percentile",
		jackknife,
	}: {
		readonly level?: number | undefined;
		readonly method?: IntervalMethod | undefined;
		readonly jackknife?: ArrayLike<number> | undefined;
	} = {},
): BootstrapInterval {
	if (!(level > 0 && level < 1)) throw new RangeError(`bootstrap: level must lie between 0 and 1, got ${level}`);
	const size = distribution.length;
	const mean = distribution.reduce((sum, value) => sum + value, 0) / size;
	const spread = Math.sqrt(distribution.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (size - 1));
	const tail = (1 - level) / 2;
	const sorted = distribution.slice().sort();
	const result = (low: number, high: number): BootstrapInterval => ({
		low,
		high,
		level,
		method: `bootstrap, ${method}`,
		estimate,
		spread,
		bias: mean - estimate,
		distribution,
	});
	switch (method) {
		case "percentile":
			return result(sortedQuantile(sorted, tail), sortedQuantile(sorted, 1 - tail));
		case "basic":
			return result(2 * estimate - sortedQuantile(sorted, 1 - tail), 2 * estimate - sortedQuantile(sorted, tail));
		case "normal": {
			const reach = normalQuantile(1 - tail) * spread;
			return result(estimate - reach, estimate + reach);
		}
		case "bca": {
			if (jackknife === undefined) throw new TypeError("bootstrap: bca needs the leave-one-out values, got none");
			const z0 = biasCorrection(distribution, estimate);
			const a = acceleration(jackknife);
			const shifted = (p: number): number => {
				const z = z0 + normalQuantile(p);
				return sortedQuantile(sorted, normalCumulative(z0 + z / (1 - a * z)));
			};
			return result(shifted(tail), shifted(1 - tail));
		}
	}
}

/** z0 of BCa: the normal quantile of the share of resampled values below the estimate, equal ones counting half. */
export function biasCorrection(distribution: Float64Array, estimate: number): number {
	let below = 0;
	for (const value of distribution) below += value < estimate ? 1 : value === estimate ? 0.5 : 0;
	if (below === 0 || below === distribution.length) {
		throw new RangeError("bootstrap: bca needs resampled values on both sides of the estimate; use percentile");
	}
	return normalQuantile(below / distribution.length);
}

/** Acceleration of BCa from the leave-one-out values; 0 when these are all equal. */
export function acceleration(jackknife: ArrayLike<number>): number {
	let mean = 0;
	for (let at = 0; at < jackknife.length; at += 1) mean += (jackknife[at] as number) / jackknife.length;
	let squares = 0;
	let cubes = 0;
	for (let at = 0; at < jackknife.length; at += 1) {
		const distance = mean - (jackknife[at] as number);
		squares += distance ** 2;
		cubes += distance ** 3;
	}
	return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

/** The statistic with each sample left out in turn. */
export function leaveOneOut(count: number, statistic: (rows: Int32Array) => number): Float64Array {
	if (count < 2) throw new RangeError(`bootstrap: bca needs at least 2 samples, got ${count}`);
	const rows = Int32Array.from({ length: count - 1 }, (_, at) => at + 1);
	return Float64Array.from({ length: count }, (_, left) => {
		if (left > 0) rows[left - 1] = left - 1;
		return statistic(rows);
	});
}

function groupRows(strata: ArrayLike<number>, count: number): Int32Array[] {
	if (strata.length !== count) {
		throw new RangeError(`bootstrap: strata must hold one group per sample, got ${strata.length} for ${count}`);
	}
	const groups = new Map<number, number[]>();
	for (let at = 0; at < count; at += 1) {
		const group = strata[at] as number;
		const rows = groups.get(group);
		if (rows === undefined) groups.set(group, [at]);
		else rows.push(at);
	}
	return [...groups.values()].map((rows) => Int32Array.from(rows));
}
