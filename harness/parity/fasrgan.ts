/** Goldens of FASRGAN, Fs-SRGAN and FA+Fs-SRGAN. */
import * as tf from "@tensorflow/tfjs";
import { faFsSrgan } from "../../models/fa-fs-srgan.ts";
import { fasrgan as buildFasrgan } from "../../models/fasrgan.ts";
import { fsSrgan } from "../../models/fs-srgan.ts";
import type { Block } from "../../models/layers/layer.ts";
import type { ResolutionGan, ResolutionTrainingOptions } from "../../models/layers/resolution-training.ts";
import { rrdbFeatures, rrdbNet } from "../../models/layers/rrdb.ts";
import { unetDiscriminator } from "../../models/layers/unet-discriminator.ts";
import { vggDiscriminator } from "../../models/layers/vgg-discriminator.ts";
import type { Results } from "./compare.ts";
import type { Config, Golden } from "./golden.ts";
import { runNet } from "./net.ts";
import type { ParitySystem } from "./system.ts";
import { inputOf, runTraining } from "./training.ts";

export const fasrgan: ParitySystem = {
	parts: {
		generator_rrdb: (golden) => runBlock(golden, "lr", "sr", rrdbNet(generatorOptions(golden.config, 3))),
		discriminator_unet: (golden) =>
			runNet(golden, (parameters) => {
				const { judge } = unetDiscriminator(unetOptions(golden.config))(parameters);
				return ({ image }, pass) => {
					const { score, map } = judge(image as tf.Tensor4D, pass);
					return { score, map: map as tf.Tensor4D };
				};
			}),
		train_step: ({ config, ...golden }) =>
			runIterations(
				{ config, ...golden },
				buildFasrgan({ ...generatorOptions(config), ...unetTraining(config), ...trainingOptions(config) }),
			),
	},
};

export const fssrgan: ParitySystem = {
	parts: {
		extractor: (golden) => {
			const { config } = golden;
			const [width, growth] = [config.count("nf"), config.count("gc")];
			return runBlock(golden, "image", "feature", rrdbFeatures({ width, growth, blocks: config.count("nb_E") }));
		},
		generator_rrdb_features: (golden) => {
			const options = generatorOptions(golden.config);
			return runBlock(golden, "feature", "sr", rrdbNet({ ...options, channels: options.width }));
		},
		discriminator_vgg192: runVgg,
		train_step: (golden) => {
			const { config } = golden;
			const networks = {
				...generatorOptions(config),
				...{ eBlocks: config.count("nb_E"), size: config.count("hr") },
				...{ dWidth: config.count("nf_D"), dHead: config.count("fc") },
			};
			return runIterations(golden, fsSrgan({ ...networks, ...trainingOptions(config) }));
		},
	},
};

export const fafssrgan: ParitySystem = {
	parts: {
		train_step: (golden) => {
			const { config } = golden;
			const networks = { ...generatorOptions(config), ...unetTraining(config), eBlocks: config.count("nb_E") };
			return runIterations(golden, faFsSrgan({ ...networks, ...trainingOptions(config) }));
		},
	},
};

/** The file's features are a mixture of its picture: `input/mix` [features, 3, 1, 1] is a 1 × 1 convolution. */
function runVgg(golden: Golden): Results {
	const { config } = golden;
	return runNet(golden, (parameters) => {
		const { judge } = vggDiscriminator({
			...{ channels: config.count("nf"), width: config.count("nf_D"), head: config.count("fc") },
			...{ size: config.count("hr"), halvings: 6 },
		})(parameters);
		return ({ image, mix }, pass) => {
			const filter = tf.transpose(mix as tf.Tensor4D, [1, 2, 3, 0]);
			return { score: judge(tf.conv2d(image as tf.Tensor4D, filter, 1, "valid"), pass).score };
		};
	});
}

function runBlock(golden: Golden, input: string, output: string, block: Block): Results {
	return runNet(golden, (parameters) => {
		const layer = block(parameters);
		return (inputs, pass) => ({ [output]: layer(inputs[input] as tf.Tensor4D, pass) });
	});
}

function generatorOptions(config: Config, channels?: number) {
	return {
		...{ width: config.count("nf"), blocks: config.count("nb_G"), growth: config.count("gc") },
		...{ scale: config.number("scale", 4) },
		...(channels === undefined ? {} : { channels }),
	};
}

function unetOptions(config: Config) {
	return {
		...{ width: config.count("w"), head: config.count("fc"), size: config.count("hr") },
		channels: config.count("in_nc", 3),
	};
}

function unetTraining(config: Config) {
	const { width, head, size } = unetOptions(config);
	return { dWidth: width, dHead: head, size };
}

function trainingOptions(config: Config): ResolutionTrainingOptions {
	return {
		...{ pixelWeight: config.number("pixel_weight"), ganWeight: config.number("gan_weight") },
		...{ mapWeight: config.number("gan_mask_weight", 0), attentionWeight: config.number("atten_weight", 0) },
		...{ gRate: config.number("lr_G"), dRate: config.number("lr_D") },
		betas: [config.number("beta1"), config.number("beta2")],
		// The files hold pictures as the code sees them.
		range: "unit",
	};
}

function runIterations(golden: Golden, gan: ResolutionGan): Results {
	const results = new Map(
		runTraining(golden, {
			gan,
			batch: (iteration) => ({
				low: inputOf<tf.Tensor4D>(golden, "lr", iteration),
				high: inputOf<tf.Tensor4D>(golden, "hr", iteration),
			}),
			draws: () => ({}),
			steps: ["G_step", "D_step"],
		}),
	);
	for (const [name, { shape, data }] of results) {
		// Large files keep the first picture of a batch only.
		const first = data.subarray(0, data.length / (shape[0] as number));
		if (/^output\/\d+\/sr$/.test(name)) results.set(`${name}_sample0`, { shape: [1, ...shape.slice(1)], data: first });
	}
	return results;
}
