import * as tf from "@tensorflow/tfjs";
import { detach } from "./detach.ts";

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|), finite for every finite x. Differentiable to any order. */
export function softplus<T extends tf.Tensor>(x: T): T {
	return tf.softplus(x);
}

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
