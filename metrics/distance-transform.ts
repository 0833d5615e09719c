import type { Picture } from "./metric.ts";

/** Height and width of a pixel, in the unit that distances are wanted in. */
export type Spacing = readonly [row: number, column: number];

/**
 * Squared Euclidean distance of every pixel to the nearest one inside `mask`, exact, in linear time (Felzenszwalb and
 * Huttenlocher, "Distance transforms of sampled functions", 2012): lower envelopes of parabolas down the columns, then
 * along the rows. Infinite everywhere when nothing is inside.
 */
export function squaredDistances(mask: Picture, [down, across]: Spacing = [1, 1]): Float64Array {
	const { height, width } = mask;
	const distances = Float64Array.from(mask.data, (value) => (value > 0 ? 0 : Number.POSITIVE_INFINITY));
	for (let column = 0; column < width; column += 1) envelope(distances, column, width, height, down);
	for (let row = 0; row < height; row += 1) envelope(distances, row * width, 1, width, across);
	return distances;
}

/** Distance of every pixel inside `mask` to the nearest one outside, 0 outside: scipy's distance_transform_edt. */
export function insideDistances(mask: Picture, spacing: Spacing = [1, 1]): Float64Array {
	const outside = { ...mask, data: Uint8Array.from(mask.data, (value) => (value > 0 ? 0 : 1)) };
	return squaredDistances(outside, spacing).map(Math.sqrt);
}

/** In place, on `count` values from `start` in steps of `step`: min over q of values[q] + (unit (p - q))². */
function envelope(values: Float64Array, start: number, step: number, count: number, unit: number): void {
	const heights = Float64Array.from({ length: count }, (_, at) => values[start + at * step] as number);
	const apexes = new Int32Array(count);
	const from = new Float64Array(count + 1);
	let top = -1;
	for (let q = 0; q < count; q += 1) {
		const height = heights[q] as number;
		if (height === Number.POSITIVE_INFINITY) continue;
		let crossing = Number.NEGATIVE_INFINITY;
		while (top >= 0) {
			const r = apexes[top] as number;
			crossing = (height - (heights[r] as number)) / (2 * unit * unit * (q - r)) + (q + r) / 2;
			if (crossing > (from[top] as number)) break;
			top -= 1;
			crossing = Number.NEGATIVE_INFINITY;
		}
		top += 1;
		apexes[top] = q;
		from[top] = crossing;
	}
	if (top < 0) return;
	let piece = 0;
	for (let p = 0; p < count; p += 1) {
		while (piece < top && (from[piece + 1] as number) < p) piece += 1;
		const q = apexes[piece] as number;
		values[start + p * step] = (heights[q] as number) + (unit * (p - q)) ** 2;
	}
}
