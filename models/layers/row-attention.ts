/**
 * Cross-channel self-attention of CCA-GAN (KSII TIIS 15(6), 2021, §3.2, Eq. 1-4): a token is one row of the picture with
 * all its columns and channels, so the attention is H × H.
 *
 * `attention[j, i] = softmax over i of query_j · key_i`, `delta_j = Σ_i attention[j, i]·value_i`,
 * `y = gamma·out(delta) + x`, gamma a scalar that starts at 0. No scaling by 1/√d, no pooling, no spectral norm.
 *
 * Differs from the paper, which leaves these open: 1 × 1 convolutions with bias; widths max(1, ⌊C/8⌋) for query and key
 * and max(1, ⌊C/2⌋) for the value; a 1 × 1 convolution back to C channels, which Eq. 4 needs and SAGAN has.
 */
import * as tf from "@tensorflow/tfjs";
import { softmax } from "../../engine/ops/softmax.ts";
import { constantInit } from "../../engine/parameters.ts";
import { convolution } from "./convolution.ts";
import type { Block } from "./layer.ts";

export interface RowAttentionOptions {
	/** Width of the value: half the channels and a convolution back, or all of them and none. @default "half" */
	readonly vChannels?: "half" | "full";
	/** Name under which a pass observes the attention [N, H, H], rows are queries. @default "attention" */
	readonly name?: string;
}

/** [N, H, W, channels] → the same. */
export function rowAttention(
	channels: number,
	{ vChannels = "half", name = "attention" }: RowAttentionOptions = {},
): Block {
	const narrow = Math.max(1, Math.floor(channels / 8));
	const wide = vChannels === "full" ? channels : Math.max(1, Math.floor(channels / 2));
	return (parameters) => {
		const toQuery = convolution(channels, narrow, { kernel: 1 })(parameters.at("q"));
		const toKey = convolution(channels, narrow, { kernel: 1 })(parameters.at("k"));
		const toValue = convolution(channels, wide, { kernel: 1 })(parameters.at("v"));
		const toOutput =
			vChannels === "full" ? undefined : convolution(wide, channels, { kernel: 1 })(parameters.at("out"));
		const gamma = parameters.create("gamma", [1], constantInit(0));
		return (x, pass) =>
			tf.tidy(() => {
				const [count, height, width] = x.shape;
				const query = tf.reshape(toQuery(x, pass), [count, height, width * narrow]);
				const key = tf.reshape(toKey(x, pass), [count, height, width * narrow]);
				const value = tf.reshape(toValue(x, pass), [count, height, width * wide]);
				const attention = softmax(tf.matMul(query, key, false, true)) as tf.Tensor3D; // [N, H, H]
				pass.observe?.(name, attention);
				const delta: tf.Tensor4D = tf.reshape(tf.matMul(attention, value), [count, height, width, wide]);
				const restored = toOutput === undefined ? delta : toOutput(delta, pass);
				return tf.add(tf.mul(restored, gamma), x);
			});
	};
}
