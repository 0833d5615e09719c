import * as tf from "@tensorflow/tfjs";
import { defineKernel, type Op } from "./kernel.ts";

/**
 * eˣ / Σ eˣ over the last axis. Differentiable to any order: TensorFlow.js's own softmax saves its output for the gradient,
 * and a saved output is cut off from the tape, so that its second derivative comes out wrong without an error.
 */
export function softmax<T extends tf.Tensor>(x: T): T {
	return softmaxKernel({ x }, {}) as T;
}

const softmaxKernel: Op<object, "x"> = defineKernel({
	name: "FoveaSoftmax",
	tensorflow: ({ x }) => tf.softmax(x),
	composed: ({ x }) => tf.softmax(x),
	saveInputs: ["x"],
	backward: (gradient, [x]) => ({
		x: () => {
			const y = softmax(x);
			const weighted = tf.mul(gradient, y);
			return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), y));
		},
	}),
});
