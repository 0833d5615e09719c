/**
 * Attention quality against the true mask of what should change: `reference` is the mask, `image` the attention map
 * (see mask.ts). Values in [0, 1], higher is better.
 */
import {
	type AttentionThreshold,
	anyChannel,
	insideCount,
	mapOf,
	maskOverlap,
	requireMask,
	thresholdMap,
} from "./mask.ts";
import type { PairedMetric, Picture, Protocol } from "./metric.ts";

/** Intersection over union of the thresholded map with the true mask. */
export function attentionIou({
	threshold = "same-area",
}: {
	/** @default "same-area" */
	readonly threshold?: AttentionThreshold;
} = {}): PairedMetric {
	return mapMetric("attention-iou", { threshold }, (mask, map) =>
		maskOverlap(mask, thresholdMap(map, mask, threshold), 0),
	);
}

/**
 * The pointing game (Zhang et al., "Top-down neural attention by excitation backprop", 2016): 1 when the map's largest
 * value (the first in row order) lies in the mask or at most `within` pixels from it, else 0.
 */
export function pointingGame({
	within = 0,
}: {
	/** Euclidean distance in pixels. @default 0 */
	readonly within?: number;
} = {}): PairedMetric {
	return mapMetric("pointing-game", { within }, (mask, map) => {
		let best = 0;
		for (let at = 1; at < map.data.length; at += 1) {
			if ((map.data[at] as number) > (map.data[best] as number)) best = at;
		}
		const row = Math.floor(best / map.width);
		const column = best % map.width;
		for (let at = 0; at < mask.data.length; at += 1) {
			const [y, x] = [Math.floor(at / mask.width), at % mask.width];
			if ((mask.data[at] as number) > 0 && Math.hypot(y - row, x - column) <= within) return 1;
		}
		return 0;
	});
}

/** Σ map inside the mask / Σ map: the share of the attention that falls inside. */
export function attentionInside(): PairedMetric {
	return mapMetric("attention-inside", {}, (mask, map) => {
		let inside = 0;
		let total = 0;
		for (let at = 0; at < map.data.length; at += 1) {
			const value = map.data[at] as number;
			total += value;
			if ((mask.data[at] as number) > 0) inside += value;
		}
		return inside / total;
	});
}

function mapMetric(id: string, protocol: Protocol, value: (mask: Picture, map: Picture) => number): PairedMetric {
	return {
		kind: "paired",
		id,
		better: "higher",
		unit: "",
		protocol,
		value(reference, image) {
			const map = mapOf(id, image);
			const mask = anyChannel(reference);
			requireMask(id, mask, map);
			if (insideCount(mask) === 0) throw new RangeError(`${id}: the true mask must have a pixel inside, got none`);
			return value(mask, map);
		},
	};
}
