/**
 * Two sets of pictures without pairs, for systems that turn one kind into the other, and their batches. Any labelled set
 * is such a set by one of its attributes.
 */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../../engine/random.ts";
import type { UnpairedBatch } from "../../models/paper.ts";
import { readCached } from "../example-cache.ts";
import { flipsOf, type Order, type Plan, type Position, positions, prefetched } from "../order.ts";
import { crop } from "../resize.ts";
import { type Dataset, mirrored, type Split, signedPixels } from "./dataset.ts";

/** The side that a picture is of: `a` without, `b` with what tells them apart. */
export type Domain = "a" | "b";

export interface UnpairedExample {
	readonly id: string;
	/** [height, width, channels] bytes; at least the set's size, and more where a random part is to be cut out. */
	readonly pixels: Uint8Array;
	readonly size: readonly [height: number, width: number];
	/** True mask of where `b` differs from `a` in this picture, [height, width] of 0 or 255. */
	readonly mask?: Uint8Array;
}

export interface UnpairedDataset {
	readonly name: string;
	readonly domains: Readonly<Record<Domain, string>>;
	/** Height and width of the pictures of a batch. */
	readonly size: readonly [height: number, width: number];
	readonly channels: number;
	count(split: Split, domain: Domain): number;
	read(split: Split, domain: Domain, index: number): Promise<UnpairedExample>;
	describe(): string;
}

export interface UnpairedStreamBatch extends UnpairedBatch {
	/** Number of the batch in its stream: pass `start: number + 1` to go on after it. */
	readonly number: number;
	readonly ids: Readonly<Record<Domain, readonly string[]>>;
	/** True masks of the pictures `a`, [N, H, W, 1] in [0, 1]: where they are to change. Those of `b` are `masks`. */
	readonly masksOfA?: tf.Tensor4D;
}

export interface UnpairedOptions extends Order {
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

interface Turned {
	readonly id: string;
	readonly pixels: Uint8Array;
	readonly mask: Uint8Array | undefined;
}

/**
 * Batches of both sides, each in a random order of its own; the smaller set starts over while the larger goes on, and an
 * epoch is as long as the larger. Order, flips and crops are functions of (seed, epoch) alone. The caller disposes the
 * tensors. With `shuffle: false` and pictures larger than the set's size, the centre is cut out.
 */
export async function* unpairedBatches(
	dataset: UnpairedDataset,
	options: UnpairedOptions,
): AsyncGenerator<UnpairedStreamBatch, void, undefined> {
	const {
		split,
		flip = false,
		masks = false,
		prefetch = 2,
		cacheBytes = 2 ** 30,
		signal,
		seed,
		shuffle = true,
	} = options;
	const sides = { a: reader("a"), b: reader("b") };
	const load = async ({ number, a, b }: Pair) => {
		const [ofA, ofB] = await Promise.all([Promise.all(a.map(sides.a)), Promise.all(b.map(sides.b))]);
		return { number, a: ofA, b: ofB };
	};
	for await (const { number, a, b } of prefetched(pairs(dataset, options), load, prefetch, signal)) {
		const masksOfA = masks ? maskTensor(a) : undefined;
		const masksOfB = masks ? maskTensor(b) : undefined;
		yield {
			number,
			a: pictureTensor(a),
			b: pictureTensor(b),
			ids: { a: a.map(({ id }) => id), b: b.map(({ id }) => id) },
			...(masksOfA === undefined ? {} : { masksOfA }),
			...(masksOfB === undefined ? {} : { masks: masksOfB }),
		};
	}

	/** Reads, cuts and mirrors the pictures of one side. */
	function reader(domain: Domain): (position: Position) => Promise<Turned> {
		const random = Random.seed(seed);
		const flips = flipsOf(random.split(`flip ${domain}`), dataset.count(split, domain));
		const [height, width] = dataset.size;
		return async ({ epoch, index }) => {
			const example = await readCached(
				dataset,
				`${split} ${domain} ${index}`,
				cacheBytes,
				() => dataset.read(split, domain, index),
				({ pixels, size }) => pixels.length + size[0] * size[1],
			);
			const [high, wide] = example.size;
			const place = random.split(`crop ${domain}`).split(epoch).split(index);
			const box = {
				top: shuffle ? place.integer(high - height + 1) : Math.floor((high - height) / 2),
				left: shuffle ? place.integer(wide - width + 1) : Math.floor((wide - width) / 2),
				height,
				width,
			};
			const turn = flip && flips(epoch)[index] === 1;
			const part = (bytes: Uint8Array, channels: number) => {
				const cut = high === height && wide === width ? bytes : crop(bytes, wide, channels, box);
				return turn ? mirrored(cut, width, channels) : cut;
			};
			const mask = masks ? example.mask : undefined;
			const turned = mask === undefined ? undefined : part(mask, 1);
			return { id: example.id, pixels: part(example.pixels, dataset.channels), mask: turned };
		};
	}

	function pictureTensor(examples: readonly Turned[]): tf.Tensor4D {
		const shape: [number, number, number, number] = [examples.length, ...dataset.size, dataset.channels];
		return tf.tensor4d(
			signedPixels(
				examples.map(({ pixels }) => pixels),
				shape,
			),
			shape,
		);
	}

	function maskTensor(examples: readonly Turned[]): tf.Tensor4D | undefined {
		const [height, width] = dataset.size;
		const values = new Float32Array(examples.length * height * width);
		for (const [number, { mask }] of examples.entries()) {
			if (mask === undefined) return undefined;
			for (const [at, value] of mask.entries()) values[number * mask.length + at] = value / 255;
		}
		return tf.tensor4d(values, [examples.length, height, width, 1]);
	}
}

interface Pair {
	readonly number: number;
	readonly a: readonly Position[];
	readonly b: readonly Position[];
}

/** Which pictures of either side make up each batch. */
function* pairs(dataset: UnpairedDataset, options: UnpairedOptions): Generator<Pair, void, undefined> {
	const { split, batchSize, epochs = Number.POSITIVE_INFINITY } = options;
	const counts = { a: dataset.count(split, "a"), b: dataset.count(split, "b") };
	const endless = (domain: Domain) => {
		const where = `${dataset.name} ${split} ${dataset.domains[domain]}`;
		const order = { ...options, epochs: Number.POSITIVE_INFINITY };
		return positions(where, counts[domain], order, `order ${domain}`);
	};
	const total = epochs * Math.max(counts.a, counts.b);
	const streams = { a: endless("a"), b: endless("b") };
	while (true) {
		const a = streams.a.next().value as Plan;
		const b = streams.b.next().value as Plan;
		const left = total - a.number * batchSize;
		if (left <= 0) return;
		yield { number: a.number, a: a.items.slice(0, left), b: b.items.slice(0, left) };
	}
}

/** A labelled set as two: pictures without and with an attribute, and its true masks where the set has them. */
export function byAttribute(dataset: Dataset, attribute: string): UnpairedDataset {
	const column = dataset.attributes.indexOf(attribute);
	if (column < 0) {
		throw new RangeError(`${dataset.name}: must have attribute of ${dataset.attributes.join(", ")}, got ${attribute}`);
	}
	const known = new Map<Split, Readonly<Record<Domain, readonly number[]>>>();
	const members = (split: Split) => {
		const found = known.get(split);
		if (found !== undefined) return found;
		const all = Array.from({ length: dataset.count(split) }, (_, index) => index);
		const having = (value: number) => all.filter((index) => dataset.label(split, index)[column] === value);
		const made = { a: having(0), b: having(1) };
		known.set(split, made);
		return made;
	};
	return {
		name: `${dataset.name} by ${attribute}`,
		domains: { a: `without ${attribute}`, b: `with ${attribute}` },
		size: dataset.size,
		channels: dataset.channels,
		count: (split, domain) => members(split)[domain].length,
		async read(split, domain, index) {
			const member = members(split)[domain][index];
			if (member === undefined) {
				throw new RangeError(
					`${dataset.name}: ${split} index must be below ${members(split)[domain].length}, got ${index}`,
				);
			}
			const example = await dataset.read(split, member);
			const picture = { id: example.id, pixels: example.pixels, size: dataset.size };
			if (!("masks" in example)) return picture;
			return {
				...picture,
				get mask() {
					const mask = example.masks?.[attribute];
					if (mask === undefined) throw new Error(`${dataset.name}: ${example.id} must have a mask ${attribute}`);
					return mask;
				},
			};
		},
		describe: () => `${dataset.describe()}; ${attribute} 0 against 1`,
	};
}
