/** Perceptual loss (Johnson, Alahi, Fei-Fei 2016): a distance of the features that a fixed network gives to two pictures. */
import * as tf from "@tensorflow/tfjs";

/** Features of pictures [N, H, W, 3] in [0, 1], differentiable; `vggPerceptual` makes one. */
export type FeatureFunction = (images: tf.Tensor4D) => tf.Tensor;

/** Distance of features: `l1` mean |a − b| (ESRGAN), `l2` mean (a − b)² (SRGAN). */
export function perceptual(
	features: FeatureFunction,
	fake: tf.Tensor4D,
	/** Features of the real picture, which need no gradient. */
	target: tf.Tensor,
	distance: "l1" | "l2" = "l1",
): tf.Scalar {
	return tf.tidy(() => {
		const difference = tf.sub(features(fake), target);
		return tf.mean(distance === "l1" ? tf.abs(difference) : tf.square(difference));
	});
}
