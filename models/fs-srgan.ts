/**
 * Fs-SRGAN: Yan, Liu, Chen, Sun, Jin, Peng, Zhou, "Fine-grained Attention and Feature-sharing Generative Adversarial Networks for
 * Single Image Super-Resolution", IEEE TMM 2021; follows the code Rainyfish/FASRGAN-and-Fs-SRGAN@2d85fc0.
 *
 *     E: conv3 → 1 × RRDB, + skip                    shared: sees the small picture for G, the large ones for D
 *     G: RRDBNet of 16 blocks on E(low)              D: VGG-192 on E(fake), E(real)
 *     Each iteration E takes a step with G on G's loss, and one with D on D's loss, each by an Adam with moments of its own.
 *
 * Differs from the code: G is not among the parameters of D's optimiser, where it receives no gradient and does not move.
 * The split of 1 + 16 blocks is that of the training settings; the released weights' is unknown.
 */
import { fasrganPaper } from "./fasrgan-paper.ts";
import {
	type ResolutionGan,
	type ResolutionTrainingOptions,
	resolutionTraining,
} from "./layers/resolution-training.ts";
import { rrdbFeatures, rrdbNet } from "./layers/rrdb.ts";
import { vggDiscriminator } from "./layers/vgg-discriminator.ts";
import { type System, system } from "./system.ts";

export interface FsSrganOptions extends ResolutionTrainingOptions {
	/** Channels of the features, and between blocks. @default 64 */
	readonly width?: number;
	/** RRDBs of the extractor. @default 1 */
	readonly eBlocks?: number;
	/** RRDBs of the generator. @default 16 */
	readonly blocks?: number;
	/** Channels that each convolution of a dense block adds. @default 32 */
	readonly growth?: number;
	/** Factor on the generator's initial weights. @default 0.1 */
	readonly initScale?: number;
	/** @default 4 */
	readonly scale?: number;
	/** Side of the high-resolution patches that D scores. @default 192 */
	readonly size?: number;
	/** Width of the discriminator's first layer. @default 64 */
	readonly dWidth?: number;
	/** Times that the discriminator halves its input. @default 6 */
	readonly dHalvings?: number;
	/** Units of the discriminator's head. @default 100 */
	readonly dHead?: number;
}

const shape = { width: 64, eBlocks: 1, blocks: 16, growth: 32, initScale: 0.1, scale: 4 };
const defaults = {
	...{ ...shape, size: 192, dWidth: 64, dHalvings: 6, dHead: 100 },
	...{ pixelWeight: 1e-2, perceptualWeight: 1, ganWeight: 5e-3 },
	...{ adversarial: "relativistic" as "relativistic" | "relativistic-hinge" | "log", gRate: 1e-4, dRate: 1e-4 },
};

const extractor = ({ width, growth, eBlocks }: typeof shape) => rrdbFeatures({ width, growth, blocks: eBlocks });
const generator = (options: typeof shape) => rrdbNet({ ...options, channels: options.width });
const discriminator = ({ width, size, dWidth, dHalvings, dHead }: typeof defaults) =>
	vggDiscriminator({ channels: width, size, width: dWidth, halvings: dHalvings, head: dHead });

/** Builds Fs-SRGAN; the defaults are the paper's. */
export function fsSrgan(options: FsSrganOptions = {}): ResolutionGan {
	const all = { ...defaults, ...options };
	const networks = { generator: generator(all), extractor: extractor(all), discriminator: discriminator(all) };
	return resolutionTraining({ id: "fs-srgan", ...networks }, all);
}

/** Builds the extractor and generator alone, trained on pixels: what the shared systems start from. */
export function fsSrganPsnr(options: FsSrganOptions = {}): ResolutionGan {
	const all = { ...shape, ...psnr, ...options };
	return resolutionTraining({ id: "fs-srgan-psnr", generator: generator(all), extractor: extractor(all) }, all);
}

const psnr = { gRate: 2e-4, perceptualWeight: 0 };

export const systems: readonly System[] = [
	system({
		id: "fs-srgan",
		paper: fasrganPaper,
		role: "system",
		description: "Super-resolution whose generator and discriminator share a feature extractor.",
		options: defaults,
		choices: { adversarial: ["relativistic", "relativistic-hinge", "log"] },
		networks: (options) => ({ E: extractor(options), G: generator(options), D: discriminator(options) }),
		build: fsSrgan,
	}),
	system({
		id: "fs-srgan-psnr",
		paper: fasrganPaper,
		role: "baseline",
		description: "Extractor and generator of Fs-SRGAN trained on the mean absolute error: its start.",
		options: { ...shape, gRate: psnr.gRate },
		networks: (options) => ({ E: extractor(options), G: generator(options) }),
		build: fsSrganPsnr,
	}),
];
