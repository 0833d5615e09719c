/**
 * Self-attention over positions, of SAGAN (Zhang, Goodfellow, Metaxas, Odena 2019): each of the H·W positions is a token.
 *
 * `attention[i, j] = softmax over j of query_i · key_j` (no scaling), `y = gamma·o + x`, gamma a scalar that starts at 0.
 * `community` (heykeetae/Self-Attention-GAN): query and key of C/8 channels, value of C, attention [H·W, H·W].
 * `official` (brain-research/self-attention-gan): key and value are max-pooled 2 × 2, the value has C/2 channels, and a
 * 1 × 1 convolution brings the result back to C; attention [H·W, H·W/4].
 */
import * as tf from "@tensorflow/tfjs";
import { maxPool2d } from "../../engine/ops/max-pool.ts";
import { softmax } from "../../engine/ops/softmax.ts";
import { constantInit } from "../../engine/parameters.ts";
import { convolution } from "./convolution.ts";
import type { Block } from "./layer.ts";
import { spectralConvolution } from "./spectral-norm.ts";

export interface SelfAttentionOptions {
	/** @default "official" */
	readonly form?: "official" | "community";
	/** Spectral norm on all convolutions, as the official code has it. @default false */
	readonly spectral?: boolean;
	/** Name under which a pass observes the attention [N, queries, keys]. @default "attention" */
	readonly name?: string;
}

/** [N, H, W, channels] → the same; for `official`, H and W must be even. */
export function selfAttention(
	channels: number,
	{ form = "official", spectral = false, name = "attention" }: SelfAttentionOptions = {},
): Block {
	const narrow = Math.max(1, Math.floor(channels / 8));
	const wide = form === "official" ? Math.max(1, Math.floor(channels / 2)) : channels;
	const pool = form === "official" ? (x: tf.Tensor4D) => maxPool2d(x, 2) : (x: tf.Tensor4D) => x;
	const project = (input: number, output: number) =>
		(spectral ? spectralConvolution : convolution)(input, output, { kernel: 1 });
	return (parameters) => {
		const toQuery = project(channels, narrow)(parameters.at("query_conv"));
		const toKey = project(channels, narrow)(parameters.at("key_conv"));
		const toValue = project(channels, wide)(parameters.at("value_conv"));
		const toOutput = form === "official" ? project(wide, channels)(parameters.at("out_conv")) : undefined;
		const gamma = parameters.create("gamma", [1], constantInit(0));
		return (x, pass) =>
			tf.tidy(() => {
				const [count, height, width] = x.shape;
				const query = tf.reshape(toQuery(x, pass), [count, height * width, narrow]);
				const key = tf.reshape(pool(toKey(x, pass)), [count, -1, narrow]);
				const value = tf.reshape(pool(toValue(x, pass)), [count, -1, wide]);
				const attention = softmax(tf.matMul(query, key, false, true)) as tf.Tensor3D; // [N, H·W, keys]
				pass.observe?.(name, attention);
				const mixed: tf.Tensor4D = tf.reshape(tf.matMul(attention, value), [count, height, width, wide]);
				const restored = toOutput === undefined ? mixed : toOutput(mixed, pass);
				return tf.add(tf.mul(restored, gamma), x);
			});
	};
}
