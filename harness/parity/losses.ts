/** Goldens of losses: gradient penalties with their second-order parameter gradients. */
import * as tf from "@tensorflow/tfjs";
import { inputGradient } from "../../engine/adam.ts";
import { type Layer, training } from "../../models/layers/layer.ts";
import { patchgan } from "../../models/layers/patchgan.ts";
import {
	type Adversarial,
	hinge,
	leastSquares,
	logistic,
	relativisticAverage,
	wasserstein,
} from "../../models/losses/adversarial.ts";
import { gradientPenalty, interpolate } from "../../models/losses/gradient-penalty.ts";
import type { Results } from "./compare.ts";
import type { Golden } from "./golden.ts";
import { type NetLoss, runNet, type Tensors } from "./net.ts";
import type { ParitySystem } from "./system.ts";

export const losses: ParitySystem = {
	parts: { adversarial: runAdversarial, gradient_penalty: runGradientPenalty },
};

/** Losses on logits alone; there is no network. */
function runAdversarial(golden: Golden): Results {
	const both = (name: string, form: Adversarial, share: number): Record<string, NetLoss> => ({
		[`${name}_g`]: ({ fake_logits: fake, real_logits: real }) => form.generator(fake as tf.Tensor, real as tf.Tensor),
		[`${name}_d`]: ({ fake_logits: fake, real_logits: real }) => {
			const terms = form.discriminator(real as tf.Tensor, fake as tf.Tensor);
			return tf.mul(tf.add(terms.real, terms.fake), share);
		},
	});
	return runNet(golden, () => () => ({}), {
		losses: {
			...both("lsgan", leastSquares, 0.5),
			...both("vanilla", logistic, 0.5),
			...both("wgangp", wasserstein, 0.5),
			...both("hinge", hinge, 1),
			...both("relativistic_average", relativisticAverage, 1),
		},
	});
}

function runGradientPenalty(golden: Golden): Results {
	const { config } = golden;
	const lambda = config.number("lambda_gp");
	let layer: Layer = (x) => x;
	const score = (x: tf.Tensor4D) => layer(x, training);
	const between = ({ real, fake, gp_alpha: alpha }: Tensors) =>
		interpolate(real as tf.Tensor4D, fake as tf.Tensor4D, (alpha as tf.Tensor).dataSync());
	// The CycleGAN form adds 1e-16 to the gradient and has its weight inside.
	const cyclegan =
		(points: (inputs: Tensors) => tf.Tensor): NetLoss =>
		(inputs) =>
			tf.mul(gradientPenalty(score, points(inputs) as tf.Tensor4D, { epsilon: 1e-16 }), lambda);
	return runNet(
		golden,
		(parameters) => {
			layer = patchgan({
				ndf: config.number("ndf"),
				layers: config.number("n_layers"),
				norm: config.choice("norm", ["instance", "none"]),
			})(parameters);
			return (inputs) => ({ input_gradient_mixed: inputGradient(score, between(inputs)) });
		},
		{
			losses: {
				gp_cyclegan_mixed: cyclegan(between),
				gp_cyclegan_real: cyclegan(({ real }) => real as tf.Tensor),
				gp_cyclegan_fake: cyclegan(({ fake }) => fake as tf.Tensor),
				gp_stargan: (inputs) => gradientPenalty(score, between(inputs)),
			},
		},
	);
}
