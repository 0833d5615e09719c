/**
 * Instance normalisation (Ulyanov, Vedaldi, Lempitsky 2016): each channel of each picture to mean 0 and variance 1,
 * `y = (x − mean)/√(variance + ε)·weight + bias`, biased variance over height and width, ε = 1e-5.
 */
import * as tf from "@tensorflow/tfjs";
import { batchNormRunning } from "../../engine/ops/batch-norm.ts";
import { instanceNorm as normalize } from "../../engine/ops/instance-norm.ts";
import { constantInit, type Initializer } from "../../engine/parameters.ts";
import type { Block } from "./layer.ts";
import { runningStatistics } from "./running-statistics.ts";

export interface InstanceNormOptions {
	/** Learned scale and shift. @default false */
	readonly affine?: boolean;
	/**
	 * Keeps running statistics as PyTorch's `track_running_stats` does, and uses them in evaluation. The papers' codes
	 * that ask for it never evaluate with them, so it is off. @default false
	 */
	readonly track?: boolean;
	/** Of the scale. @default ones */
	readonly initializer?: Initializer;
}

/** [N, H, W, channels] → the same. */
export function instanceNorm(
	channels: number,
	{ affine = false, track = false, initializer = constantInit(1) }: InstanceNormOptions = {},
): Block {
	return (parameters) => {
		const scale = affine ? parameters.create<tf.Rank.R1>("weight", [channels], initializer) : undefined;
		const shift = affine ? parameters.create<tf.Rank.R1>("bias", [channels], constantInit(0)) : undefined;
		if (!track) return (x) => normalize(x, { scale, shift });
		const running = runningStatistics(parameters, channels, { counts: false });
		return (x, pass) => {
			if (!pass.training) return batchNormRunning(x, running.mean, running.variance, { scale, shift });
			tf.tidy(() => {
				const { mean, variance } = tf.moments(x, [1, 2]);
				const samples = x.shape[1] * x.shape[2];
				running.update(tf.mean(mean, 0), tf.mul(tf.mean(variance, 0), samples / (samples - 1)));
			});
			return normalize(x, { scale, shift });
		};
	};
}
