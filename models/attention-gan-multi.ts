/**
 * AttentionGAN, scheme I, inside StarGAN: Tang, Liu, Xu, Torr, Sebe, TNNLS 2021; follows the code
 * Ha0Tang/AttentionGAN@45da496, AttentionGAN-v1-multi.
 *
 *     picture ++ label planes → StarGAN's generator with four outputs → mask (sigmoid), content
 *     result = content · mask + picture · (1 − mask)
 *
 * Discriminator and training are StarGAN's, with neither pixel loss nor total variation. The content has no tanh, as in
 * the code; `contentTanh` adds one. Differs from the code: see stargan.ts.
 */
import * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../engine/parameters.ts";
import type { Pass } from "./layers/layer.ts";
import { fuse } from "./layers/mask.ts";
import { type GeneratorOptions, starganDiscriminator, starganGenerator } from "./layers/stargan-backbone.ts";
import { type ConditionalGan, type StarganOptions, starganTraining } from "./layers/stargan-training.ts";
import type { Paper } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface MultiGeneratorOptions extends Omit<GeneratorOptions, "outputs" | "last"> {
	/** Keeps the content in [-1, 1]. @default false */
	readonly contentTanh?: boolean;
}

/** A generator's picture with what it was made of. */
export interface MultiPictures {
	/** [N, H, W, 3] */
	readonly image: tf.Tensor4D;
	/** [N, H, W, 3] */
	readonly content: tf.Tensor4D;
	/** [N, H, W, 1] in [0, 1]: where the content stands in for the input. */
	readonly masks: tf.Tensor4D;
}

/** Pictures [N, H, W, 3] in [-1, 1] and labels [N, cDim] to edited pictures, their contents and masks. */
export function multiGenerator(
	parameters: Parameters,
	{ contentTanh = false, ...options }: MultiGeneratorOptions = {},
): (images: tf.Tensor4D, labels: tf.Tensor2D, pass: Pass) => MultiPictures {
	const generator = starganGenerator(parameters, { ...options, outputs: 4, last: "none" });
	return (images, labels, pass) => {
		const raw = generator(images, labels, pass);
		const masks = tf.sigmoid(tf.slice(raw, [0, 0, 0, 0], [-1, -1, -1, 1]));
		const last = tf.slice(raw, [0, 0, 0, 1], [-1, -1, -1, 3]);
		const content = contentTanh ? tf.tanh(last) : last;
		return { image: fuse(images, content, masks), content, masks };
	};
}

export interface AttentionGanMultiOptions extends StarganOptions, Pick<MultiGeneratorOptions, "contentTanh"> {}

/** Builds the multi-domain AttentionGAN; the defaults are the code's for CelebA. */
export function attentionGanMulti({ contentTanh = false, ...options }: AttentionGanMultiOptions = {}): ConditionalGan {
	return starganTraining("attention-gan-multi", options, {
		network: (parameters, sizes) => {
			const generator = multiGenerator(parameters, { ...sizes, contentTanh });
			return (images, labels, pass) =>
				tf.tidy(() => {
					const { image, masks } = generator(images, labels, pass);
					pass.observe?.("mask", tf.squeeze(masks, [3]));
					return image;
				});
		},
		map: (mask) => mask.clone(),
	});
}

export const paper: Paper = {
	id: "attention-gan-multi",
	title: "AttentionGAN: Unpaired Image-to-Image Translation using Attention-Guided Generative Adversarial Networks",
	year: 2021,
	citation: "H. Tang, H. Liu, D. Xu, P. H. S. Torr, N. Sebe. IEEE TNNLS 2021. Scheme I for several domains.",
	url: "https://arxiv.org/abs/1911.11897",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "attention-gan-multi",
		paper,
		role: "system",
		description: "One mask and one content in StarGAN's generator, for all attributes of a face.",
		options: {
			...{ imageSize: 128, gConvDim: 64, dConvDim: 64, cDim: 5, gRepeatNum: 6, dRepeatNum: 6, track: false },
			...{ adversarial: "wgan-gp" as "wgan-gp" | "log", lambdaRec: 10, lambdaCls: 1, lambdaGp: 10, nCritic: 5 },
			...{ gRate: 1e-4, dRate: 1e-4, contentTanh: false },
			labelling: "binary" as "binary" | "class",
		},
		choices: { adversarial: ["wgan-gp", "log"] },
		networks: ({ imageSize, gConvDim, dConvDim, cDim, gRepeatNum, dRepeatNum, track, contentTanh }) => ({
			G: (parameters) =>
				multiGenerator(parameters, { convDim: gConvDim, cDim, repeatNum: gRepeatNum, track, contentTanh }),
			D: (parameters) =>
				starganDiscriminator(parameters, { imageSize, convDim: dConvDim, cDim, repeatNum: dRepeatNum }),
		}),
		build: attentionGanMulti,
	}),
];
