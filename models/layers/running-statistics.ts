/** Running mean and variance of a norm, as PyTorch keeps them: momentum 0.1, unbiased variance, a count of updates. */
import * as tf from "@tensorflow/tfjs";
import { constantInit, type Parameters } from "../../engine/parameters.ts";

const momentum = 0.1;

export interface RunningStatistics {
	/** Moves the averages towards a batch's `mean` and biased `variance` [channels], taken over `samples` values each. */
	update(mean: tf.Tensor, variance: tf.Tensor, samples: number): void;
	/** `(x − running mean)/√(running variance + epsilon)·scale + shift`. */
	normalize(x: tf.Tensor4D, epsilon: number, scale?: tf.Tensor, shift?: tf.Tensor): tf.Tensor4D;
}

/** Creates the buffers `running_mean`, `running_var` and `num_batches_tracked`. */
export function runningStatistics(parameters: Parameters, channels: number): RunningStatistics {
	const buffer = { trainable: false };
	const runningMean = parameters.create("running_mean", [channels], constantInit(0), buffer);
	const runningVariance = parameters.create("running_var", [channels], constantInit(1), buffer);
	const count = parameters.create("num_batches_tracked", [], constantInit(0), buffer);
	return {
		update(mean, variance, samples) {
			tf.tidy(() => {
				const unbiased = tf.mul(variance, samples / (samples - 1));
				runningMean.assign(tf.add(tf.mul(runningMean, 1 - momentum), tf.mul(mean, momentum)));
				runningVariance.assign(tf.add(tf.mul(runningVariance, 1 - momentum), tf.mul(unbiased, momentum)));
				count.assign(tf.add(count, 1));
			});
		},
		normalize(x, epsilon, scale, shift) {
			return tf.tidy(() => {
				const deviation = tf.sqrt(tf.add(runningVariance, epsilon));
				const normal = tf.div(tf.sub(x, runningMean), deviation);
				const scaled = scale === undefined ? normal : tf.mul(normal, scale);
				return (shift === undefined ? scaled : tf.add(scaled, shift)) as tf.Tensor4D;
			});
		},
	};
}
