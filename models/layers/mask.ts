/** One mask that says where a picture is to change. */
import * as tf from "@tensorflow/tfjs";

/** content·mask + x·(1 − mask): pictures [N, H, W, C], mask [N, H, W, 1] in [0, 1], the same for every channel. */
export function fuse(x: tf.Tensor4D, content: tf.Tensor4D, mask: tf.Tensor4D): tf.Tensor4D {
	return tf.tidy(() => tf.add(tf.mul(content, mask), tf.mul(x, tf.sub(1, mask))) as tf.Tensor4D);
}
