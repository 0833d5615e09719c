import * as tf from "@tensorflow/tfjs";
import { detach } from "./detach.ts";
import { defineKernel, type Op } from "./kernel.ts";

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|), finite for every finite x. Differentiable to any order. */
export function softplus<T extends tf.Tensor>(x: T): T {
	return tf.softplus(x);
}

/**
 * `softplus` whose derivative σ(x) is rounded to multiples of 2^-20. Relativistic losses set each score against the mean of others, so
 * that derivatives of all scores together cancel: on a common grid their sums have nothing to round, and what is zero is zero. Without it
 * 1e-8 is left, of which Adam makes whole steps.
 */
export function cancellingSoftplus(x: tf.Tensor): tf.Tensor {
	return cancelling({ x }, {});
}

const cancelling: Op<object, "x"> = defineKernel({
	name: "FoveaCancellingSoftplus",
	tensorflow: ({ x }) => tf.softplus(x),
	composed: ({ x }) => tf.softplus(x),
	saveInputs: ["x"],
	backward: (gradient, [x]) => ({ x: () => tf.mul(gradient, onGrid({ x: tf.sigmoid(x) }, {})) }),
});

/** x in [0, 1] to the nearest multiple of 2^-20; counts as the identity where it is differentiated. */
const onGrid: Op<object, "x"> = defineKernel({
	name: "FoveaGrid",
	tensorflow: ({ x }) => tf.sub(tf.add(x, 8), 8),
	composed: ({ x }) => tf.sub(tf.add(x, 8), 8),
	backward: (gradient) => ({ x: () => gradient }),
});

/**
 * Binary cross-entropy of each logit x with its target z in [0, 1]: softplus(x) − x z = −z log σ(x) − (1 − z) log(1 − σ(x)).
 * Elementwise; reduce as the paper does. As PyTorch's BCEWithLogitsLoss. Differentiable to any order.
 */
export function sigmoidCrossEntropy<T extends tf.Tensor>(logits: T, targets: T): T {
	return tf.tidy(() => tf.sub(softplus(logits), tf.mul(logits, targets)));
}

/**
 * Cross-entropy of logits [N, classes] with class probabilities [N, classes] (one-hot for labels) → [N]:
 * −Σ target · log softmax(logits). As PyTorch's CrossEntropyLoss without reduction. Differentiable to any order.
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
	return tf.tidy(() => {
		// The shift cancels, so it needs no gradient.
		const shifted = tf.sub(logits, detach(tf.max(logits, 1, true)));
		const logSum = tf.log(tf.sum(tf.exp(shifted), 1, true));
		return tf.sum(tf.mul(targets, tf.sub(logSum, shifted)), 1);
	});
}
