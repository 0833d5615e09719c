import { normalTail } from "./normal.ts";
import type { Alternative } from "./permutation.ts";
import { midranks, tieSizes } from "./ranks.ts";

export interface WilcoxonResult {
	/** Sum of the ranks of positive differences; two-sided, the smaller of that and the sum of the negative ones. */
	readonly statistic: number;
	readonly p: number;
}

/**
 * Wilcoxon's signed-rank test of paired differences being centred at 0, as scipy.stats.wilcoxon. `zeros`: "wilcox" leaves
 * zero differences out, "pratt" ranks them and then leaves their ranks out. `method`: "exact" counts the 2^n signs as if
 * there were no ties (conservative with them), "asymptotic" is the normal approximation, with ties; "auto" is exact up to
 * 50 differences without ties or zeros.
 */
export function wilcoxon(
	differences: ArrayLike<number>,
	{
		alternative = "two-sided",
		method = "auto",
		zeros = "wilcox",
		continuity = false,
	}: {
		/** `greater`: the differences are above 0. @default "two-sided" */
		readonly alternative?: Alternative;
		/** @default "auto" */
		readonly method?: "auto" | "exact" | "asymptotic";
		/** @default "wilcox" */
		readonly zeros?: "wilcox" | "pratt";
		/** Moves the statistic half a rank towards its mean in the approximation. @default false */
		readonly continuity?: boolean;
	} = {},
): WilcoxonResult {
	const all = Array.from(differences);
	const bad = all.find((value) => !Number.isFinite(value));
	if (bad !== undefined) throw new RangeError(`wilcoxon: differences must be finite, got ${bad}`);
	const zeroCount = all.filter((value) => value === 0).length;
	if (zeroCount === all.length) throw new RangeError("wilcoxon: needs a difference other than 0, got none");
	const used = zeros === "wilcox" ? all.filter((value) => value !== 0) : all;
	const sizes = used.map(Math.abs);
	const ranks = midranks(sizes);
	const sum = (sign: number): number =>
		used.reduce((total, value, at) => total + (Math.sign(value) === sign ? (ranks[at] as number) : 0), 0);
	const [plus, minus] = [sum(1), sum(-1)];
	const statistic = alternative === "two-sided" ? Math.min(plus, minus) : plus;
	const count = used.length;
	const ties = tieSizes(sizes.filter((value) => value !== 0));
	const plain = count <= 50 && ties.length === 0 && zeroCount === 0;
	if (method === "exact" || (method === "auto" && plain)) {
		const greater = exactTail(count, Math.floor(plus));
		const less = exactTail(count, Math.floor((count * (count + 1)) / 2 - Math.ceil(plus)));
		const p = { greater, less, "two-sided": Math.min(1, 2 * Math.min(greater, less)) }[alternative];
		return { statistic, p };
	}
	const left = zeros === "pratt" ? zeroCount : 0;
	const mean = (count * (count + 1) - left * (left + 1)) / 4;
	const cubes = ties.reduce((total, size) => total + (size ** 3 - size), 0) / 2;
	const squares = count * (count + 1) * (2 * count + 1) - left * (left + 1) * (2 * left + 1) - cubes;
	const spread = Math.sqrt(squares / 24);
	const shift = { greater: 0.5, less: -0.5, "two-sided": 0.5 * Math.sign(plus - mean) }[alternative];
	const z = (plus - mean - (continuity ? shift : 0)) / spread;
	return {
		statistic,
		p: { greater: normalTail(z), less: normalTail(-z), "two-sided": 2 * normalTail(Math.abs(z)) }[alternative],
	};
}

/** P(W ≥ least) for the sum W of those of the ranks 1 … count whose sign falls positive. */
function exactTail(count: number, least: number): number {
	const top = (count * (count + 1)) / 2;
	const chances = new Float64Array(top + 1);
	chances[0] = 1;
	for (let rank = 1, reach = 0; rank <= count; rank += 1) {
		reach += rank;
		for (let at = reach; at >= 0; at -= 1) {
			chances[at] = ((chances[at] as number) + (at >= rank ? (chances[at - rank] as number) : 0)) / 2;
		}
	}
	// The distribution is symmetric: the small tail is summed from its far end, so that it keeps its digits.
	let tail = 0;
	for (let at = top; at >= Math.max(0, least); at -= 1) tail += chances[at] as number;
	return Math.min(1, tail);
}
