/** Pictures in two resolutions, and their batches: aligned patches for training, whole pictures for testing. */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../../engine/random.ts";
import { matlabResize } from "../../metrics/resize/matlab.ts";
import type { ResolutionBatch } from "../../models/paper.ts";
import { readCached } from "../example-cache.ts";
import { type Order, type Position, positions, prefetched } from "../order.ts";
import type { PixelArray } from "../pictures.ts";
import { crop, resizeBytes } from "../resize.ts";
import { type Dataset, type Split, signedPixels } from "./dataset.ts";

export interface ResolutionExample {
	readonly id: string;
	readonly low: PixelArray;
	/** `scale` times as high and wide as `low`. */
	readonly high: PixelArray;
	/** One number per attribute, 0 or 1 (−1, 0 or 1 in guided-faces.ts), where the set has attributes. */
	readonly label?: Float32Array;
}

export interface ResolutionDataset {
	readonly name: string;
	/** How many times larger the high resolution is. */
	readonly scale: number;
	readonly channels: number;
	readonly attributes?: readonly string[];
	count(split: Split): number;
	/** Pictures may differ in size. */
	read(split: Split, index: number): Promise<ResolutionExample>;
	describe(): string;
}

export interface ResolutionStreamBatch extends ResolutionBatch {
	/** Number of the batch in its stream: pass `start: number + 1` to go on after it. */
	readonly number: number;
	readonly ids: readonly string[];
}

export interface ResolutionOptions extends Order {
	readonly split: Split;
	/** Side of the low-resolution patches, pixels. @default whole pictures, which must then be of one size in a batch */
	readonly patch?: number;
	/** Mirrors and turns patches at random, all eight ways. @default false */
	readonly turn?: boolean;
	/** Batches read ahead while the caller works. @default 2 */
	readonly prefetch?: number;
	/** Bytes of decoded pictures kept for later epochs, for each data set. @default 1 GiB */
	readonly cacheBytes?: number;
	readonly signal?: AbortSignal;
}

/**
 * Batches of a split. Order, places of patches and turns are functions of (seed, epoch) alone, so a stream goes on exactly
 * at any batch. The caller disposes the tensors.
 */
export async function* resolutionBatches(
	dataset: ResolutionDataset,
	options: ResolutionOptions,
): AsyncGenerator<ResolutionStreamBatch, void, undefined> {
	const { split, seed, patch, turn = false, prefetch = 2, cacheBytes = 2 ** 30, signal } = options;
	const random = Random.seed(seed).split("patch");
	const load = async ({ number, items }: { number: number; items: readonly Position[] }) => {
		return { number, examples: await Promise.all(items.map(one)) };
	};
	const plan = positions(`${dataset.name} ${split}`, dataset.count(split), options);
	for await (const { number, examples } of prefetched(plan, load, prefetch, signal)) {
		const labels = examples.flatMap(({ label }) => (label === undefined ? [] : [...label]));
		const width = dataset.attributes?.length ?? 0;
		yield {
			number,
			ids: examples.map(({ id }) => id),
			low: pictureTensor(
				examples.map(({ low }) => low),
				dataset.name,
			),
			high: pictureTensor(
				examples.map(({ high }) => high),
				dataset.name,
			),
			...(width === 0 ? {} : { labels: tf.tensor2d(labels, [examples.length, width]) }),
		};
	}

	async function one({ epoch, index }: Position): Promise<ResolutionExample> {
		const example = await readCached(
			dataset,
			`${split} ${index}`,
			cacheBytes,
			() => dataset.read(split, index),
			({ low, high }) => low.data.length + high.data.length,
		);
		const own = random.split(epoch).split(index);
		const cut = patch === undefined ? example : patchOf(example, patch, dataset, own);
		if (!turn) return cut;
		const way = own.integer(8);
		return { ...cut, low: turned(cut.low, way), high: turned(cut.high, way) };
	}
}

/**
 * A labelled set whose pictures are the high resolution; the low one is made of them by MATLAB's bicubic resize, or by
 * Pillow's Lanczos as AGA-GAN's loader does (which makes both from the file, not one of the other).
 */
export function lowered(
	dataset: Dataset,
	scale: number,
	/** @default "matlab-bicubic" */
	filter: "matlab-bicubic" | "lanczos" = "matlab-bicubic",
): ResolutionDataset {
	const [height, width] = dataset.size;
	if (!Number.isInteger(scale) || scale < 2 || height % scale !== 0 || width % scale !== 0) {
		throw new RangeError(
			`${dataset.name}: scale must be a whole number from 2 that divides ${height} and ${width}, got ${scale}`,
		);
	}
	return {
		name: `${dataset.name} ×${scale}`,
		scale,
		channels: dataset.channels,
		attributes: dataset.attributes,
		count: (split) => dataset.count(split),
		async read(split, index) {
			const { id, pixels, label } = await dataset.read(split, index);
			const high = { data: pixels, height, width, channels: dataset.channels };
			const size = [height / scale, width / scale] as const;
			const low =
				filter === "matlab-bicubic"
					? shrunk(high, scale)
					: {
							...high,
							data: resizeBytes(pixels, dataset.channels, [height, width], size, "lanczos"),
							height: size[0],
							width: size[1],
						};
			return { id, low, high, label };
		},
		describe: () => `${dataset.describe()}; low resolution by ${filter} 1/${scale}`,
	};
}

/** A picture made smaller by MATLAB's bicubic resize, rounded to bytes after each pass as MATLAB does. */
export function shrunk(high: PixelArray, scale: number): PixelArray {
	const { data, height, width, channels } = matlabResize(high, 1 / scale);
	return { data: data instanceof Uint8Array ? data : Uint8Array.from(data), height, width, channels };
}

/** An aligned patch at a random place. */
function patchOf(
	example: ResolutionExample,
	patch: number,
	{ name, scale }: ResolutionDataset,
	random: Random,
): ResolutionExample {
	const { low, high, id } = example;
	if (low.height < patch || low.width < patch) {
		throw new RangeError(
			`${name}: ${id} must be at least ${patch * scale}×${patch * scale} for patches, got ${high.width}×${high.height}; take it out, or train with --set patch=${Math.min(low.width, low.height)}`,
		);
	}
	const top = random.integer(low.height - patch + 1);
	const left = random.integer(low.width - patch + 1);
	const part = (picture: PixelArray, times: number): PixelArray => {
		const side = patch * times;
		const box = { top: top * times, left: left * times, height: side, width: side };
		return {
			data: crop(picture.data, picture.width, picture.channels, box),
			height: side,
			width: side,
			channels: picture.channels,
		};
	};
	return { ...example, low: part(low, 1), high: part(high, scale) };
}

/** One of the eight ways to lay a picture: mirrored (1), upside down (2), rows and columns swapped (4). */
export function turned(picture: PixelArray, way: number): PixelArray {
	if (way === 0) return picture;
	const { data, height, width, channels } = picture;
	const [rows, columns] = way & 4 ? [width, height] : [height, width];
	const result = new Uint8Array(data.length);
	for (let row = 0; row < rows; row += 1) {
		for (let column = 0; column < columns; column += 1) {
			const y = way & 2 ? rows - 1 - row : row;
			const x = way & 1 ? columns - 1 - column : column;
			const from = (way & 4 ? x * width + y : y * width + x) * channels;
			const to = (row * columns + column) * channels;
			for (let channel = 0; channel < channels; channel += 1) result[to + channel] = data[from + channel] as number;
		}
	}
	return { data: result, height: rows, width: columns, channels };
}

function pictureTensor(pictures: readonly PixelArray[], name: string): tf.Tensor4D {
	const [first] = pictures;
	if (first === undefined) throw new RangeError(`${name}: a batch must hold pictures, got none`);
	const { height, width, channels } = first;
	const other = pictures.find((picture) => picture.height !== height || picture.width !== width);
	if (other !== undefined) {
		const got = `${width}×${height} and ${other.width}×${other.height}`;
		throw new RangeError(`${name}: pictures of a batch must have one size (batchSize 1, or patches), got ${got}`);
	}
	const shape: [number, number, number, number] = [pictures.length, height, width, channels];
	return tf.tensor4d(
		signedPixels(
			pictures.map(({ data }) => data),
			shape,
		),
		shape,
	);
}
