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
import type { Insert } from "./layers/stargan-backbone.ts";
import { type ConditionalGan, type StarganOptions, starganTraining } from "./layers/stargan-training.ts";
import type { Paper } from "./paper.ts";

export interface StarganSaganOptions extends StarganOptions {
	/** Form of the block: with pooled keys and values, or without. @default "official" */
	readonly form?: "official" | "community";
}

/** Builds StarGAN+SAGAN. */
export function starganSagan({ form = "official", ...options }: StarganSaganOptions = {}): ConditionalGan {
	const behind =
		(layer: number) =>
		(parameters: Parameters): Insert =>
		(site) =>
			site.place === "after" && site.layer === layer
				? selfAttention(site.channels, { form, name: "attention" })(parameters.at("attention"))
				: undefined;
	return starganTraining("stargan-sagan", options, {
		generator: behind(3),
		discriminator: behind(2),
		map: positionAttentionMap,
	});
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
