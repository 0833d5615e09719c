import * as tf from "@tensorflow/tfjs";

export interface InstanceNormOptions {
	/** [C]. @default none */
	readonly scale?: tf.Tensor1D | undefined;
	/** [C]. @default none */
	readonly shift?: tf.Tensor1D | undefined;
	/** @default 1e-5 */
	readonly epsilon?: number;
}

/**
 * Instance normalisation of x [N, H, W, C]: (x − mean) / √(variance + epsilon) · scale + shift, with mean and biased
 * variance of each sample and channel over H and W. As PyTorch's InstanceNorm2d. Differentiable to any order.
 */
export function instanceNorm(x: tf.Tensor4D, { scale, shift, epsilon = 1e-5 }: InstanceNormOptions = {}): tf.Tensor4D {
	return tf.tidy(() => {
		const centred = tf.sub(x, tf.mean(x, [1, 2], true));
		const variance = tf.mean(tf.square(centred), [1, 2], true);
		let y: tf.Tensor4D = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
		if (scale !== undefined) y = tf.mul(y, scale);
		return shift === undefined ? y : tf.add(y, shift);
	});
}
