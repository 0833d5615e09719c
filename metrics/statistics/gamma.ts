/**
 * The logarithm of the gamma function (Lanczos' approximation, g = 7, nine terms) and the regularised incomplete gamma
 * function, from which the chi-square and normal tails follow.
 */

const lanczos = [
	0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
	12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0, to about 1e-14 relative. */
export function logGamma(x: number): number {
	if (!(x > 0)) throw new RangeError(`logGamma: x must be above 0, got ${x}`);
	if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
	let sum = lanczos[0] as number;
	for (let term = 1; term < 9; term += 1) sum += (lanczos[term] as number) / (x - 1 + term);
	const base = x + 6.5;
	return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
}

/** Q(a, x) = Γ(a, x) / Γ(a): the upper regularised incomplete gamma function, a > 0, x ≥ 0. */
export function upperGamma(a: number, x: number): number {
	if (!(a > 0) || !(x >= 0)) throw new RangeError(`upperGamma: must have a > 0 and x >= 0, got a ${a}, x ${x}`);
	if (x === 0) return 1;
	if (x === Number.POSITIVE_INFINITY) return 0;
	const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
	if (x < a + 1) {
		// The power series converges fast below the mode.
		let term = 1 / a;
		let sum = term;
		for (let n = 1; n < 1000 && term > sum * 1e-17; n += 1) {
			term *= x / (a + n);
			sum += term;
		}
		return 1 - scale * sum;
	}
	// Continued fraction, evaluated by Lentz' method; keeps full relative accuracy far in the tail.
	let b = x + 1 - a;
	let c = 1 / 1e-300;
	let d = 1 / b;
	let h = d;
	for (let n = 1; n < 1000; n += 1) {
		const factor = -n * (n - a);
		b += 2;
		d = 1 / (factor * d + b);
		c = b + factor / c;
		h *= d * c;
		if (Math.abs(d * c - 1) < 1e-16) break;
	}
	return scale * h;
}

/** P(X > x) of the chi-square distribution with `freedom` degrees of freedom. */
export function chiSquareTail(x: number, freedom: number): number {
	return upperGamma(freedom / 2, Math.max(0, x) / 2);
}
