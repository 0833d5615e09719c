import type { Resampling } from "./metric.ts";

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
