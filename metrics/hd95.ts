import { type Spacing, squaredDistances } from "./distance-transform.ts";
import { requireMasks } from "./mask.ts";
import type { PairedMetric, Picture } from "./metric.ts";
import { quantile } from "./statistics/quantile.ts";

export interface SurfaceDistances {
	/** Distance of each border pixel of the guess to the nearest border pixel of the truth, in row order. */
	readonly guessToTruth: Float64Array;
	readonly truthToGuess: Float64Array;
}

/**
 * Distances between the borders of two masks. A border pixel is inside and has one of its four neighbours outside; beyond
 * the frame is outside. Throws when a mask is empty: it has no border.
 */
export function surfaceDistances(truth: Picture, guess: Picture, spacing: Spacing = [1, 1]): SurfaceDistances {
	const [a, b] = [border(truth), border(guess)];
	const read = (from: Picture, to: Picture): Float64Array => {
		const distances = squaredDistances(to, spacing);
		return distances.filter((_, at) => from.data[at] === 1).map(Math.sqrt);
	};
	const result = { guessToTruth: read(b, a), truthToGuess: read(a, b) };
	if (result.guessToTruth.length === 0 || result.truthToGuess.length === 0) {
		throw new RangeError("surface distance: both masks must have a pixel inside, got an empty one");
	}
	return result;
}

/**
 * Hausdorff distance of two masks at a percentile (95 by default, 100: the distance itself), in pixels or in the unit of
 * `spacing`. `pooled`: percentile of both directed lists together, as MedPy; `larger`: the larger of both percentiles, as
 * MONAI. Quantiles by linear interpolation.
 */
export function hd95({
	percentile = 95,
	directions = "larger",
	spacing = [1, 1],
	threshold = 0,
}: {
	/** @default 95 */
	readonly percentile?: number;
	/** @default "larger" */
	readonly directions?: "larger" | "pooled";
	/** @default [1, 1] */
	readonly spacing?: Spacing;
	/** A pixel is inside where any of its channels is above it. @default 0 */
	readonly threshold?: number;
} = {}): PairedMetric {
	return {
		kind: "paired",
		id: "hd95",
		better: "lower",
		unit: "px",
		protocol: { percentile, directions, spacing: spacing.join("x"), threshold },
		value(reference, image) {
			const [truth, guess] = requireMasks("hd95", reference, image, threshold);
			const { guessToTruth, truthToGuess } = surfaceDistances(truth, guess, spacing);
			const share = percentile / 100;
			if (directions === "pooled") return quantile([...guessToTruth, ...truthToGuess], share);
			return Math.max(quantile(guessToTruth, share), quantile(truthToGuess, share));
		},
	};
}

/** The mask of the border pixels. */
export function border({ data, height, width }: Picture): Picture {
	const edge = new Uint8Array(data.length);
	const inside = (row: number, column: number): boolean =>
		row >= 0 && row < height && column >= 0 && column < width && (data[row * width + column] as number) > 0;
	for (let at = 0; at < data.length; at += 1) {
		const [row, column] = [Math.floor(at / width), at % width];
		if (!inside(row, column)) continue;
		const whole =
			inside(row - 1, column) && inside(row + 1, column) && inside(row, column - 1) && inside(row, column + 1);
		if (!whole) edge[at] = 1;
	}
	return { data: edge, height, width, channels: 1 };
}
