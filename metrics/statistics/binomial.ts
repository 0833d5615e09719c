import type { Interval } from "../metric.ts";
import { betaQuantile, binomialCumulative } from "./beta.ts";
import { chiSquareTail } from "./gamma.ts";
import { normalQuantile } from "./normal.ts";

/**
 * Interval of a share of `successes` among `trials`: `wilson` (the default: close to its level on average), `wilson-
 * continuity`, or `clopper-pearson` (never below its level).
 */
export function binomialInterval(
	successes: number,
	trials: number,
	{
		level = 0.95,
		method = "wilson",
	}: {
		/** @default 0.95 */
		readonly level?: number;
		/** @default "wilson" */
		readonly method?: "wilson" | "wilson-continuity" | "clopper-pearson";
	} = {},
): Interval {
	if (!(trials >= 1 && successes >= 0 && successes <= trials)) {
		throw new RangeError(`binomial interval: successes must be from 0 to trials, got ${successes} of ${trials}`);
	}
	const tail = (1 - level) / 2;
	const share = successes / trials;
	if (method === "clopper-pearson") {
		const low = successes === 0 ? 0 : betaQuantile(tail, successes, trials - successes + 1);
		const high = successes === trials ? 1 : betaQuantile(1 - tail, successes + 1, trials - successes);
		return { low, high, level, method };
	}
	const z = normalQuantile(1 - tail);
	const scale = 2 * (trials + z * z);
	const centre = (2 * trials * share + z * z) / scale;
	const reach = (sign: 1 | -1): number => {
		if (method === "wilson") return (z * Math.sqrt(z * z + 4 * trials * share * (1 - share))) / scale;
		const inside = z * z + sign * 2 - 1 / trials + 4 * share * (trials * (1 - share) - sign);
		return (1 + z * Math.sqrt(inside)) / scale;
	};
	return {
		low: successes === 0 ? 0 : centre - reach(-1),
		high: successes === trials ? 1 : centre + reach(1),
		level,
		method,
	};
}

/** Two-sided p of `successes` among `trials` under an even chance: the sign test. */
export function signTest(successes: number, trials: number): number {
	return Math.min(1, 2 * binomialCumulative(Math.min(successes, trials - successes), trials, 0.5));
}

/**
 * McNemar's test of two classifiers on the same samples, from the counts that only the first (`b`) and only the second
 * (`c`) got right: exact by the binomial, or by chi-square with or without continuity correction.
 */
export function mcnemar(
	b: number,
	c: number,
	{
		method = "exact",
	}: {
		/** @default "exact" */
		readonly method?: "exact" | "chi-square" | "chi-square-continuity";
	} = {},
): { readonly statistic: number; readonly p: number } {
	if (!(b >= 0 && c >= 0)) throw new RangeError(`mcnemar: counts must be at least 0, got ${b} and ${c}`);
	if (b + c === 0) return { statistic: 0, p: 1 };
	if (method === "exact") return { statistic: Math.min(b, c), p: signTest(b, b + c) };
	const gap = Math.abs(b - c) - (method === "chi-square-continuity" ? 1 : 0);
	const statistic = Math.max(0, gap) ** 2 / (b + c);
	return { statistic, p: chiSquareTail(statistic, 1) };
}
