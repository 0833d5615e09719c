/**
 * ESRGAN: Wang, Yu, Wu, Gu, Liu, Dong, Qiao, Loy, "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks", ECCV
 * Workshops 2018; follows BasicSR's code of 2019, on which FASRGAN's is made.
 *
 *     G: RRDBNet of 23 blocks          D: VGG-128
 *     G minimises 0.01·|fake − real| + |VGG(fake) − VGG(real)| + 0.005·relativistic
 *
 * Also its generator trained on pixels alone, from which ESRGAN and FASRGAN start (their "PSNR-oriented" model).
 * Differs from the code: nothing at the defaults but the perceptual term, which needs a network's features to be given.
 */
import {
	type ResolutionGan,
	type ResolutionTrainingOptions,
	resolutionTraining,
} from "./layers/resolution-training.ts";
import { type RrdbNetOptions, rrdbNet } from "./layers/rrdb.ts";
import { vggDiscriminator } from "./layers/vgg-discriminator.ts";
import type { Paper } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface EsrganOptions extends ResolutionTrainingOptions, Omit<RrdbNetOptions, "channels"> {
	/** Side of the high-resolution patches that D scores. @default 128 */
	readonly size?: number;
	/** Width of the discriminator's first layer. @default 64 */
	readonly dWidth?: number;
	/** Times that the discriminator halves its input. @default 5 */
	readonly dHalvings?: number;
	/** Units of the discriminator's head. @default 100 */
	readonly dHead?: number;
}

const shape = { width: 64, blocks: 23, growth: 32, initScale: 0.1, scale: 4 };
const defaults = {
	...{ ...shape, size: 128, dWidth: 64, dHalvings: 5, dHead: 100 },
	...{ pixelWeight: 1e-2, perceptualWeight: 1, ganWeight: 5e-3 },
	...{ adversarial: "relativistic" as "relativistic" | "relativistic-hinge" | "log", gRate: 1e-4, dRate: 1e-4 },
};
const psnr = { gRate: 2e-4, perceptualWeight: 0 };

const discriminator = ({ size, dWidth, dHalvings, dHead }: typeof defaults) =>
	vggDiscriminator({ size, width: dWidth, halvings: dHalvings, head: dHead });

/** Builds ESRGAN; the defaults are the paper's. */
export function esrgan(options: EsrganOptions = {}): ResolutionGan {
	const all = { ...defaults, ...options };
	return resolutionTraining({ id: "esrgan", generator: rrdbNet(all), discriminator: discriminator(all) }, all);
}

/** Builds the generator alone, trained on pixels. */
export function rrdbPsnr(options: EsrganOptions = {}): ResolutionGan {
	const all = { ...shape, ...psnr, ...options };
	return resolutionTraining({ id: "rrdb-psnr", generator: rrdbNet(all) }, all);
}

export const paper: Paper = {
	id: "esrgan",
	title: "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks",
	year: 2018,
	citation: "X. Wang, K. Yu, S. Wu, J. Gu, Y. Liu, C. Dong, Y. Qiao, C. C. Loy. ECCV Workshops 2018.",
	url: "https://arxiv.org/abs/1809.00219",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "esrgan",
		paper,
		role: "baseline",
		description: "Super-resolution by dense residual blocks and a relativistic discriminator.",
		options: defaults,
		choices: { adversarial: ["relativistic", "relativistic-hinge", "log"] },
		networks: (options) => ({ G: rrdbNet(options), D: discriminator(options) }),
		build: esrgan,
	}),
	system({
		id: "rrdb-psnr",
		paper,
		role: "baseline",
		description: "ESRGAN's generator trained on the mean absolute error alone: the start of ESRGAN and FASRGAN.",
		options: { ...shape, gRate: psnr.gRate },
		networks: (options) => ({ G: rrdbNet(options) }),
		build: rrdbPsnr,
	}),
];
