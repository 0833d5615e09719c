/** Running mean and variance of a norm, as PyTorch keeps them: momentum 0.1, unbiased variance, a count of updates. */
import * as tf from "@tensorflow/tfjs";
import { constantInit, type Parameters } from "../../engine/parameters.ts";

const momentum = 0.1;

export interface RunningStatistics {
	/** [channels] */
	readonly mean: tf.Variable<tf.Rank.R1>;
	/** [channels] */
	readonly variance: tf.Variable<tf.Rank.R1>;
	/** Moves the averages towards a batch's mean and unbiased variance [channels]. */
	update(mean: tf.Tensor, variance: tf.Tensor): void;
}

/** Creates the buffers `running_mean`, `running_var` and `num_batches_tracked`; PyTorch's instance norm never counts. */
export function runningStatistics(
	parameters: Parameters,
	channels: number,
	{ counts }: { readonly counts: boolean },
): RunningStatistics {
	const buffer = { trainable: false };
	const runningMean = parameters.create<tf.Rank.R1>("running_mean", [channels], constantInit(0), buffer);
	const runningVariance = parameters.create<tf.Rank.R1>("running_var", [channels], constantInit(1), buffer);
	const count = parameters.create<tf.Rank.R0>("num_batches_tracked", [], constantInit(0), buffer);
	return {
		mean: runningMean,
		variance: runningVariance,
		update(mean, variance) {
			tf.tidy(() => {
				runningMean.assign(tf.add(tf.mul(runningMean, 1 - momentum), tf.mul(mean, momentum)));
				runningVariance.assign(tf.add(tf.mul(runningVariance, 1 - momentum), tf.mul(variance, momentum)));
				if (counts) count.assign(tf.add(count, 1));
			});
		},
	};
}
