/** Pixel-wise normalisation (Karras et al. 2018): each pixel's channels divided by their root mean square. */
import * as tf from "@tensorflow/tfjs";

/** x / √(mean over the last axis of x² + 1e-8); any shape. */
export function pixelNorm<T extends tf.Tensor>(x: T): T {
	return tf.tidy(() => {
		const meanSquare = tf.mean(tf.square(x), -1, true);
		return tf.div(x, tf.sqrt(tf.add(meanSquare, 1e-8))) as T;
	});
}
