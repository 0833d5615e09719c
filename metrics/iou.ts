import { maskCounts, requireMasks } from "./mask.ts";
import type { PairedMetric } from "./metric.ts";

/**
 * Intersection over union of two masks, |A ∩ B| / |A ∪ B|, in [0, 1]; 1 when both are empty. A pixel is inside where any
 * of its channels is above `threshold`.
 */
export function iou({
	threshold = 0,
}: {
	/** @default 0 */
	readonly threshold?: number;
} = {}): PairedMetric {
	return {
		kind: "paired",
		id: "iou",
		better: "higher",
		unit: "",
		protocol: { threshold, empty: 1 },
		value(reference, image) {
			const [truth, guess] = requireMasks("iou", reference, image, threshold);
			const { tp, fp, fn } = maskCounts(truth, guess);
			return tp + fp + fn === 0 ? 1 : tp / (tp + fp + fn);
		},
	};
}
