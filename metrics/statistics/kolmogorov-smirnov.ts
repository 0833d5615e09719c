/**
 * Two-sample Kolmogorov-Smirnov test, two-sided and exact: the largest distance of both distribution functions, and the
 * share of orderings with one at least as large, counted over lattice paths.
 */
export function kolmogorovSmirnov(
	first: ArrayLike<number>,
	second: ArrayLike<number>,
): { readonly statistic: number; readonly p: number } {
	const [n, m] = [first.length, second.length];
	if (n === 0 || m === 0) throw new RangeError(`kolmogorov-smirnov: sides must not be empty, got ${n} and ${m}`);
	const [a, b] = [Float64Array.from(first).sort(), Float64Array.from(second).sort()];
	// Distances in units of 1 / (n m) are whole numbers.
	let largest = 0;
	for (let i = 0, j = 0; i < n && j < m; ) {
		const value = Math.min(a[i] as number, b[j] as number);
		while (i < n && a[i] === value) i += 1;
		while (j < m && b[j] === value) j += 1;
		largest = Math.max(largest, Math.abs(i * m - j * n));
	}
	// inside[j]: chance that a random path to (i, j) has stayed nearer than that.
	let inside = new Float64Array(m + 1);
	for (let i = 0; i <= n; i += 1) {
		const next = new Float64Array(m + 1);
		for (let j = 0; j <= m; j += 1) {
			if (Math.abs(i * m - j * n) >= largest) continue;
			if (i + j === 0) next[0] = 1;
			else next[j] = ((inside[j] as number) * i + (j > 0 ? (next[j - 1] as number) : 0) * j) / (i + j);
		}
		inside = next;
	}
	return { statistic: largest / (n * m), p: 1 - (inside[m] as number) };
}
