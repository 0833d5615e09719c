/**
 * StarGAN+SAGAN, the second baseline of CCA-GAN (KSII TIIS 15(6), 2021, §4): StarGAN with the self-attention block of
 * SAGAN (Zhang, Goodfellow, Metaxas, Odena, ICML 2019) in both networks.
 *
 *     G: one block behind layer 3 (4·gConvDim channels, H/4 × W/4)
 *     D: one block behind layer 2 (2·dConvDim channels, H/4 × W/4)
 *
 * Where the blocks go is stated nowhere: the placement is ours, chosen so that the attention matrix stays small. Backbone,
 * losses and optimiser are StarGAN's; the blocks have no spectral norm, as the rest of StarGAN has none.
 */
import type { Parameters } from "../engine/parameters.ts";
import { positionAttentionMap } from "./layers/attention-map.ts";
import { selfAttention } from "./layers/self-attention.ts";
import { type Insert, starganDiscriminator, starganGenerator } from "./layers/stargan-backbone.ts";
import { type ConditionalGan, type StarganOptions, starganTraining } from "./layers/stargan-training.ts";
import type { Paper } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface StarganSaganOptions extends StarganOptions {
	/** Form of the block: with pooled keys and values, or without. @default "official" */
	readonly form?: "official" | "community";
}

/** Builds StarGAN+SAGAN. */
export function starganSagan({ form = "official", ...options }: StarganSaganOptions = {}): ConditionalGan {
	return starganTraining("stargan-sagan", options, {
		generator: attentionBehind(3, form),
		discriminator: attentionBehind(2, form),
		map: positionAttentionMap,
	});
}

/** One block, `attention`, behind a layer. */
function attentionBehind(layer: number, form: "official" | "community"): (parameters: Parameters) => Insert {
	return (parameters) => (site) =>
		site.place === "after" && site.layer === layer
			? selfAttention(site.channels, { form, name: "attention" })(parameters.at("attention"))
			: undefined;
}

export const paper: Paper = {
	id: "stargan-sagan",
	title: "Self-Attention Generative Adversarial Networks",
	year: 2019,
	citation: "H. Zhang, I. Goodfellow, D. Metaxas, A. Odena. ICML 2019. In StarGAN as the baseline of CCA-GAN.",
	url: "https://arxiv.org/abs/1805.08318",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "stargan-sagan",
		paper,
		role: "baseline",
		description: "StarGAN with one block of SAGAN's self-attention in each network.",
		options: {
			...{ imageSize: 128, gConvDim: 64, dConvDim: 64, cDim: 5, gRepeatNum: 6, dRepeatNum: 6, track: false },
			...{ form: "official" as "official" | "community" },
			...{ adversarial: "wgan-gp" as "wgan-gp" | "log", lambdaRec: 10, lambdaCls: 1, lambdaGp: 10, nCritic: 5 },
			...{ gRate: 1e-4, dRate: 1e-4 },
		},
		choices: { form: ["official", "community"], adversarial: ["wgan-gp", "log"] },
		networks: ({ imageSize, gConvDim, dConvDim, cDim, gRepeatNum, dRepeatNum, track, form }) => ({
			G: (parameters) => {
				const insert = attentionBehind(3, form)(parameters);
				return starganGenerator(parameters, { convDim: gConvDim, cDim, repeatNum: gRepeatNum, track, insert });
			},
			D: (parameters) => {
				const insert = attentionBehind(2, form)(parameters);
				return starganDiscriminator(parameters, {
					...{ imageSize, convDim: dConvDim, cDim, repeatNum: dRepeatNum, insert },
				});
			},
		}),
		build: starganSagan,
	}),
];
