import { studentTail } from "./beta.ts";
import { normalTail } from "./normal.ts";
import { midranks, tieSizes } from "./ranks.ts";

export interface Correlation {
	/** In [-1, 1]; NaN where a side is constant. */
	readonly statistic: number;
	/** Two-sided p-value of no correlation. */
	readonly p: number;
}

/** Pearson's correlation; p by Student's t with n - 2 degrees of freedom. */
export function pearson(first: ArrayLike<number>, second: ArrayLike<number>): Correlation {
	const count = requirePairs("pearson", first, second);
	let [meanFirst, meanSecond] = [0, 0];
	for (let at = 0; at < count; at += 1) {
		meanFirst += (first[at] as number) / count;
		meanSecond += (second[at] as number) / count;
	}
	let [product, squaresFirst, squaresSecond] = [0, 0, 0];
	for (let at = 0; at < count; at += 1) {
		const x = (first[at] as number) - meanFirst;
		const y = (second[at] as number) - meanSecond;
		product += x * y;
		squaresFirst += x * x;
		squaresSecond += y * y;
	}
	const norm = Math.sqrt(squaresFirst) * Math.sqrt(squaresSecond);
	const statistic = norm === 0 ? Number.NaN : Math.max(-1, Math.min(1, product / norm));
	const t = statistic * Math.sqrt((count - 2) / (1 - statistic ** 2));
	return { statistic, p: count > 2 ? Math.min(1, 2 * studentTail(Math.abs(t), count - 2)) : 1 };
}

/** Spearman's rank correlation: Pearson's of the midranks. */
export function spearman(first: ArrayLike<number>, second: ArrayLike<number>): Correlation {
	requirePairs("spearman", first, second);
	return pearson(midranks(first), midranks(second));
}

/**
 * Kendall's tau b. Without ties and with at most 33 pairs, or no more than one pair out of order, p is exact; else by
 * the normal approximation with ties.
 */
export function kendall(first: ArrayLike<number>, second: ArrayLike<number>): Correlation {
	const count = requirePairs("kendall", first, second);
	let [concordant, discordant] = [0, 0];
	for (let i = 0; i < count; i += 1) {
		for (let j = i + 1; j < count; j += 1) {
			const sign = Math.sign(
				((first[i] as number) - (first[j] as number)) * ((second[i] as number) - (second[j] as number)),
			);
			if (sign > 0) concordant += 1;
			if (sign < 0) discordant += 1;
		}
	}
	const pairs = (count * (count - 1)) / 2;
	const tied = (sizes: number[], term: (t: number) => number): number => sizes.reduce((sum, t) => sum + term(t), 0);
	const [x, y] = [tieSizes(first), tieSizes(second)];
	const tiedX = tied(x, (t) => (t * (t - 1)) / 2);
	const tiedY = tied(y, (t) => (t * (t - 1)) / 2);
	const score = concordant - discordant;
	const statistic = score / Math.sqrt(pairs - tiedX) / Math.sqrt(pairs - tiedY);
	if (tiedX === 0 && tiedY === 0 && (count <= 33 || Math.min(concordant, discordant) <= 1)) {
		return { statistic, p: exactKendall(count, Math.min(concordant, discordant)) };
	}
	const slope = (t: number): number => t * (t - 1) * (2 * t + 5);
	const cubic = (t: number): number => t * (t - 1) * (t - 2);
	const variance =
		(slope(count) - tied(x, slope) - tied(y, slope)) / 18 +
		(2 * tiedX * tiedY) / (count * (count - 1)) +
		(tied(x, cubic) * tied(y, cubic)) / (9 * cubic(count));
	return { statistic, p: Math.min(1, 2 * normalTail(Math.abs(score) / Math.sqrt(variance))) };
}

/** P of at most `inversions` or at least as many the other way, from the distribution of inversions of a permutation. */
function exactKendall(count: number, inversions: number): number {
	let chances = [1];
	for (let size = 2; size <= count; size += 1) {
		const next = new Array<number>(chances.length + size - 1).fill(0);
		chances.forEach((chance, at) => {
			for (let step = 0; step < size; step += 1) next[at + step] = (next[at + step] as number) + chance / size;
		});
		chances = next;
	}
	let tail = 0;
	for (let at = 0; at <= inversions; at += 1) tail += chances[at] as number;
	return Math.min(1, 2 * tail);
}

function requirePairs(where: string, first: ArrayLike<number>, second: ArrayLike<number>): number {
	if (first.length !== second.length || first.length < 2) {
		throw new RangeError(
			`${where}: sides must be equally long, 2 values or more, got ${first.length} and ${second.length}`,
		);
	}
	return first.length;
}
