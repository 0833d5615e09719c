/** FASRGAN's losses on the discriminator's map M of logits [N, H, W, 3], one per pixel and colour. */
import * as tf from "@tensorflow/tfjs";
import { softplus } from "../../engine/ops/cross-entropy.ts";
import { detach } from "../../engine/ops/detach.ts";

/**
 * mean |fake − real|·(1 − σ(M(fake))): the error counts where the discriminator sees a fake. M is held constant. With M = −∞ it is
 * the mean absolute error, with M = +∞ zero.
 */
export function fineGrainedAttention(fake: tf.Tensor4D, real: tf.Tensor4D, map: tf.Tensor4D): tf.Scalar {
	return tf.tidy(() => {
		const attention = tf.sigmoid(tf.neg(detach(map)));
		return tf.mean(tf.mul(tf.abs(tf.sub(fake, real)), attention));
	});
}

/** Cross entropy of a map with one answer for every pixel: mean softplus(−M) for real, mean softplus(M) for fake. */
export function mapEntropy(map: tf.Tensor4D, answer: "real" | "fake"): tf.Scalar {
	return tf.tidy(() => tf.mean(softplus(answer === "real" ? tf.neg(map) : map)));
}
