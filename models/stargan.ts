/**
 * StarGAN: Choi, Choi, Kim, Ha, Kim, Choo, "StarGAN: Unified Generative Adversarial Networks for Multi-Domain
 * Image-to-Image Translation", CVPR 2018; follows the code yunjey/stargan@94dd002.
 *
 *     picture [3] ++ label planes → conv7 → 2 × down → 6 × residual → 2 × up → conv7 → tanh
 *     D: 6 × (conv4 stride 2, leaky ReLU 0.01) → a score per patch, and attribute logits
 *
 * Differs from the code: instance norms keep no running statistics unless `track` asks for them, since nothing uses them;
 * the trainer lowers the rate to zero as the paper means, where the code lowers it by a thousandth only.
 */
import { starganDiscriminator, starganGenerator } from "./layers/stargan-backbone.ts";
import { type ConditionalGan, type StarganOptions, starganTraining } from "./layers/stargan-training.ts";
import type { Paper } from "./paper.ts";
import { type System, system } from "./system.ts";

/** Builds StarGAN; the defaults are the paper's. */
export function stargan(options: StarganOptions = {}): ConditionalGan {
	return starganTraining("stargan", options);
}

export const paper: Paper = {
	id: "stargan",
	title: "StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image Translation",
	year: 2018,
	citation: "Y. Choi, M. Choi, M. Kim, J.-W. Ha, S. Kim, J. Choo. CVPR 2018.",
	url: "https://arxiv.org/abs/1711.09020",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "stargan",
		paper,
		role: "baseline",
		description: "One conditional generator for all attributes of a face.",
		options: {
			...{ imageSize: 128, gConvDim: 64, dConvDim: 64, cDim: 5, gRepeatNum: 6, dRepeatNum: 6, track: false },
			...{ adversarial: "wgan-gp" as "wgan-gp" | "log", lambdaRec: 10, lambdaCls: 1, lambdaGp: 10, nCritic: 5 },
			...{ gRate: 1e-4, dRate: 1e-4, labelling: "binary" as "binary" | "class" },
		},
		choices: { adversarial: ["wgan-gp", "log"] },
		networks: ({ imageSize, gConvDim, dConvDim, cDim, gRepeatNum, dRepeatNum, track }) => ({
			G: (parameters) => starganGenerator(parameters, { convDim: gConvDim, cDim, repeatNum: gRepeatNum, track }),
			D: (parameters) =>
				starganDiscriminator(parameters, { imageSize, convDim: dConvDim, cDim, repeatNum: dRepeatNum }),
		}),
		build: stargan,
	}),
];
