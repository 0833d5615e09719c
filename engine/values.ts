import * as tf from "@tensorflow/tfjs";

/**
 * Values of the tensor that `make` makes, downloaded; of what else it made nothing is left. A tidy that returned the numbers
 * themselves would look for tensors among them, one number after another, which takes longer than most networks.
 */
export function valuesOf(make: () => tf.Tensor): Float32Array {
	const made = tf.tidy(make);
	try {
		return made.dataSync<"float32">();
	} finally {
		made.dispose();
	}
}
