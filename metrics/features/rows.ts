import { type Images, toBytes } from "../images.ts";
import type { Features, Picture, Protocol } from "../metric.ts";
import { antialiasedBilinear } from "../resize/antialiased-bilinear.ts";
import type { Extractor, Resizer } from "./extractor.ts";

/** Feature rows of a set of pictures, its logits where the extractor has them, and what both depend on. */
export interface Rows {
	readonly features: Features;
	readonly logits?: Features;
	/** Extractor, weights, layer and resize. */
	readonly protocol: Protocol;
}

export interface RowsOptions {
	/** @default antialiased bilinear */
	readonly resizer?: Resizer;
	/** Pictures in one pass of the network; the rows do not depend on it but by rounding. @default 32 */
	readonly batchSize?: number;
	/** Number of pictures where it is known: then no row is ever copied. */
	readonly expected?: number | undefined;
	/** Keep class logits where the extractor has them: four times a MobileNet's features. @default true */
	readonly logits?: boolean | undefined;
	readonly signal?: AbortSignal | undefined;
	/** Called after each batch. */
	readonly onBatch?: ((done: number) => void) | undefined;
}

/**
 * Feature rows of pictures of any sizes, in order, one batch in memory at a time. Pictures of bytes, one channel (grey) or
 * three.
 */
export async function extractRows(
	extractor: Extractor,
	pictures: Iterable<Picture> | AsyncIterable<Picture>,
	{ resizer = antialiasedBilinear(), batchSize = 32, expected = 64, ...options }: RowsOptions = {},
): Promise<Rows> {
	if (!Number.isInteger(batchSize) || batchSize < 1) {
		throw new RangeError(`batch size: must be a whole number of 1 or more, got ${batchSize}`);
	}
	const { logits: wanted = true, signal, onBatch } = options;
	const [height, width] = extractor.size;
	const length = height * width * 3;
	const batch = new Float32Array(batchSize * length);
	const features = new Growing(extractor.dimensions, expected);
	const logits = wanted && extractor.classes > 0 ? new Growing(extractor.classes, expected) : undefined;
	let filled = 0;
	const flush = async (): Promise<void> => {
		if (filled === 0) return;
		signal?.throwIfAborted();
		const rows = await extractor.extract(batch.subarray(0, filled * length), filled);
		features.add(rows.features);
		if (rows.logits !== undefined) logits?.add(rows.logits);
		filled = 0;
		onBatch?.(features.count);
	};
	for await (const picture of pictures) {
		batch.set(resizer.resize(picture, height, width), filled * length);
		filled += 1;
		if (filled === batchSize) await flush();
	}
	await flush();
	return {
		features: features.rows(),
		...(logits === undefined ? {} : { logits: logits.rows() }),
		protocol: rowsProtocol(extractor, resizer),
	};
}

/** What rows depend on besides the pictures. */
export function rowsProtocol({ protocol, size: [height, width] }: Extractor, resizer: Resizer): Protocol {
	return { ...protocol, resize: `${resizer.id} to ${height}×${width}` };
}

/** The pictures of a batch one by one, as bytes. */
export function* eachPicture(images: Images): Generator<Picture> {
	const { data, count, height, width, channels = 3 } = toBytes(images);
	const length = height * width * channels;
	for (let index = 0; index < count; index += 1) {
		yield { data: data.subarray(index * length, (index + 1) * length), height, width, channels };
	}
}

/** Rows whose number is not known beforehand. */
class Growing {
	readonly #dimensions: number;
	#data: Float32Array;
	#length = 0;

	constructor(dimensions: number, expected: number) {
		this.#dimensions = dimensions;
		this.#data = new Float32Array(dimensions * expected);
	}

	get count(): number {
		return this.#dimensions === 0 ? 0 : this.#length / this.#dimensions;
	}

	add(values: Float32Array): void {
		if (this.#length + values.length > this.#data.length) {
			const larger = new Float32Array(Math.max(2 * this.#data.length, this.#length + values.length));
			larger.set(this.#data.subarray(0, this.#length));
			this.#data = larger;
		}
		this.#data.set(values, this.#length);
		this.#length += values.length;
	}

	rows(): Features {
		return { data: this.#data.subarray(0, this.#length), count: this.count, dimensions: this.#dimensions };
	}
}
