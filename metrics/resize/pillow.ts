import type { Picture } from "../metric.ts";
import { cubic, requireSize, resampleColumns, resampleRows, type Taps, toGrid } from "./separable.ts";

export type PillowFilter = "nearest" | "box" | "bilinear" | "hamming" | "bicubic" | "lanczos";

/** Half width and kernel of each filter, as Pillow's resample.c defines them. */
const kernels: Record<Exclude<PillowFilter, "nearest">, readonly [support: number, kernel: (x: number) => number]> = {
	box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
	bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
	hamming: [1, (x) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)))],
	bicubic: [2, (x) => cubic(x, -0.5)],
	lanczos: [3, (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

/**
 * Pillow's Image.resize, columns first, then rows, the kernel stretched when shrinking. Bytes: in fixed point of 22 bits
 * rounded to a byte after each pass, bit for bit. Floats: each channel as Pillow's mode "F", float32 after each pass, not
 * clipped (clean-fid clips to 0 … 255 afterwards: `clip`).
 */
export function pillowResize(
	picture: Picture,
	height: number,
	width: number,
	{
		filter = "bicubic",
		clip = false,
	}: {
		/** @default "bicubic" */
		readonly filter?: PillowFilter;
		/** Clips floats to 0 … 255, as clean-fid does. @default false */
		readonly clip?: boolean;
	} = {},
): Picture {
	requireSize("pillow resize", height, width);
	const bytes = picture.data instanceof Uint8Array;
	const start = toGrid(picture);
	if (filter === "nearest") {
		const columns = nearestTaps(start.width, width);
		const nearest = resampleRows(resampleColumns(start, columns), nearestTaps(start.height, height));
		return { ...nearest, data: bytes ? Uint8Array.from(nearest.data) : nearest.data };
	}
	const [support, kernel] = kernels[filter];
	const taps = (size: number, out: number): Taps => {
		const exact = pillowTaps(size, out, support, kernel);
		return bytes ? { ...exact, weight: exact.weight.map(fixedPoint) } : exact;
	};
	const finish = bytes ? fromFixedPoint : Math.fround;
	// A side that keeps its length is not touched.
	const middle = width === start.width ? start : resampleColumns(start, taps(start.width, width), finish);
	const end = height === start.height ? middle : resampleRows(middle, taps(start.height, height), finish);
	if (bytes) return { ...end, data: Uint8Array.from(end.data) };
	return clip ? { ...end, data: end.data.map((value) => Math.max(0, Math.min(255, value))) } : end;
}

/** Windows are cut at the edges and their weights normalised. */
function pillowTaps(size: number, out: number, support: number, kernel: (x: number) => number): Taps {
	const scale = size / out;
	const stretch = Math.max(1, scale);
	const reach = support * stretch;
	const count = Math.ceil(reach) * 2 + 1;
	const index = new Int32Array(out * count);
	const weight = new Float64Array(out * count);
	for (let at = 0; at < out; at += 1) {
		const centre = (at + 0.5) * scale;
		const low = Math.max(0, Math.trunc(centre - reach + 0.5));
		const high = Math.min(size, Math.trunc(centre + reach + 0.5));
		let sum = 0;
		for (let place = low; place < high; place += 1) {
			const value = kernel((place - centre + 0.5) * (1 / stretch));
			weight[at * count + place - low] = value;
			sum += value;
		}
		for (let tap = 0; tap < count; tap += 1) {
			index[at * count + tap] = Math.min(size - 1, low + tap);
			if (sum !== 0) weight[at * count + tap] = (weight[at * count + tap] as number) / sum;
		}
	}
	return { count, index, weight };
}

function nearestTaps(size: number, out: number): Taps {
	// Pillow adds up the step, and its rounding decides where a place falls on a boundary.
	let place = (size / out) * 0.5;
	const index = Int32Array.from({ length: out }, () => {
		const at = Math.min(size - 1, Math.floor(place));
		place += size / out;
		return at;
	});
	return { count: 1, index, weight: new Float64Array(out).fill(1) };
}

/** A weight in units of 2^-22, rounded half away from zero. */
function fixedPoint(weight: number): number {
	return Math.trunc(weight * 2 ** 22 + (weight < 0 ? -0.5 : 0.5));
}

function fromFixedPoint(sum: number): number {
	return Math.max(0, Math.min(255, Math.floor((sum + 2 ** 21) / 2 ** 22)));
}

function sinc(x: number): number {
	return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
