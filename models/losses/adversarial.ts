/**
 * Adversarial losses on scores (logits) of any shape. `discriminator` takes scores of real and fake pictures, each term
 * apart so that both can be logged; `generator` takes scores of fakes (and of real pictures, for relativistic forms).
 * Every result is a scalar tensor, a mean over all scores.
 */
import * as tf from "@tensorflow/tfjs";
import { softplus } from "../../engine/ops/cross-entropy.ts";
import { generatorTerms, relativisticEntropy, relativisticHinge } from "./relativistic.ts";

export interface Adversarial {
	/** Terms whose sum the discriminator minimises. */
	discriminator(real: tf.Tensor, fake: tf.Tensor): { readonly real: tf.Scalar; readonly fake: tf.Scalar };
	/** What the generator minimises. */
	generator(fake: tf.Tensor, real: tf.Tensor): tf.Scalar;
}

/** Least squares (LSGAN): D to 1 on real and 0 on fake, G to 1 on fake. */
export const leastSquares: Adversarial = {
	discriminator: (real, fake) => ({ real: meanSquare(tf.sub(real, 1)), fake: meanSquare(fake) }),
	generator: (fake) => meanSquare(tf.sub(fake, 1)),
};

/** Log form on logits: −log σ(real) − log(1 − σ(fake)); G non-saturating, −log σ(fake). */
export const logistic: Adversarial = {
	discriminator: (real, fake) => ({ real: mean(softplus(tf.neg(real))), fake: mean(softplus(fake)) }),
	generator: (fake) => mean(softplus(tf.neg(fake))),
};

/** Wasserstein: −real + fake; to be used with a gradient penalty. */
export const wasserstein: Adversarial = {
	discriminator: (real, fake) => ({ real: mean(tf.neg(real)), fake: mean(fake) }),
	generator: (fake) => mean(tf.neg(fake)),
};

/** Hinge (SAGAN): relu(1 − real) + relu(1 + fake); G −fake. */
export const hinge: Adversarial = {
	discriminator: (real, fake) => ({ real: mean(tf.relu(tf.sub(1, real))), fake: mean(tf.relu(tf.add(1, fake))) }),
	generator: (fake) => mean(tf.neg(fake)),
};

/**
 * Relativistic average, log form (ESRGAN, FASRGAN): each score against the mean score of the other side. Both networks
 * halve the sum of the two terms; for G the real scores count as constants.
 */
export const relativisticAverage: Adversarial = {
	discriminator: (real, fake) => {
		const terms = relativisticEntropy.discriminator(real, fake);
		return { real: tf.mul(terms.real, 0.5), fake: tf.mul(terms.fake, 0.5) };
	},
	generator: (fake, real) => {
		const terms = generatorTerms(relativisticEntropy, fake, real);
		return tf.mul(tf.add(terms.real, terms.fake), 0.5);
	},
};

/** Relativistic average hinge (MSG-GAN): D relu(1 − r̃) + relu(1 + f̃), G relu(1 + r̃) + relu(1 − f̃), nothing held constant. */
export const relativisticAverageHinge: Adversarial = {
	discriminator: relativisticHinge.discriminator,
	generator: (fake, real) => {
		const terms = relativisticHinge.generator(fake, real);
		return tf.add(terms.real, terms.fake);
	},
};

function mean(x: tf.Tensor): tf.Scalar {
	return tf.mean(x);
}

function meanSquare(x: tf.Tensor): tf.Scalar {
	return tf.mean(tf.square(x));
}
