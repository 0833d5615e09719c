/** Goldens of AttentionGAN, scheme I inside StarGAN; its discriminator is StarGAN's. */
import type * as tf from "@tensorflow/tfjs";
import { attentionGanMulti, multiGenerator } from "../../models/attention-gan-multi.ts";
import { runNet } from "./net.ts";
import { labelPlanes, runConditional, runDiscriminator, starganConfig } from "./stargan.ts";
import type { ParitySystem } from "./system.ts";

export const attentionganV1Multi: ParitySystem = {
	parts: {
		generator: (golden) =>
			runNet(golden, (parameters) => {
				const { config } = golden;
				const generator = multiGenerator(parameters, {
					convDim: config.count("conv_dim"),
					cDim: config.count("c_dim"),
					repeatNum: config.count("repeat_num"),
					track: true,
				});
				return ({ image, label }, pass) => {
					const made = generator(image as tf.Tensor4D, label as tf.Tensor2D, pass);
					return { image: made.image, attention: made.masks, content: made.content };
				};
			}),
		discriminator: runDiscriminator,
		train_step: (golden) => runConditional(golden, attentionGanMulti({ ...starganConfig(golden), track: true })),
	},
	firstChannels: labelPlanes,
};
