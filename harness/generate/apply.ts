/** Applies a system to one picture of any size: at the size that its layers want, cut back to the picture's own. */
import * as tf from "@tensorflow/tfjs";
import { type Gan, type Input, MissingInputError, type Output } from "../../models/paper.ts";
import { toBytes } from "../edits.ts";
import type { PixelArray } from "../pictures.ts";

/** A grey map [height, width] in [0, 1]. */
export interface GreyMap {
	readonly name: string;
	readonly values: Float32Array;
	readonly height: number;
	readonly width: number;
}

export interface Applied {
	readonly picture: PixelArray;
	/** How many times larger the result is. */
	readonly scale: number;
	readonly maps: readonly GreyMap[];
	/** True where a value is not a number. */
	readonly broken: boolean;
}

interface Made {
	readonly values: Float32Array;
	readonly shape: tf.Tensor4D["shape"];
	readonly maps: readonly GreyMap[];
}

/** Sides that layers ask for: multiples of what they halve. */
const multiples = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** A system as far as it is applied: trained, or without anything to train. */
export type Applicable = Pick<Gan<object>, "id" | "apply">;

/** One system over many pictures; remembers what multiple its sides must be of. */
export class Applier {
	readonly #gan: Applicable;
	#multiple = 0;

	constructor(gan: Applicable) {
		this.#gan = gan;
	}

	/** Throws a `MissingInputError` where the system wants more than it is given, and its own error where no size will do. */
	apply(picture: PixelArray, rest: Omit<Input, "images">): Applied {
		let refusal: unknown;
		for (; this.#multiple < multiples.length; this.#multiple += 1) {
			try {
				const applied = this.#attempt(picture, multiples[this.#multiple] as number, rest);
				if (applied !== undefined) return applied;
			} catch (error) {
				if (error instanceof MissingInputError) throw error;
				refusal ??= error;
			}
		}
		this.#multiple = 0;
		throw refusal ?? new RangeError(`${this.#gan.id}: pictures must have a size that it can be applied to, got none`);
	}

	/** Pictures from noise. */
	generate(rest: Input): readonly PixelArray[] {
		const { values, shape } = this.#read(() => this.#run(rest));
		const [count, height, width, channels] = shape;
		const size = height * width * channels;
		return Array.from({ length: count }, (_, index) => ({
			...{ data: toBytes(values.subarray(index * size, (index + 1) * size)), height, width, channels },
		}));
	}

	#run(input: Input): Output {
		const made = this.#gan.apply?.(input);
		if (made === undefined) throw new RangeError(`${this.#gan.id}: system must make pictures, got a classifier`);
		return made;
	}

	/** The values of what a system made. */
	#read(make: () => Output): Made {
		// Not returned from the tidy, which would look for tensors among all the numbers.
		const read: Made[] = [];
		tf.tidy(() => {
			const { images, maps } = make();
			const greys = Object.entries(maps).map(([name, map]) => ({
				...{ name, values: map.dataSync<"float32">(), height: map.shape[1], width: map.shape[2] },
			}));
			read.push({ values: images.dataSync<"float32">(), shape: images.shape, maps: greys });
		});
		return read[0] as Made;
	}

	#attempt(picture: PixelArray, multiple: number, rest: Omit<Input, "images">): Applied | undefined {
		const { height, width, channels } = picture;
		const [tall, wide] = [height, width].map((side) => Math.ceil(side / multiple) * multiple) as [number, number];
		const result = this.#read(() => {
			const images = tf.tensor4d(padded(picture, tall, wide), [1, tall, wide, channels]);
			return this.#run({ ...rest, images });
		});
		const scale = result.shape[1] / tall;
		if (!Number.isInteger(scale) || result.shape[2] !== wide * scale) return undefined;
		const cut = (values: Float32Array, across: number, depth: number, factor: number) =>
			part(values, { across, depth, height: Math.round(height * factor), width: Math.round(width * factor) });
		const values = cut(result.values, wide * scale, result.shape[3], scale);
		return {
			scale,
			picture: { data: toBytes(values), height: height * scale, width: width * scale, channels: result.shape[3] },
			maps: result.maps.map((map) => {
				const factor = map.height / tall;
				return {
					name: map.name,
					values: cut(map.values, map.width, 1, factor),
					height: Math.round(height * factor),
					width: Math.round(width * factor),
				};
			}),
			broken: [values, ...result.maps.map((map) => map.values)].some((each) => each.some(Number.isNaN)),
		};
	}
}

/** A picture as a batch of one, in [-1, 1]; the caller disposes. */
export function signedPicture(picture: PixelArray): tf.Tensor4D {
	const { height, width, channels } = picture;
	return tf.tensor4d(padded(picture, height, width), [1, height, width, channels]);
}

/** The picture's bytes as values in [-1, 1], mirrored below and to the right up to a size. */
function padded({ data, height, width, channels }: PixelArray, tall: number, wide: number): Float32Array {
	const values = new Float32Array(tall * wide * channels);
	for (let y = 0, at = 0; y < tall; y += 1) {
		for (let x = 0; x < wide; x += 1) {
			const from = (mirrored(y, height) * width + mirrored(x, width)) * channels;
			for (let channel = 0; channel < channels; channel += 1, at += 1) {
				values[at] = (data[from + channel] as number) / 127.5 - 1;
			}
		}
	}
	return values;
}

/** Place in 0 … length - 1 of a place beyond, edges repeated once. */
function mirrored(place: number, length: number): number {
	const within = place % (2 * length);
	return within < length ? within : 2 * length - 1 - within;
}

function part(
	values: Float32Array,
	{ across, depth, height, width }: { across: number; depth: number; height: number; width: number },
): Float32Array {
	const result = new Float32Array(height * width * depth);
	for (let row = 0; row < height; row += 1) {
		const from = row * across * depth;
		result.set(values.subarray(from, from + width * depth), row * width * depth);
	}
	return result;
}
