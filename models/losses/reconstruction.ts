/** Losses of pictures against pictures. */
import * as tf from "@tensorflow/tfjs";

/** mean |a − b|. */
export function meanAbsolute(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
	return tf.tidy(() => tf.mean(tf.abs(tf.sub(a, b))) as tf.Scalar);
}
