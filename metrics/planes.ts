/** Pictures as planes of float64: what the paired metrics compute on. */
import { rgbToYcbcr } from "./color.ts";
import type { Picture } from "./metric.ts";

/** One channel, row-major [height, width]. */
export interface Plane {
	readonly data: Float64Array;
	readonly height: number;
	readonly width: number;
}

/**
 * What of a colour picture is compared: `channels` each channel for itself; `y` the unrounded BT.601 studio-swing luma of
 * bytes (16 … 235); `y-rounded` the same as whole numbers, as MATLAB's rgb2ycbcr gives for bytes; `yiq-rounded` the luma
 * .299 .587 .114 as whole numbers. A grey picture is compared as it is.
 */
export type Space = "channels" | "y" | "y-rounded" | "yiq-rounded";

export interface PlanesOptions {
	readonly space?: Space;
	/** Pixels taken off each side before anything else. */
	readonly crop?: number;
}

/** The planes of a picture. The luma spaces need values on 0 … 255. */
export function planes(picture: Picture, { space = "channels", crop = 0 }: PlanesOptions = {}): Plane[] {
	const { width, channels } = picture;
	const height = picture.height - 2 * crop;
	const columns = width - 2 * crop;
	if (height < 1 || columns < 1) {
		throw new RangeError(`crop: must leave a pixel of ${picture.height}x${width}, got ${crop}`);
	}
	if (space !== "channels" && channels === 3) {
		const rgb = new Float64Array(height * columns * 3);
		for (let row = 0; row < height; row += 1) {
			const from = ((row + crop) * width + crop) * 3;
			rgb.set(picture.data.subarray(from, from + columns * 3), row * columns * 3);
		}
		return [{ data: luma(rgb, space), height, width: columns }];
	}
	return Array.from({ length: channels }, (_, channel) => {
		const data = new Float64Array(height * columns);
		for (let row = 0; row < height; row += 1) {
			let from = ((row + crop) * width + crop) * channels + channel;
			const end = (row + 1) * columns;
			for (let at = row * columns; at < end; at += 1, from += channels) data[at] = picture.data[from] as number;
		}
		return { data, height, width: columns };
	});
}

function luma(rgb: Float64Array, space: Exclude<Space, "channels">): Float64Array {
	if (space === "yiq-rounded") {
		return Float64Array.from({ length: rgb.length / 3 }, (_, at) => {
			const [r, g, b] = [rgb[3 * at] as number, rgb[3 * at + 1] as number, rgb[3 * at + 2] as number];
			return Math.round(0.299 * r + 0.587 * g + 0.114 * b);
		});
	}
	const ycbcr = rgbToYcbcr(rgb);
	const round = space === "y-rounded";
	return Float64Array.from({ length: rgb.length / 3 }, (_, at) => {
		const y = ycbcr[3 * at] as number;
		return round ? Math.floor(y + 0.5) : y;
	});
}

/**
 * Throws unless both pictures have one shape and finite values. Bytes have the range 255; a picture of floats has the
 * range that the metric was told, which it must be (`range`).
 */
export function requireComparable(
	where: string,
	reference: Picture,
	image: Picture,
	range: number | undefined,
): number {
	for (const { data, height, width, channels } of [reference, image]) {
		if (data.length !== height * width * channels) {
			throw new RangeError(
				`${where}: a picture of [${height},${width},${channels}] must hold that many values, got ${data.length}`,
			);
		}
	}
	if (reference.height !== image.height || reference.width !== image.width || reference.channels !== image.channels) {
		throw new RangeError(
			`${where}: images must have equal shapes, got [${reference.height},${reference.width},${reference.channels}] and [${image.height},${image.width},${image.channels}]`,
		);
	}
	if (range !== undefined && !(range > 0)) throw new RangeError(`${where}: range must be above 0, got ${range}`);
	for (const { data } of [reference, image]) {
		if (data instanceof Uint8Array) continue;
		if (range === undefined) throw new TypeError(`${where}: pictures of floats need a range (1 or 255), got none`);
		for (let at = 0; at < data.length; at += 1) {
			if (!Number.isFinite(data[at])) throw new RangeError(`${where}: values must be finite, got ${data[at]} at ${at}`);
		}
	}
	return range ?? 255;
}
