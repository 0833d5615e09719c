/**
 * Gradient penalty of WGAN-GP (Gulrajani et al. 2017): `mean over N of (‖∇ Σ score(x̂)‖₂ − 1)²`, the norm over height,
 * width and channels. Differentiable with respect to the parameters inside `score`.
 */
import * as tf from "@tensorflow/tfjs";
import { inputGradient } from "../../engine/adam.ts";

export interface GradientPenaltyOptions {
	/** Added to every component of the gradient before the norm; CycleGAN's code has 1e-16. @default 0 */
	readonly epsilon?: number;
}

/** Penalty of `score` at the points `x` [N, H, W, C]. */
export function gradientPenalty(
	score: (x: tf.Tensor4D) => tf.Tensor,
	x: tf.Tensor4D,
	{ epsilon = 0 }: GradientPenaltyOptions = {},
): tf.Scalar {
	return tf.tidy(() => {
		const slope = inputGradient(score, x);
		const shifted = epsilon === 0 ? slope : tf.add(slope, epsilon);
		const norm = tf.sqrt(tf.sum(tf.square(shifted), [1, 2, 3]));
		return tf.mean(tf.square(tf.sub(norm, 1))) as tf.Scalar;
	});
}

/** Points between real and fake pictures: `alpha·real + (1 − alpha)·fake`, one alpha in [0, 1] per picture. */
export function interpolate(real: tf.Tensor4D, fake: tf.Tensor4D, alpha: ArrayLike<number>): tf.Tensor4D {
	return tf.tidy(() => {
		const share = tf.tensor4d(Float32Array.from(alpha), [real.shape[0], 1, 1, 1]);
		return tf.add(tf.mul(share, real), tf.mul(tf.sub(1, share), fake)) as tf.Tensor4D;
	});
}
