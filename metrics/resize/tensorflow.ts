import type { Picture } from "../metric.ts";
import { type Grid, requireSize, toGrid } from "./separable.ts";

/**
 * TensorFlow 1's resize_bilinear, which the original FID and Inception Score stand on: source = destination in / out, with
 * no half-pixel centre (or (in - 1) / (out - 1) with `alignCorners`), in float32, on values 0 … 255.
 */
export function tensorflowResize(
	picture: Picture,
	height: number,
	width: number,
	{
		alignCorners = false,
	}: {
		/** @default false */
		readonly alignCorners?: boolean;
	} = {},
): Grid {
	requireSize("tensorflow resize", height, width);
	const { fround } = Math;
	const { data, height: rows, width: columns, channels } = toGrid(picture);
	const y = positions(rows, height, alignCorners);
	const x = positions(columns, width, alignCorners);
	const resized = new Float64Array(height * width * channels);
	for (let row = 0; row < height; row += 1) {
		const top = (y.low[row] as number) * columns;
		const bottom = (y.high[row] as number) * columns;
		const down = y.part[row] as number;
		for (let column = 0; column < width; column += 1) {
			const left = x.low[column] as number;
			const right = x.high[column] as number;
			const along = x.part[column] as number;
			for (let channel = 0; channel < channels; channel += 1) {
				const at = (row: number, column: number): number => fround(data[(row + column) * channels + channel] as number);
				const topLeft = at(top, left);
				const bottomLeft = at(bottom, left);
				const upper = fround(topLeft + fround(fround(at(top, right) - topLeft) * along));
				const lower = fround(bottomLeft + fround(fround(at(bottom, right) - bottomLeft) * along));
				resized[(row * width + column) * channels + channel] = fround(upper + fround(fround(lower - upper) * down));
			}
		}
	}
	return { data: resized, height, width, channels };
}

/** The two source places of each output place and how far it lies between them, in float32. */
function positions(size: number, out: number, alignCorners: boolean): Record<"low" | "high" | "part", Float64Array> {
	const { fround } = Math;
	const scale = alignCorners && out > 1 ? fround((size - 1) / (out - 1)) : fround(size / out);
	const place = Float64Array.from({ length: out }, (_, at) => fround(at * scale));
	const low = place.map((value) => Math.min(size - 1, Math.floor(value)));
	return {
		low,
		high: low.map((value) => Math.min(size - 1, value + 1)),
		part: place.map((value, at) => fround(value - (low[at] as number))),
	};
}
