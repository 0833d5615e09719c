import { Random } from "../../engine/random.ts";

export type Alternative = "two-sided" | "greater" | "less";

export interface PermutationResult {
	/** The observed mean difference. */
	readonly difference: number;
	readonly p: number;
	/** True when every assignment was counted; else p is (count + 1) / (assignments + 1) of random ones. */
	readonly exact: boolean;
	readonly assignments: number;
}

export interface PermutationOptions {
	/** Seed of the random assignments; of no effect when all are counted. */
	readonly seed: number;
	/** Assignments drawn when there are more than that in all. @default 10000 */
	readonly permutations?: number;
	/** `greater`: the first side is larger. Two-sided counts |difference| ≥ |observed|. @default "two-sided" */
	readonly alternative?: Alternative;
}

/** Sums that differ by less than this share of Σ|x| count as equal: rounding, not evidence. */
const rounding = 1e-13;

/**
 * Paired permutation test of mean(first - second): under no effect the sign of every difference is a coin toss. All 2^n
 * sign assignments are counted when they are no more than `permutations`.
 */
export function pairedPermutation(
	first: ArrayLike<number>,
	second: ArrayLike<number>,
	{ seed, permutations = 10_000, alternative = "two-sided" }: PermutationOptions,
): PermutationResult {
	if (first.length !== second.length || first.length === 0) {
		throw new RangeError(
			`paired permutation: sides must be equally long and not empty, got ${first.length} and ${second.length}`,
		);
	}
	const differences = Float64Array.from(first, (value, at) => value - (second[at] as number));
	const count = differences.length;
	const observed = sum(differences);
	const slack = rounding * differences.reduce((total, value) => total + Math.abs(value), 0);
	if (!Number.isFinite(observed)) throw new RangeError(`paired permutation: values must be finite, got ${observed}`);
	const exact = 2 ** count <= permutations;
	const assignments = exact ? 2 ** count : permutations;
	const random = Random.seed(seed).split("paired permutation");
	let extreme = 0;
	for (let draw = 0; draw < assignments; draw += 1) {
		let total = 0;
		let bits = draw;
		for (let at = 0; at < count; at += 1) {
			// Random signs come 32 at a time; counted ones are the bits of the assignment's number.
			if (!exact && at % 32 === 0) bits = random.uint32();
			total += (bits & 1) === 1 ? (differences[at] as number) : -(differences[at] as number);
			bits >>>= 1;
		}
		if (asExtreme(total, observed, slack, alternative)) extreme += 1;
	}
	const p = exact ? extreme / assignments : (extreme + 1) / (assignments + 1);
	return { difference: observed / count, p, exact, assignments };
}

/**
 * Permutation test of mean(first) - mean(second) for two independent sets: under no effect any split into the two sizes
 * is as likely. All splits are counted when they are no more than `permutations`.
 */
export function twoSamplePermutation(
	first: ArrayLike<number>,
	second: ArrayLike<number>,
	{ seed, permutations = 10_000, alternative = "two-sided" }: PermutationOptions,
): PermutationResult {
	if (first.length === 0 || second.length === 0) {
		throw new RangeError(`permutation: sides must not be empty, got ${first.length} and ${second.length}`);
	}
	const pooled = Float64Array.from([...Array.from(first), ...Array.from(second)]);
	const size = first.length;
	const all = sum(pooled);
	if (!Number.isFinite(all)) throw new RangeError(`permutation: values must be finite, got ${all}`);
	const difference = (part: number): number => part / size - (all - part) / (pooled.length - size);
	const observed = difference(sum(pooled.subarray(0, size)));
	const slack = rounding * pooled.reduce((total, value) => total + Math.abs(value), 0);
	const splits = binomial(pooled.length, size);
	const exact = splits <= permutations;
	const assignments = exact ? splits : permutations;
	let extreme = 0;
	if (exact) {
		const walk = (from: number, left: number, part: number): void => {
			if (left === 0) {
				if (asExtreme(difference(part), observed, slack, alternative)) extreme += 1;
				return;
			}
			for (let at = from; at <= pooled.length - left; at += 1) walk(at + 1, left - 1, part + (pooled[at] as number));
		};
		walk(0, size, 0);
	} else {
		const random = Random.seed(seed).split("permutation");
		for (let draw = 0; draw < assignments; draw += 1) {
			// The first `size` places of a partial Fisher-Yates shuffle.
			for (let at = 0; at < size; at += 1) {
				const other = at + random.integer(pooled.length - at);
				const kept = pooled[at] as number;
				pooled[at] = pooled[other] as number;
				pooled[other] = kept;
			}
			if (asExtreme(difference(sum(pooled.subarray(0, size))), observed, slack, alternative)) extreme += 1;
		}
	}
	const p = exact ? extreme / assignments : (extreme + 1) / (assignments + 1);
	return { difference: observed, p, exact, assignments };
}

function asExtreme(value: number, observed: number, slack: number, alternative: Alternative): boolean {
	if (alternative === "greater") return value >= observed - slack;
	if (alternative === "less") return value <= observed + slack;
	return Math.abs(value) >= Math.abs(observed) - slack;
}

function sum(values: Float64Array): number {
	return values.reduce((total, value) => total + value, 0);
}

function binomial(n: number, k: number): number {
	let value = 1;
	for (let at = 1; at <= k; at += 1) value = Math.round((value * (n - k + at)) / at);
	return value;
}
