/** The head of a discriminator that scores whole pictures: linear, leaky ReLU 0.2, linear to one number. */
import * as tf from "@tensorflow/tfjs";
import { scoreHead as head } from "../../engine/ops/score-head.ts";
import { constantInit, kaimingInit, type Parameters } from "../../engine/parameters.ts";

/** [N, H, W, C] of `inputs` values each → scores [N, 1]; parameters `0` and `2`, as in PyTorch's sequence. */
export function scoreHead(inputs: number, units: number): (parameters: Parameters) => (x: tf.Tensor4D) => tf.Tensor2D {
	return (parameters) => {
		const layer = (place: number, from: number, to: number) => {
			const own = parameters.at(place);
			return {
				weight: own.create<tf.Rank.R2>("weight", [from, to], kaimingInit(), { layout: "linear" }),
				bias: own.create<tf.Rank.R1>("bias", [to], constantInit(0)),
			};
		};
		const [first, second] = [layer(0, inputs, units), layer(2, units, 1)];
		return (x) =>
			tf.tidy(() => {
				const hidden = tf.matMul(flatten(x), first.weight) as tf.Tensor2D;
				return tf.add(head(hidden, first.bias, second.weight, 0.2), second.bias);
			});
	};
}

/** [N, H, W, C] → [N, C·H·W] in the order of PyTorch's flatten, which the weights of its checkpoints expect. */
function flatten(x: tf.Tensor4D): tf.Tensor2D {
	return tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0], -1]);
}
