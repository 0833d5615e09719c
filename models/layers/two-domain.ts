/** What systems that translate between two unpaired sets have in common once they are trained. */
import * as tf from "@tensorflow/tfjs";
import type { Adam } from "../../engine/adam.ts";
import type { Parameters } from "../../engine/parameters.ts";
import { type Gan, required, type UnpairedBatch } from "../paper.ts";
import type { ImagePool } from "./image-pool.ts";
import { evaluation, type Pass } from "./layer.ts";

/** A generator that may also show the masks of its pass, [N, H, W, masks] in [0, 1]. */
export type MaskedGenerator = (
	x: tf.Tensor4D,
	pass: Pass,
) => { readonly image: tf.Tensor4D; readonly masks?: tf.Tensor4D };

/** Masks of one pass as maps [N, H, W] in [0, 1] by name. */
export type MaskMaps = (masks: tf.Tensor4D) => Record<string, tf.Tensor3D>;

export interface TwoDomainGan extends Gan<UnpairedBatch> {
	/** Pictures of one set as the other would have them; the caller disposes. */
	translate(images: tf.Tensor4D, direction: "a-to-b" | "b-to-a"): tf.Tensor4D;
}

export interface TwoDomainParts {
	readonly id: string;
	/** The generator A → B and the one back, under the keys of their networks. */
	readonly generators: readonly [toB: readonly [string, MaskedGenerator], toA: readonly [string, MaskedGenerator]];
	readonly networks: Readonly<Record<string, Parameters>>;
	readonly optimizers: Readonly<Record<string, Adam>>;
	/** Base rate of every optimiser. */
	readonly rate: number;
	readonly pools: Readonly<Record<string, ImagePool>>;
	readonly maps?: MaskMaps | undefined;
}

/** Everything of a system but its training. */
export function twoDomain(parts: TwoDomainParts): Omit<TwoDomainGan, "step" | "draw"> {
	const { id, networks, optimizers, rate, pools, maps } = parts;
	const [[nameOfB, toB], [nameOfA, toA]] = parts.generators;
	const mapsOf = (masks: tf.Tensor4D | undefined) => (masks === undefined ? {} : (maps?.(masks) ?? {}));
	return {
		id,
		networks,
		optimizers,
		memories: pools,
		translate: (images, direction) => tf.tidy(() => (direction === "a-to-b" ? toB : toA)(images, evaluation).image),
		apply({ images, direction = "a-to-b" }) {
			const input = required(id, "images", images);
			return tf.tidy(() => {
				const { image, masks } = (direction === "a-to-b" ? toB : toA)(input, evaluation);
				return { images: tf.clipByValue(image, -1, 1), maps: mapsOf(masks) };
			});
		},
		attention({ a, b }) {
			if (maps === undefined) return {};
			return tf.tidy(() => {
				const named = (network: string, generator: MaskedGenerator, images: tf.Tensor4D) =>
					Object.entries(mapsOf(generator(images, evaluation).masks)).map(
						([name, map]) => [`${network}/${name}`, map] as const,
					);
				return Object.fromEntries([...named(nameOfB, toB, a), ...named(nameOfA, toA, b)]);
			});
		},
		setRate(fraction) {
			for (const optimizer of Object.values(optimizers)) optimizer.rate = rate * fraction;
		},
		[Symbol.dispose]() {
			const owned = [optimizers, pools, networks].flatMap((group): Disposable[] => Object.values(group));
			for (const one of owned) one[Symbol.dispose]();
		},
	};
}
