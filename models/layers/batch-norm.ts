/**
 * Batch normalisation as PyTorch's BatchNorm2d: in training each channel by the batch's mean and biased variance, in
 * evaluation by running averages (momentum 0.1, unbiased variance).
 */
import * as tf from "@tensorflow/tfjs";
import { batchNormRunning, batchNorm as normalize } from "../../engine/ops/batch-norm.ts";
import { constantInit, type Initializer } from "../../engine/parameters.ts";
import type { Block } from "./layer.ts";
import { runningStatistics } from "./running-statistics.ts";

export interface BatchNormOptions {
	/** Added to the variance. @default 1e-5 */
	readonly epsilon?: number;
	/** Of the scale. @default ones */
	readonly initializer?: Initializer;
}

/** [N, H, W, channels] → the same. */
export function batchNorm(
	channels: number,
	{ epsilon = 1e-5, initializer = constantInit(1) }: BatchNormOptions = {},
): Block {
	return (parameters) => {
		const scale = parameters.create<tf.Rank.R1>("weight", [channels], initializer);
		const shift = parameters.create<tf.Rank.R1>("bias", [channels], constantInit(0));
		const running = runningStatistics(parameters, channels, { counts: true });
		return (x, pass) => {
			if (!pass.training) return batchNormRunning(x, running.mean, running.variance, { scale, shift, epsilon });
			const { y, mean, variance } = normalize(x, { scale, shift, epsilon });
			running.update(mean, variance);
			tf.dispose([mean, variance]);
			return y;
		};
	};
}
