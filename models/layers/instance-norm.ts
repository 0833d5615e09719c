/**
 * Instance normalisation (Ulyanov, Vedaldi, Lempitsky 2016): each channel of each picture to mean 0 and variance 1,
 * `y = (x − mean)/√(variance + ε)·weight + bias`, biased variance over height and width, ε = 1e-5.
 */
import * as tf from "@tensorflow/tfjs";
import { constantInit } from "../../engine/parameters.ts";
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
}

const epsilon = 1e-5;

/** [N, H, W, channels] → the same. */
export function instanceNorm(channels: number, { affine = false, track = false }: InstanceNormOptions = {}): Block {
	return (parameters) => {
		const scale = affine ? parameters.create("weight", [channels], constantInit(1)) : undefined;
		const shift = affine ? parameters.create("bias", [channels], constantInit(0)) : undefined;
		const statistics = track ? runningStatistics(parameters, channels) : undefined;
		return (x, pass) =>
			tf.tidy(() => {
				if (statistics !== undefined && !pass.training) return statistics.normalize(x, epsilon, scale, shift);
				const { mean, variance } = tf.moments(x, [1, 2], true);
				if (statistics !== undefined) {
					const samples = x.shape[1] * x.shape[2];
					statistics.update(tf.mean(mean, [0, 1, 2]), tf.mean(variance, [0, 1, 2]), samples);
				}
				const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
				const scaled = scale === undefined ? normal : tf.mul(normal, scale);
				return shift === undefined ? scaled : tf.add(scaled, shift);
			}) as tf.Tensor4D;
	};
}
