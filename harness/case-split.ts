/** Splits by patient: all slices of a case go to one split, so that no split knows the patients of another. */
import type { Random } from "../engine/random.ts";

const few = 50;

export interface CaseCount {
	readonly name: string;
	/** Slices of each class. */
	readonly counts: readonly number[];
}

/**
 * A split for each case, so that each split gets about its share of every class. Cases are taken in a random order, and each
 * goes to the split that is furthest below its shares. Fewer than 50 cases are taken large ones first, to meet the shares
 * as well as they allow; then chance has little say.
 */
export function splitCases<Name extends string>(
	cases: readonly CaseCount[],
	shares: Readonly<Record<Name, number>>,
	random: Random,
): Map<string, Name> {
	const names = Object.keys(shares) as Name[];
	const whole = names.reduce((sum, name) => sum + shares[name], 0);
	const classes = cases[0]?.counts.length ?? 0;
	const totals = Array.from({ length: classes }, (_, at) =>
		cases.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0),
	);
	const order = [...random.permutation(cases.length)].map((index) => cases[index] as CaseCount);
	const size = ({ counts }: CaseCount) => counts.reduce((sum, count) => sum + count, 0);
	if (cases.length < few) order.sort((a, b) => size(b) - size(a));
	const held = new Map(names.map((name) => [name, totals.map(() => 0)]));
	const result = new Map<string, Name>();
	for (const one of order) {
		// How much of what the case brings is still wanted by a split, each class by its own total.
		const want = (name: Name) => {
			return one.counts.reduce((sum, count, at) => {
				const total = totals[at] as number;
				if (total === 0 || count === 0) return sum;
				const wanted = (shares[name] / whole) * total - (held.get(name)?.[at] ?? 0);
				return sum + (count / total) * (wanted / total);
			}, 0);
		};
		const best = names.reduce((a, b) => (want(b) > want(a) ? b : a));
		result.set(one.name, best);
		const sums = held.get(best);
		for (const [at, count] of one.counts.entries()) {
			if (sums !== undefined) sums[at] = (sums[at] as number) + count;
		}
	}
	return result;
}
