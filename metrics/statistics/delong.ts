import type { Interval } from "../metric.ts";
import { normalQuantile, normalTail } from "./normal.ts";
import { midranks } from "./ranks.ts";

export interface DelongResult {
	/** Area under each scorer's ROC curve. */
	readonly auc: readonly number[];
	/** Covariance of the areas, [scorers][scorers]. */
	readonly covariance: readonly (readonly number[])[];
}

/**
 * Areas under the ROC curves of several scorers on the same samples, and their covariance (DeLong, DeLong and
 * Clarke-Pearson, 1988), by midranks in n log n (Sun and Xu, 2014). Ties count one half.
 */
export function delong(labels: ArrayLike<number>, scorers: readonly ArrayLike<number>[]): DelongResult {
	const positives = Array.from({ length: labels.length }, (_, at) => at).filter((at) => labels[at] === 1);
	const negatives = Array.from({ length: labels.length }, (_, at) => at).filter((at) => labels[at] !== 1);
	const [m, n] = [positives.length, negatives.length];
	if (m < 2 || n < 2) throw new RangeError(`delong: needs 2 samples of each class, got ${m} of class 1 and ${n} of 0`);
	const parts = scorers.map((scores) => {
		if (scores.length !== labels.length) {
			throw new RangeError(`delong: needs one score per label, got ${scores.length} for ${labels.length}`);
		}
		for (let at = 0; at < scores.length; at += 1) {
			if (Number.isNaN(scores[at])) throw new RangeError(`delong: scores must be numbers, got NaN at ${at}`);
		}
		const pick = (rows: readonly number[]): Float64Array => Float64Array.from(rows, (row) => scores[row] as number);
		const [high, low] = [pick(positives), pick(negatives)];
		const all = midranks([...high, ...low]);
		const [inHigh, inLow] = [midranks(high), midranks(low)];
		// The share of the other class that each sample is ranked right against.
		const v10 = inHigh.map((rank, at) => ((all[at] as number) - rank) / n);
		const v01 = inLow.map((rank, at) => 1 - ((all[m + at] as number) - rank) / m);
		return { v10, v01, area: mean(v10) };
	});
	return {
		auc: parts.map(({ area }) => area),
		covariance: parts.map((a) => parts.map((b) => covariance(a.v10, b.v10) / m + covariance(a.v01, b.v01) / n)),
	};
}

/** DeLong's interval of one area, cut to [0, 1], and its standard error, the spread. */
export function delongInterval(
	labels: ArrayLike<number>,
	scores: ArrayLike<number>,
	level = 0.95,
): Interval & { readonly spread: number } {
	const { auc, covariance } = delong(labels, [scores]);
	const spread = Math.sqrt(covariance[0]?.[0] as number);
	const reach = normalQuantile(1 - (1 - level) / 2) * spread;
	const [area] = auc as [number];
	return { low: Math.max(0, area - reach), high: Math.min(1, area + reach), level, method: "DeLong", spread };
}

/** DeLong's test of two scorers on the same samples having one area: areas, difference and its standard error, z, two-sided p, interval. */
export function delongTest(
	labels: ArrayLike<number>,
	first: ArrayLike<number>,
	second: ArrayLike<number>,
	level = 0.95,
): {
	/** Areas of both. */
	readonly first: number;
	readonly second: number;
	readonly difference: number;
	readonly spread: number;
	readonly z: number;
	readonly p: number;
	readonly low: number;
	readonly high: number;
} {
	const { auc, covariance } = delong(labels, [first, second]);
	const [[a, ab], [, b]] = covariance as unknown as readonly [readonly [number, number], readonly [number, number]];
	const [one, other] = auc as readonly [number, number];
	const difference = one - other;
	const spread = Math.sqrt(Math.max(0, a + b - 2 * ab));
	const z = difference === 0 ? 0 : difference / spread;
	const reach = normalQuantile(1 - (1 - level) / 2) * spread;
	const p = 2 * normalTail(Math.abs(z));
	return { first: one, second: other, difference, spread, z, p, low: difference - reach, high: difference + reach };
}

/** Hanley and McNeil's standard error of an area (1982), from the area and the class sizes alone. */
export function hanleyMcneilError(area: number, positives: number, negatives: number): number {
	const q1 = area / (2 - area);
	const q2 = (2 * area ** 2) / (1 + area);
	const sum = area * (1 - area) + (positives - 1) * (q1 - area ** 2) + (negatives - 1) * (q2 - area ** 2);
	return Math.sqrt(sum / (positives * negatives));
}

function mean(values: Float64Array): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function covariance(a: Float64Array, b: Float64Array): number {
	const [meanA, meanB] = [mean(a), mean(b)];
	return a.reduce((sum, value, at) => sum + (value - meanA) * ((b[at] as number) - meanB), 0) / (a.length - 1);
}
