import * as tf from "@tensorflow/tfjs";
import { execute } from "../tensorflow/execute.ts";
import { hasNativeKernels } from "../tensorflow/native.ts";
import { defineKernel, type Op } from "./kernel.ts";

/** Sums over all axes but the last: x [..., C] → [C], what a bias's gradient is. Differentiable to any order. */
export function channelSums(x: tf.Tensor): tf.Tensor1D {
	return sums({ x }, { shape: x.shape }) as tf.Tensor1D;
}

const sums: Op<{ readonly shape: readonly number[] }, "x"> = defineKernel({
	name: "FoveaChannelSums",
	tensorflow: ({ x }, _, backend) =>
		hasNativeKernels() ? execute(backend, "FoveaChannelSums", [], [x]) : overOtherAxes(x),
	composed: ({ x }) => overOtherAxes(x),
	backward: (gradient, _, { shape }) => ({
		x: () => {
			const others = shape.slice(0, -1);
			const row = tf.reshape(gradient, [...others.map(() => 1), shape.at(-1) as number]);
			return tf.tile(row, [...others, 1]);
		},
	}),
});

function overOtherAxes(x: tf.Tensor): tf.Tensor {
	return tf.sum(
		x,
		x.shape.slice(0, -1).map((_, axis) => axis),
	);
}
