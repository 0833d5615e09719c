/** Losses of attribute and class logits. */
import * as tf from "@tensorflow/tfjs";
import { sigmoidCrossEntropy, softmaxCrossEntropy } from "../../engine/ops/cross-entropy.ts";

/** Binary cross entropy of `logits` [N, labels] against `targets` of 0 and 1, summed over labels and averaged over N (StarGAN). */
export function labelEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
	return tf.tidy(() => {
		return tf.div(tf.sum(sigmoidCrossEntropy(logits, targets)), logits.shape[0]) as tf.Scalar;
	});
}

/** Softmax cross entropy of `logits` [N, classes] against class numbers [N], averaged over N. */
export function classEntropy(logits: tf.Tensor2D, classes: tf.Tensor1D): tf.Scalar {
	return tf.tidy(() => {
		const chosen = tf.oneHot(tf.cast(classes, "int32"), logits.shape[1]);
		return oneHotEntropy(logits, tf.cast(chosen, "float32") as tf.Tensor2D);
	});
}

/** The same against rows of one 1 and zeros [N, classes]. */
export function oneHotEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
	return tf.tidy(() => tf.mean(softmaxCrossEntropy(logits, targets)) as tf.Scalar);
}
