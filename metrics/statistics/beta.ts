/**
 * The regularised incomplete beta function and the distributions that follow from it: beta, Student's t, F, binomial.
 */
import { logGamma } from "./gamma.ts";

/** I_x(a, b), the cumulative beta distribution, for a, b > 0 and x in [0, 1]. */
export function betaCumulative(x: number, a: number, b: number): number {
	if (!(a > 0 && b > 0)) throw new RangeError(`betaCumulative: a and b must be above 0, got ${a}, ${b}`);
	if (x <= 0) return 0;
	if (x >= 1) return 1;
	const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
	// The continued fraction converges on this side of the mean; the other side by symmetry.
	return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

/** Lentz' evaluation of the continued fraction of the incomplete beta function. */
function fraction(x: number, a: number, b: number): number {
	let c = 1;
	let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
	let value = d;
	for (let m = 1; m < 1000; m += 1) {
		const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
		d = 1 / guard(1 + even * d);
		c = guard(1 + even / c);
		value *= d * c;
		const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 / guard(1 + odd * d);
		c = guard(1 + odd / c);
		value *= d * c;
		if (Math.abs(d * c - 1) < 1e-16) break;
	}
	return value;
}

/** Keeps a denominator of Lentz' method off zero. */
function guard(value: number): number {
	return Math.abs(value) < 1e-300 ? 1e-300 : value;
}

/** The x with I_x(a, b) = p. */
export function betaQuantile(p: number, a: number, b: number): number {
	if (!(p >= 0 && p <= 1)) throw new RangeError(`betaQuantile: p must be from 0 to 1, got ${p}`);
	return bisect((x) => betaCumulative(x, a, b), p, 0, 1);
}

/** P(T > t) of Student's distribution with `freedom` degrees of freedom. */
export function studentTail(t: number, freedom: number): number {
	const half = betaCumulative(freedom / (freedom + t * t), freedom / 2, 0.5) / 2;
	return t >= 0 ? half : 1 - half;
}

/** The t with P(T ≤ t) = p. */
export function studentQuantile(p: number, freedom: number): number {
	if (!(p > 0 && p < 1)) throw new RangeError(`studentQuantile: p must lie between 0 and 1, got ${p}`);
	if (p < 0.5) return -studentQuantile(1 - p, freedom);
	let high = 1;
	while (studentTail(high, freedom) > 1 - p) high *= 2;
	return bisect((t) => -studentTail(t, freedom), p - 1, 0, high);
}

/** P(F > f) of the F distribution with `a` and `b` degrees of freedom. */
export function fisherTail(f: number, a: number, b: number): number {
	return betaCumulative(b / (b + a * Math.max(0, f)), b / 2, a / 2);
}

/** P(X ≤ k) of the binomial distribution of `n` trials with chance `p`. */
export function binomialCumulative(k: number, n: number, p: number): number {
	if (k < 0) return 0;
	if (k >= n) return 1;
	return betaCumulative(1 - p, n - Math.floor(k), Math.floor(k) + 1);
}

/** Where an increasing function takes a value, to the last bit of the argument. */
function bisect(increasing: (x: number) => number, target: number, low: number, high: number): number {
	let [left, right] = [low, high];
	for (let step = 0; step < 200; step += 1) {
		const middle = (left + right) / 2;
		if (middle === left || middle === right) break;
		if (increasing(middle) < target) left = middle;
		else right = middle;
	}
	return (left + right) / 2;
}
