/** Goldens of CycleGAN's networks. */
import type * as tf from "@tensorflow/tfjs";
import { unetGenerator } from "../../models/cyclegan.ts";
import type { Block } from "../../models/layers/layer.ts";
import { pixelgan } from "../../models/layers/patchgan.ts";
import { resnetGenerator } from "../../models/layers/resnet-generator.ts";
import { runPatchgan } from "./attentiongan-v2.ts";
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
					channels: channelsOf(golden, "input/image"),
					ngf: golden.config.number("ngf"),
					blocks: golden.config.number("n_blocks"),
					norm: norm(golden),
				}),
			),
		generator_unet: (golden) =>
			runBlock(
				golden,
				"image",
				unetGenerator({
					channels: channelsOf(golden, "input/image"),
					ngf: golden.config.number("ngf"),
					downs: golden.config.number("num_downs"),
					norm: norm(golden),
				}),
			),
		discriminator_pixel: (golden) =>
			runBlock(
				golden,
				"score",
				pixelgan({
					channels: channelsOf(golden, "input/image"),
					ndf: golden.config.number("ndf"),
					norm: norm(golden),
				}),
			),
		discriminator_patchgan: runPatchgan,
	},
};

const norm = ({ config }: Golden) => config.choice("norm", ["instance", "batch", "none"]);

/** A network from `input/image` to one output. */
function runBlock(golden: Golden, output: string, block: Block): Results {
	return runNet(golden, (parameters) => {
		const layer = block(parameters);
		return ({ image }, pass) => ({ [output]: layer(image as tf.Tensor4D, pass) });
	});
}
