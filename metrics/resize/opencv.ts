import type { Picture } from "../metric.ts";
import { cubic, requireSize, resampleColumns, resampleRows, type Taps, toByte, toGrid } from "./separable.ts";

export type OpencvInterpolation = "nearest" | "linear" | "cubic" | "area" | "lanczos4";

/**
 * OpenCV's resize: half-pixel centres, no antialias except `area`; the cubic has a = -0.75. Bytes are computed in float64
 * and rounded once, within a grey level of OpenCV's fixed point; floats in float64, within float32's rounding.
 */
export function opencvResize(
	picture: Picture,
	height: number,
	width: number,
	{
		interpolation = "linear",
	}: {
		/** @default "linear" */
		readonly interpolation?: OpencvInterpolation;
	} = {},
): Picture {
	requireSize("opencv resize", height, width);
	const start = toGrid(picture);
	// `area` averages only where both sides shrink.
	const shrinks = height <= start.height && width <= start.width;
	const taps = (size: number, out: number): Taps => {
		if (interpolation === "nearest") return nearestTaps(size, out);
		if (interpolation === "area") return shrinks ? areaTaps(size, out) : areaEnlargeTaps(size, out);
		if (interpolation === "linear") return pointTaps(size, out, 2, (x) => 1 - Math.abs(x));
		if (interpolation === "cubic") return pointTaps(size, out, 4, (x) => cubic(x, -0.75));
		return pointTaps(size, out, 8, lanczos4);
	};
	const bytes = picture.data instanceof Uint8Array;
	const across = resampleColumns(start, taps(start.width, width));
	const end = resampleRows(across, taps(start.height, height), bytes ? toByte : Math.fround);
	return bytes ? { ...end, data: Uint8Array.from(end.data) } : end;
}

function nearestTaps(size: number, out: number): Taps {
	const index = Int32Array.from({ length: out }, (_, at) => Math.min(size - 1, Math.floor((at * size) / out)));
	return { count: 1, index, weight: new Float64Array(out).fill(1) };
}

/** `count` taps about the point; places beyond the edge are the edge pixel; weights normalised. */
function pointTaps(size: number, out: number, count: number, kernel: (x: number) => number): Taps {
	const index = new Int32Array(out * count);
	const weight = new Float64Array(out * count);
	for (let at = 0; at < out; at += 1) {
		const place = ((at + 0.5) * size) / out - 0.5;
		const low = Math.floor(place);
		let sum = 0;
		for (let tap = 0; tap < count; tap += 1) {
			const offset = tap - count / 2 + 1;
			const value = kernel(place - low - offset);
			weight[at * count + tap] = value;
			sum += value;
			index[at * count + tap] = Math.max(0, Math.min(size - 1, low + offset));
		}
		for (let tap = 0; tap < count; tap += 1) weight[at * count + tap] = (weight[at * count + tap] as number) / sum;
	}
	return { count, index, weight };
}

/** Each output pixel is the mean of the part of the input it covers. */
function areaTaps(size: number, out: number): Taps {
	const scale = size / out;
	const count = Math.ceil(scale) + 1;
	const index = new Int32Array(out * count);
	const weight = new Float64Array(out * count);
	for (let at = 0; at < out; at += 1) {
		const [from, to] = [at * scale, Math.min(size, (at + 1) * scale)];
		const low = Math.floor(from);
		for (let tap = 0; tap < count; tap += 1) {
			const covered = Math.min(to, low + tap + 1) - Math.max(from, low + tap);
			index[at * count + tap] = Math.min(size - 1, low + tap);
			weight[at * count + tap] = Math.max(0, covered) / (to - from);
		}
	}
	return { count, index, weight };
}

/** `area` when enlarging: the pixel itself, and a linear step to the next where an output pixel straddles both. */
function areaEnlargeTaps(size: number, out: number): Taps {
	const scale = size / out;
	const index = new Int32Array(out * 2);
	const weight = new Float64Array(out * 2);
	for (let at = 0; at < out; at += 1) {
		const low = Math.floor(at * scale);
		const beyond = at + 1 - (low + 1) / scale;
		const part = beyond <= 0 ? 0 : beyond - Math.floor(beyond);
		index.set([Math.min(size - 1, low), Math.min(size - 1, low + 1)], 2 * at);
		weight.set([1 - part, part], 2 * at);
	}
	return { count: 2, index, weight };
}

function lanczos4(x: number): number {
	if (x === 0) return 1;
	return Math.abs(x) >= 4 ? 0 : (4 * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / 4)) / (Math.PI * x) ** 2;
}
