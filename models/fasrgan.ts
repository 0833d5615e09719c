/**
 * FASRGAN: Yan, Liu, Chen, Sun, Jin, Peng, Zhou, "Fine-grained Attention and Feature-sharing Generative Adversarial Networks for
 * Single Image Super-Resolution", IEEE TMM 2021; follows the code Rainyfish/FASRGAN-and-Fs-SRGAN@2d85fc0.
 *
 *     G: conv3 → 23 × RRDB → conv3, + skip → 2 × (nearest × 2, conv3) → 2 × conv3
 *     D: a U-Net: one score for the picture, one for every pixel and colour
 *     G minimises 0.01·|fake − real| + |VGG(fake) − VGG(real)| + 0.005·(relativistic + map) + 0.05·|fake − real|·(1 − σ(M(fake)))
 *
 * Differs from the code: nothing at the defaults but the perceptual term, which needs a network's features to be given. What the
 * paper's figure 2 draws otherwise is `layout: "figure"`; the norms' epsilon that was meant is `normEpsilon: "standard"`.
 */
import { fasrganPaper } from "./fasrgan-paper.ts";
import {
	type ResolutionGan,
	type ResolutionTrainingOptions,
	resolutionTraining,
} from "./layers/resolution-training.ts";
import { type RrdbNetOptions, rrdbNet } from "./layers/rrdb.ts";
import { type UnetDiscriminatorOptions, unetDiscriminator } from "./layers/unet-discriminator.ts";
import { type System, system } from "./system.ts";

export interface FasrganOptions
	extends ResolutionTrainingOptions,
		Omit<RrdbNetOptions, "channels">,
		Pick<UnetDiscriminatorOptions, "size" | "layout" | "normEpsilon"> {
	/** Width of the discriminator's first stage. @default 64 */
	readonly dWidth?: number;
	/** Units of the discriminator's head. @default 1024 */
	readonly dHead?: number;
}

const defaults = {
	...{ width: 64, blocks: 23, growth: 32, initScale: 0.1, scale: 4, size: 128, dWidth: 64, dHead: 1024 },
	...{ layout: "code" as "code" | "figure", normEpsilon: "channels" as "channels" | "standard" },
	...{ pixelWeight: 1e-2, perceptualWeight: 1, ganWeight: 5e-3, mapWeight: 5e-3, attentionWeight: 5e-2 },
	...{ adversarial: "relativistic" as "relativistic" | "relativistic-hinge" | "log", gRate: 1e-4, dRate: 1e-4 },
};

const discriminator = ({ dWidth, dHead, ...rest }: typeof defaults) =>
	unetDiscriminator({ ...rest, width: dWidth, head: dHead });

/** Builds FASRGAN; the defaults are the paper's. */
export function fasrgan(options: FasrganOptions = {}): ResolutionGan {
	const all = { ...defaults, ...options };
	return resolutionTraining({ id: "fasrgan", generator: rrdbNet(all), discriminator: discriminator(all) }, all);
}

export const systems: readonly System[] = [
	system({
		id: "fasrgan",
		paper: fasrganPaper,
		role: "system",
		description: "Super-resolution whose discriminator also judges every pixel, and so weighs the pixel errors.",
		options: defaults,
		choices: {
			layout: ["code", "figure"],
			normEpsilon: ["channels", "standard"],
			adversarial: ["relativistic", "relativistic-hinge", "log"],
		},
		networks: (options) => ({ G: rrdbNet(options), D: discriminator(options) }),
		build: fasrgan,
	}),
];
