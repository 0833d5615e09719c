import { upperGamma } from "./gamma.ts";

/** P(Z > z) of the standard normal distribution; keeps its relative accuracy in the far tail. */
export function normalTail(z: number): number {
	const half = upperGamma(0.5, (z * z) / 2) / 2;
	return z >= 0 ? half : 1 - half;
}

/** P(Z ≤ z) of the standard normal distribution. */
export function normalCumulative(z: number): number {
	return normalTail(-z);
}

/** The z with P(Z ≤ z) = p, for 0 ≤ p ≤ 1 (−∞ and ∞ at the ends). */
export function normalQuantile(p: number): number {
	if (!(p >= 0 && p <= 1)) throw new RangeError(`normalQuantile: p must be from 0 to 1, got ${p}`);
	if (p === 0) return Number.NEGATIVE_INFINITY;
	if (p === 1) return Number.POSITIVE_INFINITY;
	if (p > 0.5) return -normalQuantile(1 - p);
	// A start within 5e-4 (Abramowitz and Stegun 26.2.23), then Halley's iteration to full precision.
	const t = Math.sqrt(-2 * Math.log(p));
	let z = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
	for (let step = 0; step < 4; step += 1) {
		const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
		const ratio = (normalTail(-z) - p) / density;
		z -= ratio / (1 + (ratio * z) / 2);
	}
	return z;
}
