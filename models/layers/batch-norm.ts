/**
 * Batch normalisation (Ioffe and Szegedy 2015): each channel of the batch to mean 0 and variance 1, then `weight` and `bias`;
 * running statistics in evaluation, as PyTorch's BatchNorm2d.
 */
import type * as tf from "@tensorflow/tfjs";
import { batchNormRunning, batchNorm as normalize } from "../../engine/ops/batch-norm.ts";
import { constantInit } from "../../engine/parameters.ts";
import type { Block } from "./layer.ts";
import { runningStatistics } from "./running-statistics.ts";

/** [N, H, W, channels] → the same. `epsilon` is added to the variance; 1e-5 without it. */
export function batchNorm(channels: number, { epsilon = 1e-5 }: { readonly epsilon?: number } = {}): Block {
	return (parameters) => {
		const scale = parameters.create<tf.Rank.R1>("weight", [channels], constantInit(1));
		const shift = parameters.create<tf.Rank.R1>("bias", [channels], constantInit(0));
		const running = runningStatistics(parameters, channels, { counts: true });
		return (x, pass) => {
			const affine = { scale, shift, epsilon };
			if (!pass.training) return batchNormRunning(x, running.mean, running.variance, affine);
			const { y, mean, variance } = normalize(x, affine);
			running.update(mean, variance);
			return y;
		};
	};
}
