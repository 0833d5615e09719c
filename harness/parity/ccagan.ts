/** Goldens of CCA-GAN (an independent implementation of the paper). */
import type * as tf from "@tensorflow/tfjs";
import { ccaDiscriminatorModule, ccaGan, ccaGeneratorModules } from "../../models/cca-gan.ts";
import { rowAttention } from "../../models/layers/row-attention.ts";
import { starganDiscriminator, starganGenerator } from "../../models/layers/stargan-backbone.ts";
import type { Golden } from "./golden.ts";
import { runNet } from "./net.ts";
import { runConditional, starganConfig } from "./stargan.ts";
import type { ParitySystem } from "./system.ts";
import { watched } from "./watched.ts";

export const ccagan: ParitySystem = {
	parts: {
		module: (golden) =>
			runNet(golden, (parameters) => {
				const module = rowAttention(golden.config.count("channels"), { vChannels: vChannels(golden) })(parameters);
				return ({ feature }, pass) =>
					watched(pass, nameOf, (watching) => ({ feature: module(feature as tf.Tensor4D, watching) }));
			}),
		generator: (golden) =>
			runNet(golden, (parameters) => {
				const { config } = golden;
				const generator = starganGenerator(parameters, {
					convDim: config.count("conv_dim"),
					cDim: config.count("c_dim"),
					repeatNum: config.count("repeat_num"),
					insert: ccaGeneratorModules(parameters, { placement: placement(golden), vChannels: vChannels(golden) }),
				});
				return ({ image, label }, pass) =>
					watched(pass, nameOf, (watching) => ({
						image: generator(image as tf.Tensor4D, label as tf.Tensor2D, watching),
					}));
			}),
		discriminator: (golden) =>
			runNet(golden, (parameters) => {
				const { config } = golden;
				const discriminator = starganDiscriminator(parameters, {
					imageSize: config.count("image_size"),
					convDim: config.count("conv_dim"),
					cDim: config.count("c_dim"),
					repeatNum: config.count("repeat_num"),
					insert: ccaDiscriminatorModule(parameters, { vChannels: vChannels(golden) }),
				});
				return ({ image }, pass) =>
					watched(pass, nameOf, (watching) => {
						const { source, labels } = discriminator(image as tf.Tensor4D, watching);
						return { src: source, cls: labels };
					});
			}),
		train_step: (golden) => {
			const adversarial = golden.config.choice("adv", ["wgan-gp", "log"], "wgan-gp");
			const options = { ...starganConfig(golden), adversarial };
			return runConditional(golden, ccaGan({ ...options, placement: placement(golden), vChannels: vChannels(golden) }));
		},
	},
	// The label channels are constant planes: their part of the first key has a true gradient of zero.
	firstChannels: { "after/G.cca.0.k.weight": 3 },
};

const placement = ({ config }: Golden) => config.choice("placement", ["conv", "block"], "conv");
const vChannels = ({ config }: Golden) => config.choice("vChannels", ["half", "full"], "half");

const nameOf = (module: string) => (module.startsWith("cca.") ? `attention${module.slice(4)}` : "attention");
