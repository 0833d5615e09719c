import type { Picture } from "../metric.ts";
import { cubic, type Grid, requireSize, resampleColumns, resampleRows, type Taps, toGrid } from "./separable.ts";

export type TorchMode = "nearest" | "nearest-exact" | "bilinear" | "bicubic" | "area";

/**
 * torch.nn.functional.interpolate on [height, width, channels], in its float32 arithmetic of positions and weights; values
 * are not clipped. `antialias` (bilinear, bicubic) stretches the kernel when shrinking and uses a = -0.5 for the cubic,
 * a = -0.75 without it.
 */
export function torchResize(
	picture: Picture,
	height: number,
	width: number,
	{
		mode = "bilinear",
		antialias = false,
		alignCorners = false,
	}: {
		/** @default "bilinear" */
		readonly mode?: TorchMode;
		/** @default false */
		readonly antialias?: boolean;
		/** @default false */
		readonly alignCorners?: boolean;
	} = {},
): Grid {
	requireSize("torch resize", height, width);
	const taps = (size: number, out: number): Taps => {
		if (mode === "nearest" || mode === "nearest-exact") return nearestTaps(size, out, mode === "nearest" ? 0 : 0.5);
		if (mode === "area") return areaTaps(size, out);
		if (antialias) return antialiasTaps(size, out, mode);
		return pointTaps(size, out, mode, alignCorners);
	};
	const start = toGrid(picture);
	return resampleRows(
		resampleColumns(start, taps(start.width, width), Math.fround),
		taps(start.height, height),
		Math.fround,
	);
}

function nearestTaps(size: number, out: number, shift: number): Taps {
	const scale = Math.fround(size / out);
	const index = Int32Array.from({ length: out }, (_, at) =>
		Math.min(size - 1, Math.floor(Math.fround(Math.fround(at + shift) * scale))),
	);
	return { count: 1, index, weight: new Float64Array(out).fill(1) };
}

/** Adaptive average pooling: means from floor(i in / out) to ceil((i + 1) in / out). */
function areaTaps(size: number, out: number): Taps {
	const count = Math.ceil(size / out) + 1;
	const index = new Int32Array(out * count);
	const weight = new Float64Array(out * count);
	for (let at = 0; at < out; at += 1) {
		const low = Math.floor((at * size) / out);
		const high = Math.ceil(((at + 1) * size) / out);
		for (let place = low; place < high; place += 1) {
			index[at * count + place - low] = place;
			weight[at * count + place - low] = 1 / (high - low);
		}
	}
	return { count, index, weight };
}

/** Two or four taps about the point itself; places beyond the edge are the edge pixel. */
function pointTaps(size: number, out: number, mode: "bilinear" | "bicubic", alignCorners: boolean): Taps {
	const { fround } = Math;
	const count = mode === "bilinear" ? 2 : 4;
	const scale = alignCorners ? (out > 1 ? fround((size - 1) / (out - 1)) : 0) : fround(size / out);
	const index = new Int32Array(out * count);
	const weight = new Float64Array(out * count);
	for (let at = 0; at < out; at += 1) {
		const exact = alignCorners ? fround(scale * at) : fround(fround(scale * fround(at + 0.5)) - 0.5);
		const place = mode === "bilinear" ? Math.max(0, exact) : exact;
		const low = Math.floor(place);
		const part = fround(place - low);
		for (let tap = 0; tap < count; tap += 1) {
			const offset = mode === "bilinear" ? tap : tap - 1;
			index[at * count + tap] = Math.max(0, Math.min(size - 1, low + offset));
			const value = mode === "bilinear" ? (tap === 0 ? 1 - part : part) : cubic(part - offset, -0.75);
			weight[at * count + tap] = fround(value);
		}
	}
	return { count, index, weight };
}

/** Windows as Pillow's, cut at the edges and normalised, in float32. */
function antialiasTaps(size: number, out: number, mode: "bilinear" | "bicubic"): Taps {
	const { fround } = Math;
	const scale = fround(size / out);
	const stretch = Math.max(1, scale);
	const reach = fround((mode === "bilinear" ? 1 : 2) * stretch);
	const count = Math.ceil(reach) * 2 + 1;
	const index = new Int32Array(out * count);
	const weight = new Float64Array(out * count);
	for (let at = 0; at < out; at += 1) {
		const centre = fround(scale * fround(at + 0.5));
		const low = Math.max(0, Math.trunc(fround(fround(centre - reach) + 0.5)));
		const high = Math.min(size, Math.trunc(fround(fround(centre + reach) + 0.5)));
		let sum = 0;
		for (let tap = 0; tap < count; tap += 1) {
			index[at * count + tap] = Math.min(size - 1, low + tap);
			if (low + tap >= high) continue;
			const x = fround(fround(low + tap - centre + 0.5) / stretch);
			const value = fround(mode === "bilinear" ? Math.max(0, 1 - Math.abs(x)) : cubic(x, -0.5));
			weight[at * count + tap] = value;
			sum = fround(sum + value);
		}
		for (let tap = 0; tap < count; tap += 1) {
			weight[at * count + tap] = fround((weight[at * count + tap] as number) / sum);
		}
	}
	return { count, index, weight };
}
