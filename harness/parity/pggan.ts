/** Goldens of PGGAN, made with akanimax/pro_gan_pytorch. */
import * as tf from "@tensorflow/tfjs";
import {
	type ProgressiveOptions,
	progressiveDiscriminator,
	progressiveGenerator,
	type Reached,
} from "../../models/layers/progressive.ts";
import { logistic, wasserstein } from "../../models/losses/adversarial.ts";
import { gradientPenalty, interpolate } from "../../models/losses/gradient-penalty.ts";
import type { Results } from "./compare.ts";
import type { Golden } from "./golden.ts";
import { type NetLoss, runNet, type Tensors } from "./net.ts";
import type { ParitySystem } from "./system.ts";

export const pggan: ParitySystem = {
	parts: { generator: runGenerator, discriminator: runDiscriminator, losses: runLosses },
};

function optionsOf({ config, tensors }: Golden): ProgressiveOptions {
	// The config does not say how many channels the pictures have; the weights do.
	const toPicture = tensors.get("weight/rgb_converters.0.weight")?.shape[0];
	const channels = toPicture ?? tensors.get("weight/from_rgb.0.0.weight")?.shape[1] ?? 3;
	return {
		channels,
		depth: config.count("depth"),
		latentSize: config.count("latent_size"),
		fmapBase: config.number("fmap_base"),
		fmapMax: config.count("fmap_max"),
		form: "community",
	};
}

/** Pictures at every depth of which the file has one. */
function runGenerator(golden: Golden): Results {
	const depths = [...golden.tensors.keys()].flatMap((name) => {
		const depth = /^output\/image_depth(\d+)$/.exec(name)?.[1];
		return depth === undefined ? [] : [Number(depth)];
	});
	return runNet(golden, (parameters) => {
		const generator = progressiveGenerator(parameters, optionsOf(golden));
		return (inputs) =>
			Object.fromEntries(
				depths.map((level) => {
					const alpha = golden.tensors.get(`input/alpha_${level}`)?.data[0] ?? 1;
					return [`image_depth${level}`, generator(inputs["z"] as tf.Tensor2D, { level, alpha })];
				}),
			);
	});
}

function reachedIn({ config }: Golden): Reached {
	return { level: config.count("at_depth"), alpha: config.number("alpha") };
}

function runDiscriminator(golden: Golden): Results {
	return runNet(golden, (parameters) => {
		const discriminator = progressiveDiscriminator(parameters, optionsOf(golden));
		return ({ image }) => ({ score: discriminator(image as tf.Tensor4D, reachedIn(golden)) });
	});
}

function runLosses(golden: Golden): Results {
	const { config } = golden;
	let score = (_: tf.Tensor4D): tf.Tensor => tf.zeros([1]);
	const scores = ({ real, fake }: Tensors) => [score(real as tf.Tensor4D), score(fake as tf.Tensor4D)] as const;
	const penalty: NetLoss = ({ real, fake, gp_alpha: alpha }) => {
		const points = interpolate(real as tf.Tensor4D, fake as tf.Tensor4D, (alpha as tf.Tensor).dataSync());
		return tf.mul(gradientPenalty(score, points), config.number("reg_lambda"));
	};
	return runNet(
		golden,
		(parameters) => {
			const discriminator = progressiveDiscriminator(parameters, optionsOf(golden));
			score = (x) => discriminator(x, reachedIn(golden));
			return (inputs) => {
				const [real, fake] = scores(inputs);
				return { score_real: real, score_fake: fake };
			};
		},
		{
			losses: {
				wgan_gp_d: (inputs, forward) => {
					const [real, fake] = scores(inputs);
					const terms = wasserstein.discriminator(real, fake);
					const drift = tf.mul(tf.mean(tf.square(real)), config.number("drift"));
					return tf.addN([terms.real, terms.fake, drift, penalty(inputs, forward)]) as tf.Scalar;
				},
				gradient_penalty: penalty,
				wgan_g: (inputs) => wasserstein.generator(scores(inputs)[1], scores(inputs)[0]),
				standard_d: (inputs) => {
					const terms = logistic.discriminator(...scores(inputs));
					return tf.mul(tf.add(terms.real, terms.fake), 0.5);
				},
				standard_g: (inputs) => logistic.generator(scores(inputs)[1], scores(inputs)[0]),
			},
		},
	);
}
