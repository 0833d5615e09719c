/** What a batch of pictures in memory is, and its value range. */

/** `byte`: 0 … 255, `unit`: 0 … 1, `signed`: -1 … 1 (what the networks here take and give). */
export type ValueRange = "byte" | "unit" | "signed";

/** Pictures of one size, [count, height, width, channels] row-major. */
export interface Images<Range extends ValueRange = ValueRange> {
	readonly data: Range extends "byte" ? Uint8Array : Float32Array;
	readonly count: number;
	readonly height: number;
	readonly width: number;
	/** @default 3 */
	readonly channels?: number;
	readonly range: Range;
}

/**
 * As bytes, nearest value, clamped: a network's output is judged as the PNG file that it would be saved as. Throws on
 * NaN and where the values do not fill the shape.
 */
export function toBytes(images: Images): Images<"byte"> {
	const { count, height, width, channels = 3, range } = images;
	const wanted = count * height * width * channels;
	if (images.data.length !== wanted) {
		throw new RangeError(`images: must hold ${count}×${height}×${width}×${channels} values, got ${images.data.length}`);
	}
	if (range === "byte") return images as Images<"byte">;
	const data = new Uint8ClampedArray(wanted);
	const [scale, shift] = range === "unit" ? [255, 0] : [127.5, 127.5];
	for (let at = 0; at < wanted; at += 1) {
		const value = images.data[at] as number;
		if (Number.isNaN(value)) {
			throw new RangeError(`images: values must be numbers, got NaN in picture ${Math.floor(at / (wanted / count))}`);
		}
		data[at] = Math.round(value * scale + shift);
	}
	return { data: new Uint8Array(data.buffer), count, height, width, channels, range: "byte" };
}
