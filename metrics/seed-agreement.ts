import { largestValues, mapOf, maskOverlap } from "./mask.ts";
import type { PairedMetric, Picture } from "./metric.ts";
import { pearson } from "./statistics/correlation.ts";

/**
 * Agreement of the attention maps that trainings with several seeds give one picture: the mean over all pairs of maps of
 * Pearson's correlation, and of the IoU of the `share` largest values of each. A constant map correlates with nothing:
 * NaN.
 */
export function seedAgreement(
	pictures: readonly Picture[],
	{
		share = 0.2,
	}: {
		/** Share of the pixels kept for the IoU. @default 0.2 */
		readonly share?: number;
	} = {},
): { readonly correlation: number; readonly iou: number } {
	const maps = pictures.map((picture) => mapOf("seed-agreement", picture));
	const [first] = maps;
	if (first === undefined || maps.length < 2) {
		throw new RangeError(`seed-agreement: needs at least 2 maps, got ${maps.length}`);
	}
	for (const map of maps) {
		if (map.width !== first.width || map.height !== first.height) {
			throw new RangeError(
				`seed-agreement: maps must have equal sizes, got ${first.height}x${first.width} and ${map.height}x${map.width}`,
			);
		}
	}
	const kept = Math.max(1, Math.round(share * first.data.length));
	const pairs = maps.flatMap((map, at) => maps.slice(at + 1).map((other) => [map, other] as const));
	const mean = (measure: (map: Picture, other: Picture) => number): number =>
		pairs.reduce((sum, [map, other]) => sum + measure(map, other), 0) / pairs.length;
	return {
		correlation: mean((map, other) => pearson(map.data, other.data).statistic),
		iou: mean((map, other) => maskOverlap(largestValues(map, kept), largestValues(other, kept), 0)),
	};
}

/** The agreement of the maps of two trainings, picture by picture: `seed-correlation` or `seed-iou`. Higher is better. */
export function pairedSeedAgreement(part: "correlation" | "iou"): PairedMetric {
	return {
		...{ kind: "paired", id: `seed-${part}`, better: "higher", unit: "" },
		protocol: part === "iou" ? { share: 0.2 } : {},
		value: (first, second) => seedAgreement([first, second])[part],
	};
}
