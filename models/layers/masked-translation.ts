/** Translation through a mask: where the attention network looks, the generator's picture; elsewhere the input. */
import * as tf from "@tensorflow/tfjs";
import type { Layer, Pass } from "./layer.ts";

export interface Translation {
	/** The generator's own picture, [N, H, W, C]. */
	readonly raw: tf.Tensor4D;
	/** [N, H, W, 1] in [0, 1] */
	readonly mask: tf.Tensor4D;
	/** raw · mask + input · (1 − mask) */
	readonly image: tf.Tensor4D;
}

export type Translator = (x: tf.Tensor4D, pass: Pass) => Translation;

/** A generator and an attention network that see the same picture. */
export function maskedTranslator(generator: Layer, attention: Layer): Translator {
	return (x, pass) => {
		const raw = generator(x, pass);
		const mask = attention(x, pass);
		return { raw, mask, image: composeMasked(x, raw, mask) };
	};
}

/** raw · mask + x · (1 − mask), the mask [N, H, W, 1] for all channels. */
export function composeMasked(x: tf.Tensor4D, raw: tf.Tensor4D, mask: tf.Tensor4D): tf.Tensor4D {
	return tf.tidy(() => tf.add(tf.mul(raw, mask), tf.mul(x, tf.sub(1, mask))));
}
