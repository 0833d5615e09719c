import { studentQuantile, studentTail } from "./beta.ts";
import { moments } from "./moments.ts";

export interface TTest {
	readonly statistic: number;
	/** Degrees of freedom. */
	readonly freedom: number;
	/** Two-sided. */
	readonly p: number;
	/** Interval of the (mean) difference at the level asked for. */
	readonly low: number;
	readonly high: number;
}

/** Student's paired test of mean(first - second) being 0. */
export function pairedTTest(first: ArrayLike<number>, second: ArrayLike<number>, level = 0.95): TTest {
	if (first.length !== second.length || first.length < 2) {
		throw new RangeError(
			`t test: sides must be equally long, 2 values or more, got ${first.length} and ${second.length}`,
		);
	}
	const { mean, variance } = moments(Array.from(first, (value, at) => value - (second[at] as number)));
	return result(mean, Math.sqrt(variance / first.length), first.length - 1, level);
}

/** Two independent sets: Welch's test, or with `equalVariances` Student's. */
export function twoSampleTTest(
	first: ArrayLike<number>,
	second: ArrayLike<number>,
	{ equalVariances = false, level = 0.95 }: { readonly equalVariances?: boolean; readonly level?: number } = {},
): TTest {
	if (first.length < 2 || second.length < 2) {
		throw new RangeError(`t test: sides must hold 2 values or more, got ${first.length} and ${second.length}`);
	}
	const [a, b] = [moments(first), moments(second)];
	const [n, m] = [first.length, second.length];
	if (equalVariances) {
		const pooled = ((n - 1) * a.variance + (m - 1) * b.variance) / (n + m - 2);
		return result(a.mean - b.mean, Math.sqrt(pooled * (1 / n + 1 / m)), n + m - 2, level);
	}
	const [x, y] = [a.variance / n, b.variance / m];
	return result(a.mean - b.mean, Math.sqrt(x + y), (x + y) ** 2 / (x ** 2 / (n - 1) + y ** 2 / (m - 1)), level);
}

function result(difference: number, error: number, freedom: number, level: number): TTest {
	const statistic = difference / error;
	const reach = studentQuantile(1 - (1 - level) / 2, freedom) * error;
	return {
		statistic,
		freedom,
		p: 2 * studentTail(Math.abs(statistic), freedom),
		low: difference - reach,
		high: difference + reach,
	};
}
