import type { Picture } from "../metric.ts";
import { cubic, type Grid, resampleColumns, resampleRows, type Taps, toByte, toGrid } from "./separable.ts";

/**
 * MATLAB's imresize with the bicubic kernel (a = -0.5), which makes the low-resolution pictures of super-resolution papers.
 * Output sides are ceil(scale side); when shrinking, the kernel is stretched by 1 / scale unless `antialias` is false; rows
 * first, then columns. Bytes give bytes, floats give float64.
 *
 * `edges`: "mirror" (edge pixel repeated) as of later years, "clamp" as of older ones, which made the published sets.
 * `rounding`, for bytes: after each pass, as MATLAB does for uint8, or once at the end, as Python ports do.
 */
export function matlabResize(
	picture: Picture,
	scale: number,
	{
		antialias = true,
		edges = "mirror",
		rounding = "each-pass",
	}: {
		/** @default true */
		readonly antialias?: boolean;
		/** @default "mirror" */
		readonly edges?: "mirror" | "clamp";
		/** @default "each-pass" */
		readonly rounding?: "each-pass" | "end";
	} = {},
): Picture {
	if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) {
		throw new RangeError(`imresize: scale must be above 0, got ${scale}`);
	}
	const bytes = picture.data instanceof Uint8Array;
	const start = toGrid(picture);
	const rows = matlabTaps(start.height, scale, antialias, edges);
	const columns = matlabTaps(start.width, scale, antialias, edges);
	const middle: Grid = resampleRows(start, rows, bytes && rounding === "each-pass" ? toByte : undefined);
	const end = resampleColumns(middle, columns, bytes ? toByte : undefined);
	return bytes ? { ...end, data: Uint8Array.from(end.data) } : end;
}

/** Taps of one side. Positions are counted from 1, as in MATLAB. */
function matlabTaps(size: number, scale: number, antialias: boolean, edges: "mirror" | "clamp"): Taps {
	const shrink = antialias && scale < 1 ? scale : 1;
	const width = 4 / shrink;
	const count = Math.ceil(width) + 2;
	const out = Math.ceil(scale * size);
	const index = new Int32Array(out * count);
	const weight = new Float64Array(out * count);
	for (let at = 0; at < out; at += 1) {
		const centre = (at + 1) / scale + 0.5 * (1 - 1 / scale);
		const left = Math.floor(centre - width / 2);
		let sum = 0;
		for (let tap = 0; tap < count; tap += 1) {
			const value = shrink * cubic(shrink * (centre - left - tap), -0.5);
			weight[at * count + tap] = value;
			sum += value;
			const place = left + tap - 1;
			if (edges === "clamp") index[at * count + tap] = Math.max(0, Math.min(size - 1, place));
			else {
				const turn = ((place % (2 * size)) + 2 * size) % (2 * size);
				index[at * count + tap] = turn < size ? turn : 2 * size - 1 - turn;
			}
		}
		for (let tap = 0; tap < count; tap += 1) {
			weight[at * count + tap] = (weight[at * count + tap] as number) / sum;
		}
	}
	return { count, index, weight };
}
