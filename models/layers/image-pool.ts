/**
 * The image pool of CycleGAN (after Shrivastava et al. 2017): D is shown pictures of earlier iterations. Until it holds
 * `size` pictures it keeps and returns each new one; then, with probability one half, it returns a stored picture and
 * keeps the new one in its place.
 */
import * as tf from "@tensorflow/tfjs";
import type { TorchArray } from "../../engine/parameters.ts";
import { valuesOf } from "../../engine/values.ts";
import type { Memory } from "../paper.ts";

/** Random numbers of the pools of one iteration, taken one after another by full pools only. */
export class PoolDraws {
	readonly #uniform: ArrayLike<number>;
	readonly #index: ArrayLike<number>;
	#used = 0;

	/** `uniform` in [0, 1) and `index` of stored pictures, at least one of each per picture shown to a full pool. */
	constructor(uniform: ArrayLike<number>, index: ArrayLike<number>) {
		this.#uniform = uniform;
		this.#index = index;
	}

	/** How many were taken. */
	get used(): number {
		return this.#used;
	}

	/** The stored picture to return, or undefined for the new one. */
	next(): number | undefined {
		const uniform = this.#uniform[this.#used];
		const index = this.#index[this.#used];
		if (uniform === undefined || index === undefined) {
			throw new RangeError(`image pool: draws must suffice for every picture, got ${this.#uniform.length}`);
		}
		this.#used += 1;
		return uniform > 0.5 ? index : undefined;
	}
}

export class ImagePool implements Disposable, Memory {
	readonly size: number;
	readonly #stored: tf.Tensor4D[] = [];

	/** A pool of `size` pictures; 0 returns every picture as it comes. */
	constructor(size: number) {
		this.size = size;
	}

	/** Pictures for D in place of `images` [N, H, W, C]; the caller disposes. */
	query(images: tf.Tensor4D, draws: PoolDraws): tf.Tensor4D {
		if (this.size === 0) return images.clone();
		const shown = tf.split<tf.Tensor4D>(images, images.shape[0]).map((image) => {
			if (this.#stored.length < this.size) {
				this.#stored.push(tf.keep(image.clone()));
				return image;
			}
			const index = draws.next();
			if (index === undefined) return image;
			const old = this.#stored[index];
			if (old === undefined) throw new RangeError(`image pool: index must be below ${this.size}, got ${index}`);
			this.#stored[index] = tf.keep(image.clone());
			image.dispose();
			return old;
		});
		const all = tf.concat(shown) as tf.Tensor4D;
		tf.dispose(shown);
		return all;
	}

	/** The stored pictures in order of their places, [stored, H, W, C]; undefined while there are none. */
	read(): TorchArray | undefined {
		if (this.#stored.length === 0) return undefined;
		const [first] = this.#stored as [tf.Tensor4D];
		const data = Float32Array.from(valuesOf(() => tf.concat(this.#stored)));
		return { shape: [this.#stored.length, ...first.shape.slice(1)], data };
	}

	/** Holds these pictures from now on, none where undefined. Throws where there are more than `size`. */
	write(stored: TorchArray | undefined): void {
		const [count, height, width, channels] = (stored?.shape ?? [0, 0, 0, 0]) as [number, number, number, number];
		if (count > this.size) throw new RangeError(`image pool: must hold at most ${this.size} pictures, got ${count}`);
		this[Symbol.dispose]();
		if (stored === undefined) return;
		const length = stored.data.length / count;
		for (let index = 0; index < count; index += 1) {
			const data = stored.data.slice(index * length, (index + 1) * length);
			this.#stored.push(tf.keep(tf.tensor4d(data, [1, height, width, channels])));
		}
	}

	[Symbol.dispose](): void {
		tf.dispose(this.#stored);
		this.#stored.length = 0;
	}
}
