import { maskCounts, requireMasks } from "./mask.ts";
import type { PairedMetric } from "./metric.ts";

/**
 * Dice's overlap of two masks, 2 |A ∩ B| / (|A| + |B|), in [0, 1]; 1 when both are empty. A pixel is inside where any of
 * its channels is above `threshold`.
 */
export function dice({
	threshold = 0,
}: {
	/** @default 0 */
	readonly threshold?: number;
} = {}): PairedMetric {
	return {
		kind: "paired",
		id: "dice",
		better: "higher",
		unit: "",
		protocol: { threshold, empty: 1 },
		value(reference, image) {
			const [truth, guess] = requireMasks("dice", reference, image, threshold);
			const { tp, fp, fn } = maskCounts(truth, guess);
			return tp + fp + fn === 0 ? 1 : (2 * tp) / (2 * tp + fp + fn);
		},
	};
}

/**
 * Dice of chances in [0, 1] against a mask: 2 Σ p t / (Σ p + Σ t), or with `squared` denominators 2 Σ p t / (Σ p² + Σ t²).
 */
export function softDice(
	truth: ArrayLike<number>,
	chances: ArrayLike<number>,
	{ squared = false }: { readonly squared?: boolean } = {},
): number {
	if (truth.length !== chances.length) {
		throw new RangeError(`soft dice: sides must be equally long, got ${truth.length} and ${chances.length}`);
	}
	let both = 0;
	let sum = 0;
	for (let at = 0; at < truth.length; at += 1) {
		const [t, p] = [truth[at] as number, chances[at] as number];
		both += t * p;
		sum += squared ? t * t + p * p : t + p;
	}
	return sum === 0 ? 1 : (2 * both) / sum;
}
