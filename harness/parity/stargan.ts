/** Goldens of StarGAN. */
import type * as tf from "@tensorflow/tfjs";
import { starganDiscriminator, starganGenerator } from "../../models/layers/stargan-backbone.ts";
import type { ConditionalGan, StarganOptions } from "../../models/layers/stargan-training.ts";
import { stargan as build } from "../../models/stargan.ts";
import type { Results } from "./compare.ts";
import type { Golden } from "./golden.ts";
import { runNet } from "./net.ts";
import type { ParitySystem } from "./system.ts";
import { drawOf, inputOf, runTraining } from "./training.ts";

// The centre tap of the label channels sees a constant plane, which the norm removes: its true gradient is zero.
export const labelPlanes = { "after/G.main.0.weight": 3 };

export const stargan: ParitySystem = {
	parts: {
		generator: (golden) =>
			runNet(golden, (parameters) => {
				const { config } = golden;
				const generator = starganGenerator(parameters, {
					convDim: config.count("conv_dim"),
					cDim: config.count("c_dim"),
					repeatNum: config.count("repeat_num"),
					track: true,
				});
				return ({ image, label }, pass) => ({
					image: generator(image as tf.Tensor4D, label as tf.Tensor2D, pass),
				});
			}),
		discriminator: runDiscriminator,
		train_step: (golden) => runConditional(golden, build({ ...starganConfig(golden), track: true })),
	},
	firstChannels: labelPlanes,
};

/** StarGAN's discriminator, also that of its descendants. */
export function runDiscriminator(golden: Golden): Results {
	return runNet(golden, (parameters) => {
		const { config } = golden;
		const discriminator = starganDiscriminator(parameters, {
			imageSize: config.count("image_size"),
			convDim: config.count("conv_dim"),
			cDim: config.count("c_dim"),
			repeatNum: config.count("repeat_num"),
		});
		return ({ image }, pass) => {
			const { source, labels } = discriminator(image as tf.Tensor4D, pass);
			return { src: source, cls: labels };
		};
	});
}

/** Options of the StarGAN family from a training file's settings. */
export function starganConfig({ config }: Golden): StarganOptions {
	return {
		imageSize: config.count("image_size"),
		gConvDim: config.count("g_conv_dim"),
		dConvDim: config.count("d_conv_dim"),
		cDim: config.count("c_dim"),
		labelling: config.choice("dataset", ["CelebA", "RaFD"], "CelebA") === "RaFD" ? "class" : "binary",
		gRepeatNum: config.count("g_repeat_num"),
		dRepeatNum: config.count("d_repeat_num"),
		lambdaCls: config.number("lambda_cls"),
		lambdaRec: config.number("lambda_rec"),
		lambdaGp: config.number("lambda_gp", 0),
		nCritic: config.count("n_critic"),
		gRate: config.number("g_lr"),
		dRate: config.number("d_lr"),
		betas: [config.number("beta1"), config.number("beta2")],
	};
}

/** Trains a StarGAN-like system on the file's batches. */
export function runConditional(golden: Golden, gan: ConditionalGan): Results {
	return runTraining(golden, {
		gan,
		batch: (iteration) => ({
			images: inputOf<tf.Tensor4D>(golden, "real", iteration),
			labels: inputOf<tf.Tensor2D>(golden, "label", iteration),
		}),
		draws: (iteration) => ({
			permutation: drawOf(golden, "permutation", iteration),
			...(golden.tensors.has(`input/gp_alpha/${iteration}`) ? { gp_alpha: drawOf(golden, "gp_alpha", iteration) } : {}),
		}),
	});
}
