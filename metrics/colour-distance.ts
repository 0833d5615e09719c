import type { PairedMetric } from "./metric.ts";
import { type Plane, planes, requireComparable } from "./planes.ts";

/**
 * How far the colours of a picture have moved, wherever in the picture they are: the 1-Wasserstein distance between the values
 * of each channel (for as many pixels: the mean difference of the sorted values, as scipy.stats.wasserstein_distance), mean of
 * the channels, as a share of `range`. 0 for the same colours in any order, 1 between black and white.
 */
export function colourDistance({
	range,
}: {
	/** Largest possible value. @default 255 for bytes */
	readonly range?: number;
} = {}): PairedMetric {
	return {
		kind: "paired",
		id: "colour-distance",
		better: "lower",
		unit: "",
		protocol: { distance: "1-Wasserstein per channel", range: range ?? 255 },
		value(reference, image) {
			const peak = requireComparable("colour-distance", reference, image, range);
			const second = planes(image);
			const distances = planes(reference).map(({ data }, channel) => {
				const from = data.sort();
				const to = (second[channel] as Plane).data.sort();
				let sum = 0;
				for (let at = 0; at < from.length; at += 1) sum += Math.abs((from[at] as number) - (to[at] as number));
				return sum / from.length;
			});
			return distances.reduce((sum, value) => sum + value, 0) / distances.length / peak;
		},
	};
}
