/** Translation through a mask: where the attention network looks, the generator's picture; elsewhere the input. */
import * as tf from "@tensorflow/tfjs";
import type { UnpairedBatch } from "../paper.ts";
import type { Layer, Pass } from "./layer.ts";
import { fuse } from "./mask.ts";

/** A picture with its mask. */
export interface Masked {
	/** [N, H, W, C] */
	readonly image: tf.Tensor4D;
	/** [N, H, W, 1] in [0, 1] */
	readonly mask: tf.Tensor4D;
}

/** `image` is raw · mask + input · (1 − mask). */
export interface Translation extends Masked {
	/** The generator's own picture, [N, H, W, C]. */
	readonly raw: tf.Tensor4D;
}

export type Translator = (x: tf.Tensor4D, pass: Pass) => Translation;

/** A generator and an attention network that see the same picture. */
export function maskedTranslator(generator: Layer, attention: Layer): Translator {
	return (x, pass) => {
		const raw = generator(x, pass);
		const mask = attention(x, pass);
		return { raw, mask, image: fuse(x, raw, mask) };
	};
}

/** Everything of one pass in both directions and back. */
export interface RoundTrips {
	/** From the pictures of A. */
	readonly toB: Translation;
	/** From the pictures of B. */
	readonly toA: Translation;
	/** From `toB` back. */
	readonly backA: Translation;
	/** From `toA` back. */
	readonly backB: Translation;
}

export function roundTrips(mapB: Translator, mapA: Translator, { a, b }: UnpairedBatch, pass: Pass): RoundTrips {
	const [toB, toA] = [mapB(a, pass), mapA(b, pass)];
	return { toB, toA, backA: mapA(toB.image, pass), backB: mapB(toA.image, pass) };
}

/** A picture with its mask as one more channel, as pools keep them. */
export function joined({ image, mask }: Masked): tf.Tensor4D {
	return tf.concat([image, mask], 3);
}

/** The other way round. */
export function parted(both: tf.Tensor4D): Masked {
	const [image, mask] = tf.split(both, [both.shape[3] - 1, 1], 3) as [tf.Tensor4D, tf.Tensor4D];
	return { image, mask };
}

/** A copy that outlives the gradient's scope; the caller disposes both tensors. */
export function kept({ image, mask }: Masked): Masked {
	return { image: tf.keep(image.clone()), mask: tf.keep(mask.clone()) };
}
