/** Ranks 1 … n of the values; equal values share the mean of their ranks. */
export function midranks(values: ArrayLike<number>): Float64Array {
	const order = Array.from({ length: values.length }, (_, index) => index);
	order.sort((i, j) => (values[i] as number) - (values[j] as number));
	const ranks = new Float64Array(values.length);
	for (let start = 0; start < order.length; ) {
		let end = start + 1;
		while (end < order.length && values[order[end] as number] === values[order[start] as number]) end += 1;
		for (let at = start; at < end; at += 1) ranks[order[at] as number] = (start + end + 1) / 2;
		start = end;
	}
	return ranks;
}

/** Sizes of the groups of equal values, groups of one left out. */
export function tieSizes(values: ArrayLike<number>): number[] {
	const counts = new Map<number, number>();
	for (let at = 0; at < values.length; at += 1) {
		const value = values[at] as number;
		counts.set(value, (counts.get(value) ?? 0) + 1);
	}
	return [...counts.values()].filter((size) => size > 1);
}
