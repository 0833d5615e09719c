/**
 * SRGAN: Ledig, Theis, Huszár, Caballero, Cunningham, Acosta, Aitken, Tejani, Totz, Wang, Shi, "Photo-Realistic Single Image
 * Super-Resolution Using a Generative Adversarial Network", CVPR 2017. No code of the authors is public.
 *
 *     G (SRResNet): conv9 → PReLU → 16 × (conv3 → norm → PReLU → conv3 → norm, + input) → conv3 → norm, + skip
 *                   → 2 × (conv3 → pixel shuffle × 2 → PReLU) → conv9
 *     D: VGG-128
 *     G minimises 0.006·(VGG(fake) − VGG(real))² − 0.001·log D(fake); without features (fake − real)² in place of the first term,
 *     which is the paper's SRGAN-MSE
 *
 * Differs from the paper: pictures lie in [0, 1] and D is the VGG-128 of ESRGAN's code (conv4 for stride 2, a head of 100), both as
 * FASRGAN's comparison has them. Names of parameters follow BasicSR's sequences (`model.1.sub.<i>.res.…`).
 */
import * as tf from "@tensorflow/tfjs";
import { pixelShuffle } from "../engine/ops/pixel-shuffle.ts";
import { batchNorm } from "./layers/batch-norm.ts";
import { convolution } from "./layers/convolution.ts";
import { type Block, sequence } from "./layers/layer.ts";
import { prelu } from "./layers/prelu.ts";
import {
	type ResolutionGan,
	type ResolutionTrainingOptions,
	resolutionTraining,
} from "./layers/resolution-training.ts";
import { vggDiscriminator } from "./layers/vgg-discriminator.ts";
import type { Paper } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface SrresnetOptions {
	/** Channels between blocks. @default 64 */
	readonly width?: number;
	/** Residual blocks. @default 16 */
	readonly blocks?: number;
	/** A power of two. @default 4 */
	readonly scale?: number;
}

/** SRResNet: [N, H, W, 3] → [N, H·scale, W·scale, 3], pictures in [0, 1]. */
export function srresnet({ width = 64, blocks = 16, scale = 4 }: SrresnetOptions = {}): Block {
	const doublings = Math.log2(scale);
	if (!Number.isInteger(doublings) || doublings < 0) {
		throw new RangeError(`srresnet: scale must be a power of two, got ${scale}`);
	}
	const same = (input: number, output: number, kernel: number) =>
		convolution(input, output, { kernel, padding: (kernel - 1) / 2 });
	const residual: Block = (parameters) => {
		const branch = sequence(
			...[same(width, width, 3), batchNorm(width), prelu(), same(width, width, 3), batchNorm(width)],
		)(parameters.at("res"));
		return (x, pass) => tf.tidy(() => tf.add(x, branch(x, pass)));
	};
	const body = sequence(...Array.from({ length: blocks }, () => residual), same(width, width, 3), batchNorm(width));
	return (parameters) => {
		const model = parameters.at("model");
		const first = sequence(same(3, width, 9), prelu())(model.at(0));
		const deep = body(model.at(1).at("sub"));
		const larger = Array.from({ length: doublings }, (_, index) =>
			sequence(same(width, 4 * width, 3), () => (x) => pixelShuffle(x, 2), prelu())(model.at(2 + index)),
		);
		const last = same(width, 3, 9)(model.at(2 + doublings));
		return (x, pass) =>
			tf.tidy(() => {
				const shallow = first(x, pass);
				const all = tf.add<tf.Tensor4D>(shallow, deep(shallow, pass));
				return last(
					larger.reduce((y, layer) => layer(y, pass), all),
					pass,
				);
			});
	};
}

export interface SrganOptions extends ResolutionTrainingOptions, SrresnetOptions {
	/** Side of the high-resolution patches that D scores. @default 128 */
	readonly size?: number;
	/** Width of the discriminator's first layer. @default 64 */
	readonly dWidth?: number;
	/** Times that the discriminator halves its input. @default 5 */
	readonly dHalvings?: number;
	/** Units of the discriminator's head. @default 100 */
	readonly dHead?: number;
}

const shape = { width: 64, blocks: 16, scale: 4 };
const defaults = {
	...{ ...shape, size: 128, dWidth: 64, dHalvings: 5, dHead: 100 },
	...{ perceptualWeight: 0.006, ganWeight: 1e-3, gRate: 1e-4, dRate: 1e-4 },
};

const discriminator = ({ size, dWidth, dHalvings, dHead }: typeof defaults) =>
	vggDiscriminator({ size, width: dWidth, halvings: dHalvings, head: dHead });

/** Builds SRGAN; the defaults are the paper's. */
export function srgan(options: SrganOptions = {}): ResolutionGan {
	const content = { pixelWeight: options.perceptual === undefined ? 1 : 0, pixel: "l2" as const };
	const all = { ...defaults, ...content, perceptualDistance: "l2" as const, adversarial: "log" as const, ...options };
	return resolutionTraining({ id: "srgan", generator: srresnet(all), discriminator: discriminator(all) }, all);
}

/** Builds SRResNet trained on the squared error: the paper's SRResNet, from which SRGAN starts. */
export function srresnetPsnr(options: SrganOptions = {}): ResolutionGan {
	const all = { ...shape, pixel: "l2" as const, perceptualWeight: 0, ...options };
	return resolutionTraining({ id: "srresnet", generator: srresnet(all) }, all);
}

export const paper: Paper = {
	id: "srgan",
	title: "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network",
	year: 2017,
	citation:
		"C. Ledig, L. Theis, F. Huszár, J. Caballero, A. Cunningham, A. Acosta, A. Aitken, A. Tejani, J. Totz, Z. Wang, W. Shi. CVPR 2017.",
	url: "https://arxiv.org/abs/1609.04802",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "srgan",
		paper,
		role: "baseline",
		description: "Super-resolution by a residual network with an adversarial and a perceptual loss.",
		options: defaults,
		networks: (options) => ({ G: srresnet(options), D: discriminator(options) }),
		build: srgan,
	}),
	system({
		id: "srresnet",
		paper,
		role: "baseline",
		description: "SRGAN's generator trained on the squared error alone.",
		options: { ...shape, gRate: 1e-4 },
		networks: (options) => ({ G: srresnet(options) }),
		build: srresnetPsnr,
	}),
];
