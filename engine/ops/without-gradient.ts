import * as tf from "@tensorflow/tfjs";

/**
 * What `f` makes, as constants: nothing inside is recorded for gradients, so nothing of it is kept for them. As PyTorch's
 * `no_grad`. For tensors that are there already `detach` does.
 */
export function withoutGradient<T>(f: () => T): T {
	const { state } = tf.engine();
	// TensorFlow.js records no op that runs inside another one.
	state.kernelDepth += 1;
	try {
		return f();
	} finally {
		state.kernelDepth -= 1;
	}
}
