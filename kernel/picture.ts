import type { Bundle } from "./messages.ts";
import { encodePng, type Pixels } from "./png.ts";

/** Pictures and tensors of pictures, shown as pictures. */

/** `byte`: 0 … 255, `unit`: 0 … 1, `signed`: -1 … 1. */
export type PictureRange = "byte" | "unit" | "signed";

/** A batch of pictures of one size, [count, height, width, channels] row-major. */
export interface PictureBatch {
	readonly data: ArrayLike<number>;
	readonly count: number;
	readonly height: number;
	readonly width: number;
	/** @default 3 */
	readonly channels?: number;
	readonly range: PictureRange;
}

/** What a tensor of TensorFlow.js has that is needed here: [h, w], [h, w, c] or [n, h, w, c]. */
export interface PictureTensor {
	readonly shape: readonly number[];
	dataSync(): ArrayLike<number>;
}

export interface GridOptions {
	/** The range of a tensor's values. @default "unit" */
	readonly range?: PictureRange;
	/** Pictures in a row. @default all, at most 8 */
	readonly columns?: number;
	/** Each pixel becomes this many across. @default so that a picture is at least 128 wide */
	readonly scale?: number;
	/** Pixels between pictures. @default 4 */
	readonly gap?: number;
}

const HIGHEST: Readonly<Record<PictureRange, readonly [low: number, high: number]>> = {
	byte: [0, 255],
	unit: [0, 1],
	signed: [-1, 1],
};
/** Rounding may carry a network's output this far out of its range. */
const SLACK = 1e-3;

/** @throws RangeError when the shape is not a picture's, or a value is not of the range. */
function toBatch(pictures: PictureBatch | PictureTensor, range: PictureRange): PictureBatch {
	if (!("shape" in pictures)) return pictures;
	const { shape } = pictures;
	const isFlat = shape.length === 2;
	const [count = 1, height = 0, width = 0, channels = 1] =
		shape.length === 4 ? shape : shape.length === 3 ? [1, ...shape] : isFlat ? [1, ...shape, 1] : [];
	if (height === 0 || width === 0 || ![1, 3, 4].includes(channels))
		throw new RangeError(
			`picture: shape must be [h, w], [h, w, c] or [n, h, w, c] with 1, 3 or 4 channels, got [${shape.join(", ")}]`,
		);
	return { data: pictures.dataSync(), count, height, width, channels, range };
}

/** The pixels of one grid of all pictures, on white. */
export function gridPixels(pictures: PictureBatch | PictureTensor, options: GridOptions = {}): Pixels {
	const { range = "unit", gap = 4 } = options;
	const batch = toBatch(pictures, range);
	const { data, count, height, width, channels = 3 } = batch;
	const { columns = Math.min(count, 8), scale = Math.max(1, Math.ceil(128 / width)) } = options;
	const [low, high] = HIGHEST[batch.range];
	const slack = SLACK * (high - low);
	const rows = Math.ceil(count / columns);
	const all = { width: columns * (width * scale + gap) - gap, height: rows * (height * scale + gap) - gap };
	const bytes = new Uint8Array(all.width * all.height * 3).fill(255);
	for (let index = 0; index < count; index++) {
		const left = (index % columns) * (width * scale + gap);
		const top = Math.floor(index / columns) * (height * scale + gap);
		for (let y = 0; y < height * scale; y++) {
			for (let x = 0; x < width * scale; x++) {
				const from = ((index * height + Math.floor(y / scale)) * width + Math.floor(x / scale)) * channels;
				const to = ((top + y) * all.width + left + x) * 3;
				for (let channel = 0; channel < 3; channel++) {
					const value = data[channels < 3 ? from : from + channel] ?? Number.NaN;
					if (!(value >= low - slack && value <= high + slack))
						throw new RangeError(`picture: values must be ${low} … ${high} (range: "${batch.range}"), got ${value}`);
					bytes[to + channel] = Math.round((255 * (Math.min(high, Math.max(low, value)) - low)) / (high - low));
				}
			}
		}
	}
	return { data: bytes, ...all, channels: 3 };
}

export class Picture {
	readonly pixels: Pixels;
	private readonly text: string;

	constructor(pixels: Pixels, text: string) {
		this.pixels = pixels;
		this.text = text;
	}

	/** The bytes of a PNG file. */
	png(): Uint8Array {
		return encodePng(this.pixels);
	}

	[Symbol.for("Jupyter.display")](): Bundle {
		return { "image/png": this.png(), "text/plain": this.text };
	}
}

/** One picture, or a batch as a grid. */
export function picture(pictures: PictureBatch | PictureTensor, options: GridOptions = {}): Picture {
	const { count, height, width } = toBatch(pictures, options.range ?? "unit");
	const text = `[${count === 1 ? "picture" : `${count} pictures`} of ${width} × ${height}]`;
	return new Picture(gridPixels(pictures, options), text);
}
