/**
 * FA+Fs-SRGAN: Yan, Liu, Chen, Sun, Jin, Peng, Zhou, "Fine-grained Attention and Feature-sharing Generative Adversarial Networks for
 * Single Image Super-Resolution", IEEE TMM 2021; follows the code Rainyfish/FASRGAN-and-Fs-SRGAN@2d85fc0.
 *
 *     E: conv3 → 2 × RRDB, + skip, shared            G: RRDBNet of 15 blocks on E(low)
 *     D: FASRGAN's U-Net on E(fake), E(real)         losses of FASRGAN, the attention's weight 0.01; training as Fs-SRGAN
 *
 * Differs from the code, which cannot run this system as published: the U-Net's first convolution takes the features' channels.
 */

import { fasrganPaper } from "./fasrgan-paper.ts";
import {
	type ResolutionGan,
	type ResolutionTrainingOptions,
	resolutionTraining,
} from "./layers/resolution-training.ts";
import { type RrdbNetOptions, rrdbFeatures, rrdbNet } from "./layers/rrdb.ts";
import { type UnetDiscriminatorOptions, unetDiscriminator } from "./layers/unet-discriminator.ts";
import { type System, system } from "./system.ts";

export interface FaFsSrganOptions
	extends ResolutionTrainingOptions,
		Omit<RrdbNetOptions, "channels">,
		Pick<UnetDiscriminatorOptions, "size" | "layout" | "normEpsilon"> {
	/** RRDBs of the extractor; `blocks` are those of the generator. @default 2 */
	readonly eBlocks?: number;
	/** Width of the discriminator's first stage. @default 64 */
	readonly dWidth?: number;
	/** Units of the discriminator's head. @default 1024 */
	readonly dHead?: number;
}

const defaults = {
	...{ width: 64, eBlocks: 2, blocks: 15, growth: 32, initScale: 0.1, scale: 4, size: 128, dWidth: 64, dHead: 1024 },
	...{ layout: "code" as "code" | "figure", normEpsilon: "channels" as "channels" | "standard" },
	...{ pixelWeight: 1e-2, perceptualWeight: 1, ganWeight: 5e-3, mapWeight: 5e-3, attentionWeight: 1e-2 },
	...{ adversarial: "relativistic" as "relativistic" | "relativistic-hinge" | "log", gRate: 2.5e-5, dRate: 2.5e-5 },
};

const networksOf = (options: typeof defaults) => {
	const { width, growth, eBlocks, dWidth, dHead } = options;
	return {
		extractor: rrdbFeatures({ width, growth, blocks: eBlocks }),
		generator: rrdbNet({ ...options, channels: width }),
		discriminator: unetDiscriminator({ ...options, channels: width, width: dWidth, head: dHead }),
	};
};

/** Builds FA+Fs-SRGAN; the defaults are the paper's. */
export function faFsSrgan(options: FaFsSrganOptions = {}): ResolutionGan {
	const all = { ...defaults, ...options };
	return resolutionTraining({ id: "fa-fs-srgan", ...networksOf(all) }, all);
}

export const systems: readonly System[] = [
	system({
		id: "fa-fs-srgan",
		paper: fasrganPaper,
		role: "system",
		description: "FASRGAN and Fs-SRGAN in one: the pixel-wise discriminator on shared features.",
		options: defaults,
		choices: {
			layout: ["code", "figure"],
			normEpsilon: ["channels", "standard"],
			adversarial: ["relativistic", "relativistic-hinge", "log"],
		},
		networks: (options) => {
			const { extractor, generator, discriminator } = networksOf(options);
			return { E: extractor, G: generator, D: discriminator };
		},
		build: faFsSrgan,
	}),
];
