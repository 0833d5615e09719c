import { maskedMetric, requireMask } from "./mask.ts";
import type { PairedMetric, Picture } from "./metric.ts";

/**
 * Σ |edited - source| inside the mask / Σ |edited - source|, over all channels: the share of an edit that falls where it
 * should, in [0, 1], higher is better. NaN when nothing changed: there is then no share to speak of.
 */
export function changeInside(source: Picture, edited: Picture, mask: Picture): number {
	requireMask("change-inside", mask, source);
	if (edited.data.length !== source.data.length || edited.width !== source.width) {
		throw new RangeError(
			`change-inside: pictures must have equal shapes, got [${source.height},${source.width},${source.channels}] and [${edited.height},${edited.width},${edited.channels}]`,
		);
	}
	let inside = 0;
	let total = 0;
	for (let at = 0; at < source.data.length; at += 1) {
		const change = Math.abs((edited.data[at] as number) - (source.data[at] as number));
		total += change;
		if ((mask.data[Math.floor(at / source.channels)] as number) > 0) inside += change;
	}
	return inside / total;
}

/** `changeInside` of pairs with masks. */
export function maskedChangeInside(): PairedMetric {
	return maskedMetric({ id: "change-inside", unit: "", protocol: {} }, changeInside);
}
