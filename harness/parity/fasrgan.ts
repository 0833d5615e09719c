/** Goldens of FASRGAN, Fs-SRGAN and FA+Fs-SRGAN, and of their baselines ESRGAN and SRGAN. */
import * as tf from "@tensorflow/tfjs";
import { Trunk } from "../../metrics/features/trunks.ts";
import { esrgan as buildEsrgan } from "../../models/esrgan.ts";
import { faFsSrgan } from "../../models/fa-fs-srgan.ts";
import { fasrgan as buildFasrgan } from "../../models/fasrgan.ts";
import { fsSrgan } from "../../models/fs-srgan.ts";
import type { Block } from "../../models/layers/layer.ts";
import type { ResolutionGan, ResolutionTrainingOptions } from "../../models/layers/resolution-training.ts";
import { rrdbFeatures, rrdbNet } from "../../models/layers/rrdb.ts";
import { unetDiscriminator } from "../../models/layers/unet-discriminator.ts";
import { vggDiscriminator } from "../../models/layers/vgg-discriminator.ts";
import { srgan as buildSrgan, type SrganOptions, srresnet } from "../../models/srgan.ts";
import { featuresOf } from "../perceptual-features.ts";
import type { Results } from "./compare.ts";
import { formulaWeights } from "./formula-weights.ts";
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
		train_step: (golden) =>
			runIterations(golden, (training) =>
				buildFasrgan({ ...generatorOptions(golden.config), ...unetTraining(golden.config), ...training }),
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
			return runIterations(golden, (training) => fsSrgan({ ...networks, ...training }));
		},
	},
};

export const fafssrgan: ParitySystem = {
	parts: {
		train_step: (golden) => {
			const { config } = golden;
			const networks = { ...generatorOptions(config), ...unetTraining(config), eBlocks: config.count("nb_E") };
			return runIterations(golden, (training) => faFsSrgan({ ...networks, ...training }));
		},
	},
};

export const esrgan: ParitySystem = {
	parts: {
		generator_rrdb: (golden) => runBlock(golden, "lr", "sr", rrdbNet(generatorOptions(golden.config, 3))),
		discriminator_vgg128: runPictureVgg,
		train_step: (golden) => {
			const networks = { ...generatorOptions(golden.config), ...vggTraining(golden.config) };
			return runIterations(golden, (training) => buildEsrgan({ ...networks, ...training }));
		},
	},
};

export const srgan: ParitySystem = {
	parts: {
		generator_srresnet: (golden) => runBlock(golden, "lr", "sr", srresnet(srresnetOptions(golden.config))),
		discriminator_vgg128: runPictureVgg,
		train_step: (golden) => {
			const networks: SrganOptions = { ...srresnetOptions(golden.config), ...vggTraining(golden.config) };
			return runIterations(golden, (training) => buildSrgan({ ...networks, ...training }));
		},
	},
};

function runPictureVgg(golden: Golden): Results {
	const { dWidth: width, dHead: head, dHalvings: halvings, size } = vggTraining(golden.config);
	return runNet(golden, (parameters) => {
		const { judge } = vggDiscriminator({ width, head, halvings, size })(parameters);
		return ({ image }, pass) => ({ score: judge(image as tf.Tensor4D, pass).score });
	});
}

function srresnetOptions(config: Config) {
	return { width: config.count("nf"), blocks: config.count("nb_G"), scale: config.number("scale", 4) };
}

function vggTraining(config: Config) {
	return {
		...{ dWidth: config.count("nf_D"), dHead: config.count("fc") },
		...{ dHalvings: config.count("halvings", 5), size: config.count("hr") },
	};
}

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
		layout: config.choice("layout", ["code", "figure"], "code"),
		normEpsilon: config.choice("norm_epsilon", ["channels", "standard"], "channels"),
	};
}

function unetTraining(config: Config) {
	const { width, head, size, layout, normEpsilon } = unetOptions(config);
	return { dWidth: width, dHead: head, size, layout, normEpsilon };
}

const forms = { ragan: "relativistic", rahinge: "relativistic-hinge", vanilla: "log" } as const;

function trainingOptions(config: Config): ResolutionTrainingOptions {
	return {
		...{ pixelWeight: config.number("pixel_weight"), ganWeight: config.number("gan_weight") },
		...{ perceptualWeight: config.number("feature_weight", 0) },
		...{ pixel: config.choice("pixel_criterion", ["l1", "l2"], "l1") },
		...{ perceptualDistance: config.choice("feature_criterion", ["l1", "l2"], "l1") },
		...{ adversarial: forms[config.choice("gan_type", ["ragan", "rahinge", "vanilla"], "ragan")] },
		...{ mapWeight: config.number("gan_mask_weight", 0), attentionWeight: config.number("atten_weight", 0) },
		...{ gRate: config.number("lr_G"), dRate: config.number("lr_D") },
		betas: [config.number("beta1"), config.number("beta2")],
		// The files hold pictures as the code sees them.
		range: "unit",
	};
}

/** Iterations; the perceptual term, where it has a weight, sees by a VGG19 whose weights a formula makes. */
function runIterations(golden: Golden, build: (training: ResolutionTrainingOptions) => ResolutionGan): Results {
	const training = trainingOptions(golden.config);
	if (training.perceptualWeight === 0) return iterate(golden, build(training));
	using vgg19 = new Trunk("vgg19", formulaWeights(golden.shapes, "vgg19"));
	return iterate(golden, build({ ...training, perceptual: featuresOf(vgg19) }));
}

function iterate(golden: Golden, gan: ResolutionGan): Results {
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
