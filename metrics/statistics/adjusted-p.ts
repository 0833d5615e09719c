/**
 * p-values corrected for many tests at once, in the order given and never above 1: `bonferroni`; `holm`, step-down, the
 * share of families with any false finding stays under the level (Holm 1979); `benjamini-hochberg` and
 * `benjamini-yekutieli`, step-up, the share of false findings does (the second under any dependence).
 */
export function adjustedP(
	p: ArrayLike<number>,
	method: "bonferroni" | "holm" | "benjamini-hochberg" | "benjamini-yekutieli" = "holm",
): Float64Array {
	const count = p.length;
	for (let at = 0; at < count; at += 1) {
		const value = p[at] as number;
		if (!(value >= 0 && value <= 1)) throw new RangeError(`adjustedP: p must be from 0 to 1, got ${value}`);
	}
	if (method === "bonferroni") return Float64Array.from(p, (value) => Math.min(1, value * count));
	const ascending = Array.from({ length: count }, (_, at) => at).sort((i, j) => (p[i] as number) - (p[j] as number));
	const adjusted = new Float64Array(count);
	if (method === "holm") {
		let floor = 0;
		ascending.forEach((at, rank) => {
			floor = Math.min(1, Math.max(floor, (count - rank) * (p[at] as number)));
			adjusted[at] = floor;
		});
		return adjusted;
	}
	let harmonic = 1;
	if (method === "benjamini-yekutieli") for (let at = 2; at <= count; at += 1) harmonic += 1 / at;
	let ceiling = 1;
	for (let rank = count; rank > 0; rank -= 1) {
		const at = ascending[rank - 1] as number;
		ceiling = Math.min(ceiling, ((p[at] as number) * count * harmonic) / rank);
		adjusted[at] = ceiling;
	}
	return adjusted;
}
