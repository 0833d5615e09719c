/**
 * Residual dense block of AGA-GAN: five convolutions, each fed with the input and all results before it.
 *
 *     xᵢ = leaky(conv3([x, x₁ … xᵢ₋₁])) of `growth` channels, x₅ of `channels`; y = 0.4·x₅ + x
 */
import * as tf from "@tensorflow/tfjs";
import { leakyRelu as leaky } from "../../engine/ops/leaky-relu.ts";
import { sameConvolution } from "./keras-layers.ts";
import type { Block } from "./layer.ts";

/** [N, H, W, channels] → the same. Parameters `x1` … `x5`. */
export function residualDense(channels: number, growth: number): Block {
	return (parameters) => {
		const layers = [1, 2, 3, 4, 5].map((index) =>
			sameConvolution(channels + (index - 1) * growth, index === 5 ? channels : growth)(parameters.at(`x${index}`)),
		);
		return (x, pass) =>
			tf.tidy(() => {
				const made: tf.Tensor4D[] = [x];
				for (const layer of layers) made.push(leaky(layer(tf.concat(made, 3), pass), 0.25));
				return tf.add<tf.Tensor4D>(tf.mul(made.at(-1) as tf.Tensor4D, 0.4), x);
			});
	};
}
