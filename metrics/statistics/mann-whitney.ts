import { normalTail } from "./normal.ts";
import { midranks, tieSizes } from "./ranks.ts";

/**
 * Mann-Whitney's test of two independent sets, two-sided, as scipy.stats.mannwhitneyu. The statistic is U of the first:
 * the pairs in which it is larger, ties one half. `exact` counts all splits as if there were no ties; `asymptotic` is the
 * normal approximation with ties and continuity correction; `auto` is exact for a set of at most 8 without ties.
 */
export function mannWhitney(
	first: ArrayLike<number>,
	second: ArrayLike<number>,
	{
		method = "auto",
	}: {
		/** @default "auto" */
		readonly method?: "auto" | "exact" | "asymptotic";
	} = {},
): { readonly statistic: number; readonly p: number } {
	const [n, m] = [first.length, second.length];
	if (n === 0 || m === 0) throw new RangeError(`mann-whitney: sides must not be empty, got ${n} and ${m}`);
	const pooled = [...Array.from(first), ...Array.from(second)];
	const ranks = midranks(pooled);
	const statistic = ranks.subarray(0, n).reduce((sum, rank) => sum + rank, 0) - (n * (n + 1)) / 2;
	const larger = Math.max(statistic, n * m - statistic);
	const ties = tieSizes(pooled);
	if (method === "exact" || (method === "auto" && Math.min(n, m) <= 8 && ties.length === 0)) {
		return { statistic, p: Math.min(1, 2 * exactTail(n, m, Math.floor(n * m - larger))) };
	}
	const total = n + m;
	const cubes = ties.reduce((sum, size) => sum + size ** 3 - size, 0);
	const spread = Math.sqrt(((n * m) / 12) * (total + 1 - cubes / (total * (total - 1))));
	return { statistic, p: Math.min(1, 2 * normalTail((larger - (n * m) / 2 - 0.5) / spread)) };
}

/** P(U ≤ most) over all splits of n + m ranks: chances of u by Mann and Whitney's recursion. */
function exactTail(n: number, m: number, most: number): number {
	// table[j] holds the chances of u for i and j samples, i growing.
	let table = Array.from({ length: m + 1 }, () => Float64Array.of(1));
	for (let i = 1; i <= n; i += 1) {
		const next = [Float64Array.of(1)];
		for (let j = 1; j <= m; j += 1) {
			const chances = new Float64Array(i * j + 1);
			// The largest value is of the first set, ahead of all j, or of the second.
			table[j]?.forEach((chance, u) => {
				chances[u + j] = (chances[u + j] as number) + (chance * i) / (i + j);
			});
			next[j - 1]?.forEach((chance, u) => {
				chances[u] = (chances[u] as number) + (chance * j) / (i + j);
			});
			next.push(chances);
		}
		table = next;
	}
	const chances = table[m] as Float64Array;
	let tail = 0;
	for (let u = 0; u <= most; u += 1) tail += chances[u] as number;
	return tail;
}
