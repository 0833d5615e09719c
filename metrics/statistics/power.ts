import { normalQuantile } from "./normal.ts";

export interface PowerOptions {
	/** Level of the interval that decides. @default 0.95 */
	readonly level?: number;
	/** Chance of seeing a difference that is there. @default 0.8 */
	readonly power?: number;
}

/** The smallest true difference that samples with this standard error show with the wanted power. */
export function detectableDifference(standardError: number, { level = 0.95, power = 0.8 }: PowerOptions = {}): number {
	if (!(standardError >= 0)) throw new RangeError(`power: standard error must be at least 0, got ${standardError}`);
	return (normalQuantile(1 - (1 - level) / 2) + normalQuantile(power)) * standardError;
}

/** Samples (or pairs) that show `difference` when a single one deviates by `deviation`. */
export function samplesNeeded(difference: number, deviation: number, options: PowerOptions = {}): number {
	if (difference === 0) throw new RangeError("power: difference must not be 0: no number of samples shows it");
	return Math.ceil((detectableDifference(deviation, options) / difference) ** 2);
}

/**
 * A line for the reader when `count` samples are too few to show `claimed`, else nothing. `spread` is the standard error
 * of the measured difference.
 */
export function powerNote(
	claimed: number,
	{ spread, count, ...options }: PowerOptions & { readonly spread: number; readonly count: number },
): string | undefined {
	const least = detectableDifference(spread, options);
	if (Math.abs(claimed) >= least) return undefined;
	const needed = samplesNeeded(claimed, spread * Math.sqrt(count), options);
	const percent = Math.round(100 * (options.power ?? 0.8));
	return `too few samples for the claim: ${count} show a difference of ${least.toPrecision(2)} with ${percent} % power, the claimed ${Math.abs(claimed).toPrecision(2)} needs about ${needed}`;
}
