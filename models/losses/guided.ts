/** Losses of AGA-GAN (NoviceMAn-prog/AGA-GAN@647a90c). */
import * as tf from "@tensorflow/tfjs";
import { meanAbsolute } from "./reconstruction.ts";

/** Features of pictures [N, H, W, 3] in [-1, 1]; the paper's are VGG19's block5_conv4, given the pictures as they are. */
export type PictureFeatures = (images: tf.Tensor4D) => tf.Tensor;

/** 0.25 · mean (V(y) − V(ŷ))² + 0.75 · mean |y − ŷ|, terms apart; without features the first is left out. */
export function guidedContent(
	real: tf.Tensor4D,
	made: tf.Tensor4D,
	features: PictureFeatures | undefined,
): { readonly pixel: tf.Scalar; readonly features?: tf.Scalar } {
	const pixel = tf.mul<tf.Scalar>(meanAbsolute(real, made), 0.75);
	if (features === undefined) return { pixel };
	const distance = tf.squaredDifference(features(real), features(made));
	return { pixel, features: tf.mul<tf.Scalar>(tf.mean(distance), 0.25) };
}

/** Binary cross entropy of probabilities [N, 1] against soft targets, one each; probabilities clipped to [1e-7, 1 − 1e-7] as Keras does. */
export function softEntropy(probabilities: tf.Tensor2D, targets: ArrayLike<number>): tf.Scalar {
	return tf.tidy(() => {
		const target = tf.tensor2d(Float32Array.from(targets), [probabilities.shape[0], 1]);
		const p = tf.clipByValue(probabilities, 1e-7, 1 - 1e-7);
		const terms = tf.add(tf.mul(target, tf.log(p)), tf.mul(tf.sub(1, target), tf.log(tf.sub(1, p))));
		return tf.neg(tf.mean(terms)) as tf.Scalar;
	});
}
