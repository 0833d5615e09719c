/**
 * Attribute-guided attention of AGA-GAN: features X go on under a mask made of the attribute stream S, and S goes on under X.
 *
 *     code:   X' = X + main2(main1(X)) ⊙ m, m = sigmoid(mask2(mask1(S))), S' = attr2(attr1([S, X'])); no activations
 *     figure: X' = y + ReLU(main2(y)) ⊙ m, y = ReLU(main1(X)), m = sigmoid(mask2(ReLU(mask1(S)))), S' = ReLU(attr1([m, X']))
 *
 * The figure shows no shape of the mask: it has the code's. All convolutions are 3 × 3 but the first block's mask2.
 */
import * as tf from "@tensorflow/tfjs";
import { relu } from "../../engine/ops/relu.ts";
import type { Parameters } from "../../engine/parameters.ts";
import { sameConvolution } from "./keras-layers.ts";
import { evaluation } from "./layer.ts";

export type AttentionForm = "code" | "figure";

export interface AttributeAttentionOptions {
	/** Side of the kernel that makes the mask. */
	readonly maskKernel: number;
	/** 1, or one mask for each channel. */
	readonly maskChannels: number;
	readonly form: AttentionForm;
	/** The last block leaves the attribute stream as it is. @default false */
	readonly isLast?: boolean;
}

export interface Attended {
	/** [N, H, W, channels] */
	readonly x: tf.Tensor4D;
	/** [N, H, W, channels] */
	readonly guide: tf.Tensor4D;
	/** [N, H, W, maskChannels] in [0, 1] */
	readonly mask: tf.Tensor4D;
}

/** X and S [N, H, W, channels] → what goes on. */
export function attributeAttention(
	parameters: Parameters,
	channels: number,
	{ maskKernel, maskChannels, form, isLast = false }: AttributeAttentionOptions,
): (x: tf.Tensor4D, guide: tf.Tensor4D) => Attended {
	const conv = (name: string, input: number, output: number, kernel = 3) => {
		const layer = sameConvolution(input, output, { kernel })(parameters.at(name));
		return (value: tf.Tensor4D) => layer(value, evaluation);
	};
	const [main1, main2] = [conv("main1", channels, channels), conv("main2", channels, channels)];
	const [mask1, mask2] = [conv("mask1", channels, channels), conv("mask2", channels, maskChannels, maskKernel)];
	const isFigure = form === "figure";
	const attr1 = isLast ? undefined : conv("attr1", channels + (isFigure ? maskChannels : channels), channels);
	const attr2 = isLast || isFigure ? undefined : conv("attr2", channels, channels);
	const active = isFigure ? (value: tf.Tensor4D) => relu(value) : (value: tf.Tensor4D) => value;
	return (x, guide) => {
		const mask: tf.Tensor4D = tf.sigmoid(mask2(active(mask1(guide))));
		const inner = active(main1(x));
		const attended = tf.add<tf.Tensor4D>(isFigure ? inner : x, tf.mul(active(main2(inner)), mask));
		if (attr1 === undefined) return { x: attended, guide, mask };
		const merged = active(attr1(tf.concat([isFigure ? mask : guide, attended], 3)));
		return { x: attended, guide: attr2 === undefined ? merged : attr2(merged), mask };
	};
}
