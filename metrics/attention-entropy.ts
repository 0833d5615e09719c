import { mapOf } from "./mask.ts";
import type { PairedMetric, Picture } from "./metric.ts";

/**
 * Entropy of an attention map taken as a distribution over its pixels, divided by ln(pixels): 0 for a single point, 1
 * for an even map. With `normalised: false` in nats.
 */
export function attentionEntropy(
	picture: Picture,
	{
		normalised = true,
	}: {
		/** @default true */
		readonly normalised?: boolean;
	} = {},
): number {
	const map = mapOf("attention-entropy", picture);
	let total = 0;
	for (let at = 0; at < map.data.length; at += 1) total += map.data[at] as number;
	let entropy = 0;
	for (let at = 0; at < map.data.length; at += 1) {
		const share = (map.data[at] as number) / total;
		if (share > 0) entropy -= share * Math.log(share);
	}
	return normalised && map.data.length > 1 ? entropy / Math.log(map.data.length) : entropy;
}

/** The normalised entropy of maps, each judged alone: lower for attention that is gathered in fewer places. */
export function meanAttentionEntropy(): PairedMetric {
	return {
		...{ kind: "paired", id: "attention-entropy", better: "lower", unit: "", judges: "image" },
		protocol: { normalised: true },
		value: (_, map) => attentionEntropy(map),
	};
}
