import * as tf from "@tensorflow/tfjs";
import { normaliseSamples } from "./instance-norm.ts";

export interface BatchNormOptions {
	/** [C]. @default none */
	readonly scale?: tf.Tensor1D | undefined;
	/** [C]. @default none */
	readonly shift?: tf.Tensor1D | undefined;
	/** @default 1e-5 */
	readonly epsilon?: number;
}

/** Result of `batchNorm` in training: the output, and what updates the running statistics. */
export interface BatchNormTraining<T extends tf.Tensor> {
	readonly y: T;
	/** [C], no gradient flows through it. */
	readonly mean: tf.Tensor1D;
	/** [C], unbiased (n / (n − 1)), as PyTorch keeps it; no gradient flows through it. */
	readonly variance: tf.Tensor1D;
}

/**
 * Batch normalisation with the batch's own statistics: x [N, …, C] → (x − mean) / √(variance + epsilon) · scale + shift,
 * mean and biased variance of each channel over all other axes. As PyTorch's BatchNorm in training. Differentiable to
 * any order. `running ← (1 − momentum) · running + momentum · statistics` is the caller's.
 */
export function batchNorm<T extends tf.Tensor>(x: T, options: BatchNormOptions = {}): BatchNormTraining<T> {
	const { scale, shift, epsilon = 1e-5 } = options;
	const channels = x.shape.at(-1) as number;
	const count = x.size / channels;
	if (count < 2) throw new RangeError(`batchNorm: must have at least 2 values per channel, got ${count}`);
	const [y, mean, variance] = tf.tidy((): [tf.Tensor, tf.Tensor, tf.Tensor] => {
		// All values of a channel as those of one sample.
		const sample = tf.reshape(x, [1, count, 1, channels]) as tf.Tensor4D;
		const normalised = normaliseSamples(sample, scale ?? tf.ones([channels]), shift ?? tf.zeros([channels]), epsilon);
		const deviation = normalised.deviation.reshape([-1]);
		// Rounded like variance + epsilon, which is all that evaluation makes of it.
		const variance = tf.sub(tf.square(tf.div(1, deviation)), epsilon);
		const unbiased = tf.mul(tf.maximum(variance, 0), count / (count - 1));
		return [normalised.y.reshape(x.shape), normalised.mean.reshape([-1]), unbiased];
	});
	return { y: y as T, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

/** Batch normalisation with running statistics [C], as PyTorch's BatchNorm in evaluation. */
export function batchNormRunning<T extends tf.Tensor>(
	x: T,
	mean: tf.Tensor1D,
	variance: tf.Tensor1D,
	{ scale, shift, epsilon = 1e-5 }: BatchNormOptions = {},
): T {
	return tf.tidy(() => affine(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon))), scale, shift) as T);
}

function affine(x: tf.Tensor, scale: tf.Tensor1D | undefined, shift: tf.Tensor1D | undefined): tf.Tensor {
	const scaled = scale === undefined ? x : tf.mul(x, scale);
	return shift === undefined ? scaled : tf.add(scaled, shift);
}
