import * as tf from "@tensorflow/tfjs";
import { defineKernel, type Op } from "./kernel.ts";
import { leakyRelu } from "./leaky-relu.ts";

/**
 * The end of a discriminator: hidden [N, units], bias [units], weight [units, 1] → leaky ReLU(hidden + bias) · weight, [N, 1].
 *
 * The bias's gradient is weight · Σ of the scores' gradients, taken in that order. A relativistic loss does not change when all
 * scores move together: the sum over real pictures is minus that over fakes, and a unit on one side of the leaky ReLU for all of them has
 * no gradient. Sums of rounded products leave 1e-8 there, which Adam turns into steps of the whole rate.
 */
export function scoreHead(hidden: tf.Tensor2D, bias: tf.Tensor1D, weight: tf.Tensor2D, alpha: number): tf.Tensor2D {
	return head({ hidden, bias, weight }, { alpha }) as tf.Tensor2D;
}

const head: Op<{ readonly alpha: number }, "hidden" | "bias" | "weight"> = defineKernel({
	name: "FoveaScoreHead",
	tensorflow: ({ hidden, bias, weight }, { alpha }) => tf.matMul(leakyRelu(tf.add(hidden, bias), alpha), weight),
	composed: ({ hidden, bias, weight }, { alpha }) => tf.matMul(leakyRelu(tf.add(hidden, bias), alpha), weight),
	saveInputs: ["hidden", "bias", "weight"],
	backward: (gradient, [hidden, bias, weight], { alpha }) => {
		const before = tf.add(hidden, bias);
		const positive = tf.cast(tf.greater(before, 0), "float32");
		const slopes = tf.add(tf.mul(positive, 1 - alpha), alpha);
		const total = tf.add(
			tf.mul(tf.matMul(gradient, positive, true), 1 - alpha),
			tf.mul(tf.sum(gradient, 0, true), alpha),
		);
		return {
			hidden: () => tf.mul(tf.matMul(gradient, weight, false, true), slopes),
			bias: () => tf.reshape(tf.mul(total, tf.transpose(weight)), [-1]),
			weight: () => tf.matMul(leakyRelu(before, alpha), gradient, true),
		};
	},
});
