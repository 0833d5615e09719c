/**
 * What a file in harness/datasets/ exports: a function that opens a data set of labelled pictures on disk (or draws one),
 * and hands out examples by number. Batching, shuffling, flipping and prefetching are done here, once for all.
 */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../../engine/random.ts";
import type { LabelledBatch } from "../../models/paper.ts";
import { readCached } from "../example-cache.ts";
import { flipsOf, type Order, positions, prefetched } from "../order.ts";

/** Few sets have a validation split; the others count none. */
export type Split = "train" | "validation" | "test";

export interface Example {
	/** File name or number, unique in the set. */
	readonly id: string;
	/** [height, width, channels] bytes, row-major. */
	readonly pixels: Uint8Array;
	/** One number per attribute, 0 or 1. */
	readonly label: Float32Array;
	/** True masks by attribute name, [height, width] of 0 or 255, where the set knows them. May be made when first read. */
	readonly masks?: Readonly<Record<string, Uint8Array>>;
}

export interface Dataset {
	readonly name: string;
	/** Height and width of every example. */
	readonly size: readonly [height: number, width: number];
	readonly channels: number;
	readonly attributes: readonly string[];
	count(split: Split): number;
	/** Labels of example `index` of a split, 0 or 1 per attribute, without reading its picture. */
	label(split: Split, index: number): Float32Array;
	/** Example `index` of a split; the same every time. Errors name the file and the fix. */
	read(split: Split, index: number): Promise<Example>;
	/** One line for a report: where the pictures come from, how they are cropped, resized and split. */
	describe(): string;
}

export interface Batch extends LabelledBatch {
	/** Number of the batch in its stream: pass `start: number + 1` to go on after it. */
	readonly number: number;
	readonly ids: readonly string[];
	/** True masks by attribute name, [N, height, width] of 0 or 255, turned with their pictures. Only with `masks: true`. */
	readonly masks?: Readonly<Record<string, Uint8Array>>;
}

export interface BatchOptions extends Order {
	readonly split: Split;
	/** Mirrors each picture with probability one half. @default false */
	readonly flip?: boolean;
	/** Adds the true masks, where the set knows them. @default false */
	readonly masks?: boolean;
	/** Batches read ahead while the caller works. @default 2 */
	readonly prefetch?: number;
	/** Bytes of decoded pictures kept for later epochs, for each data set. @default 1 GiB */
	readonly cacheBytes?: number;
	readonly signal?: AbortSignal;
}

/**
 * The batches of a split, endlessly, or for `epochs` passes. Order and flips are functions of (seed, epoch) alone, so a
 * stream that starts at batch `start` goes on exactly where one that was stopped there would have. Batches run on over the
 * end of an epoch, so all are full but the last of a finite stream. The caller disposes `images` and `labels`.
 */
export async function* batches(dataset: Dataset, options: BatchOptions): AsyncGenerator<Batch, void, undefined> {
	const { split, seed, flip = false, masks = false, prefetch = 2, cacheBytes = 2 ** 30, signal } = options;
	const count = dataset.count(split);
	const flips = flipsOf(Random.seed(seed).split("flip"), count);
	const load = async ({ number, items }: { number: number; items: readonly { epoch: number; index: number }[] }) => {
		const examples = await Promise.all(items.map(({ index }) => readKept(dataset, split, index, cacheBytes)));
		const turned = items.map(({ epoch, index }) => flip && flips(epoch)[index] === 1);
		const maskBytes = masks ? stackMasks(dataset, examples, turned) : undefined;
		return { number, examples, turned, maskBytes };
	};
	const plan = positions(`${dataset.name} ${split}`, count, options);
	for await (const { number, examples, turned, maskBytes } of prefetched(plan, load, prefetch, signal)) {
		const [height, width] = dataset.size;
		const shape: [number, number, number, number] = [examples.length, height, width, dataset.channels];
		const pictures = examples.map((example) => example.pixels);
		const labels = Float32Array.from(examples.flatMap((example) => [...example.label]));
		yield {
			number,
			images: tf.tensor4d(signedPixels(pictures, shape, turned), shape),
			labels: tf.tensor2d(labels, [examples.length, dataset.attributes.length]),
			ids: examples.map((example) => example.id),
			...(maskBytes === undefined ? {} : { masks: maskBytes }),
		};
	}
}

/** Share of examples of a split that have each attribute. */
export function attributeShares(dataset: Dataset, split: Split): Record<string, number> {
	const count = dataset.count(split);
	const sums = new Float64Array(dataset.attributes.length);
	for (let index = 0; index < count; index += 1) {
		const label = dataset.label(split, index);
		for (let attribute = 0; attribute < sums.length; attribute += 1) {
			sums[attribute] = (sums[attribute] as number) + (label[attribute] as number);
		}
	}
	return Object.fromEntries(dataset.attributes.map((name, attribute) => [name, (sums[attribute] as number) / count]));
}

/** Bytes to signed values: v / 127.5 - 1, as (v / 255 - 0.5) / 0.5. */
const signed = Float32Array.from({ length: 256 }, (_, value) => value / 127.5 - 1);

/** Pictures of equal shape as one array in [-1, 1], mirrored where `turned` says so. Shape is [N, H, W, C]. */
export function signedPixels(
	pictures: readonly Uint8Array[],
	[, height, width, channels]: readonly [number, number, number, number],
	turned: readonly boolean[] = [],
): Float32Array {
	const size = height * width * channels;
	const values = new Float32Array(pictures.length * size);
	for (const [number, pixels] of pictures.entries()) {
		if (pixels.length !== size) {
			throw new RangeError(`picture: must have ${height}×${width}×${channels} values, got ${pixels.length}`);
		}
		const source = turned[number] === true ? mirrored(pixels, width, channels) : pixels;
		for (let at = 0; at < size; at += 1) values[number * size + at] = signed[source[at] as number] as number;
	}
	return values;
}

/** A picture, row-major, with its columns in reverse order. */
export function mirrored(pixels: Uint8Array, width: number, channels: number): Uint8Array {
	const result = new Uint8Array(pixels.length);
	const rows = pixels.length / (width * channels);
	for (let row = 0; row < rows; row += 1) {
		for (let column = 0; column < width; column += 1) {
			const from = (row * width + column) * channels;
			const to = (row * width + width - 1 - column) * channels;
			for (let channel = 0; channel < channels; channel += 1) result[to + channel] = pixels[from + channel] as number;
		}
	}
	return result;
}

function readKept(dataset: Dataset, split: Split, index: number, limit: number): Promise<Example> {
	const [height, width] = dataset.size;
	return readCached(
		dataset,
		`${split} ${index}`,
		limit,
		() => dataset.read(split, index),
		// Masks are made when first asked for; their room is counted from the start.
		(example) => example.pixels.length + ("masks" in example ? height * width * dataset.attributes.length : 0),
	);
}

function stackMasks(
	dataset: Dataset,
	examples: readonly Example[],
	turned: readonly boolean[],
): Record<string, Uint8Array> | undefined {
	const all = examples.map((example) => example.masks);
	const [first] = all;
	if (first === undefined) return undefined;
	const [height, width] = dataset.size;
	const names = Object.keys(first);
	const stacks = names.map((name) => {
		const stack = new Uint8Array(examples.length * height * width);
		for (const [number, masks] of all.entries()) {
			const mask = masks?.[name];
			if (mask === undefined) throw new Error(`${dataset.name}: every example must have a mask ${name}`);
			stack.set(turned[number] === true ? mirrored(mask, width, 1) : mask, number * height * width);
		}
		return [name, stack] as const;
	});
	return Object.fromEntries(stacks);
}
