/**
 * Relativistic average losses (Jolicoeur-Martineau 2018): each score against the mean score of the other side,
 * r̃ = real − mean(fake), f̃ = fake − mean(real). Every term is a mean over all scores.
 */
import * as tf from "@tensorflow/tfjs";
import { cancellingSoftplus } from "../../engine/ops/cross-entropy.ts";
import { detach } from "../../engine/ops/detach.ts";

/** The two terms of one network's loss, each by itself. */
export interface RelativisticTerms {
	readonly real: tf.Scalar;
	readonly fake: tf.Scalar;
}

export interface Relativistic {
	discriminator(real: tf.Tensor, fake: tf.Tensor): RelativisticTerms;
	/** Hold `real` constant with `detach` where the paper's code does. */
	generator(fake: tf.Tensor, real: tf.Tensor): RelativisticTerms;
}

/** Cross entropy: D to 1 on r̃ and 0 on f̃, G the other way round. */
export const relativisticEntropy: Relativistic = relativistic(cancellingSoftplus);

/** Hinge: D relu(1 − r̃) + relu(1 + f̃), G relu(1 + r̃) + relu(1 − f̃). */
export const relativisticHinge: Relativistic = relativistic((x) => tf.relu(tf.add(1, x)));

/** ESRGAN's and FASRGAN's generator terms: real scores count as constants. */
export function generatorTerms(form: Relativistic, fake: tf.Tensor, real: tf.Tensor): RelativisticTerms {
	return form.generator(fake, detach(real));
}

/** `cost` of a value that should be low. */
function relativistic(cost: (x: tf.Tensor) => tf.Tensor): Relativistic {
	const mean = (x: tf.Tensor): tf.Scalar => tf.mean(x);
	return {
		discriminator: (real, fake) => ({
			real: mean(cost(tf.sub(mean(fake), real))),
			fake: mean(cost(tf.sub(fake, mean(real)))),
		}),
		generator: (fake, real) => ({
			real: mean(cost(tf.sub(real, mean(fake)))),
			fake: mean(cost(tf.sub(mean(real), fake))),
		}),
	};
}
