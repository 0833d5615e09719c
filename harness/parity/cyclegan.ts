/** Goldens of CycleGAN's networks. */
import type * as tf from "@tensorflow/tfjs";
import { cyclegan as buildCyclegan, unetGenerator } from "../../models/cyclegan.ts";
import type { Block } from "../../models/layers/layer.ts";
import { pixelgan } from "../../models/layers/patchgan.ts";
import { resnetGenerator } from "../../models/layers/resnet-generator.ts";
import { cycleConfig, runCycle, runPatchgan } from "./attentiongan-v2.ts";
import type { Results } from "./compare.ts";
import { channelsOf, type Golden } from "./golden.ts";
import { runNet } from "./net.ts";
import type { ParitySystem } from "./system.ts";

export const cyclegan: ParitySystem = {
	parts: {
		generator_resnet: (golden) =>
			runBlock(
				golden,
				"image",
				resnetGenerator({
					...picturesOf(golden),
					ngf: golden.config.count("ngf"),
					blocks: golden.config.count("n_blocks"),
					norm: norm(golden),
					padding: golden.config.choice("padding", ["reflect", "replicate", "zero"], "reflect"),
				}),
			),
		generator_unet: (golden) =>
			runBlock(
				golden,
				"image",
				unetGenerator({
					...picturesOf(golden),
					ngf: golden.config.count("ngf"),
					downs: golden.config.count("num_downs"),
					norm: norm(golden),
				}),
			),
		discriminator_pixel: (golden) =>
			runBlock(
				golden,
				"score",
				pixelgan({
					channels: channelsOf(golden, "input/image"),
					ndf: golden.config.count("ndf"),
					norm: norm(golden),
				}),
			),
		discriminator_patchgan: runPatchgan,
		train_step: runTrainStep,
	},
};

/** Channels going in, and coming out. */
function picturesOf(golden: Golden) {
	const outputs = golden.tensors.get("output/image")?.shape[1];
	return { channels: channelsOf(golden, "input/image"), ...(outputs === undefined ? {} : { outputs }) };
}

function runTrainStep(golden: Golden): Results {
	const { config, tensors } = golden;
	const isUnet = tensors.has("before/G_A.model.model.0.weight");
	const sizes = isUnet ? { downs: config.count("num_downs") } : { blocks: config.count("n_blocks") };
	const gan = buildCyclegan({
		...cycleConfig(golden),
		...sizes,
		generator: isUnet ? "unet" : "resnet",
		ngf: config.count("ngf"),
		norm: config.choice("norm", ["instance", "batch", "none"], "instance"),
	});
	return runCycle(golden, gan);
}

const norm = ({ config }: Golden) => config.choice("norm", ["instance", "batch", "none"]);

/** A network from `input/image` to one output. */
function runBlock(golden: Golden, output: string, block: Block): Results {
	return runNet(golden, (parameters) => {
		const layer = block(parameters);
		return ({ image }, pass) => ({ [output]: layer(image as tf.Tensor4D, pass) });
	});
}
