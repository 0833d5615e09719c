/**
 * SAG-GAN's relative improvement, (ours - base) / (1 - base): the share of the baseline's error that is removed, for
 * scores of which 1 is best. 0 for no change, 1 for a perfect score, negative for a loss.
 */
export function relativeImprovement(ours: number, base: number): number {
	if (!(base < 1)) throw new RangeError(`relative-improvement: base must be below 1, got ${base}`);
	return (ours - base) / (1 - base);
}
