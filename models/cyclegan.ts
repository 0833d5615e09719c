/**
 * CycleGAN: Zhu, Park, Isola, Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV
 * 2017; follows junyanz/pytorch-CycleGAN-and-pix2pix networks.py and cycle_gan_model.py.
 *
 *     resnet: conv7 → 2 × down → residual blocks → 2 × up → conv7 → tanh      (reflection padding)
 *     unet:   down-samplings to one point and back, with skips
 *     D: PatchGAN, PixelGAN, or a PatchGAN with spectral norm
 */
import * as tf from "@tensorflow/tfjs";
import { leakyRelu as leaky } from "../engine/ops/leaky-relu.ts";
import type { Parameters } from "../engine/parameters.ts";
import { relu } from "./layers/activation.ts";
import { convolution, transposedConvolution } from "./layers/convolution.ts";
import { type CycleAdversarial, type CycleOptions, cycleTraining } from "./layers/cycle-training.ts";
import type { Block, Layer } from "./layers/layer.ts";
import { cycleganInit, type Norm, normalization } from "./layers/normalization.ts";
import { cycleDiscriminator, type Judge } from "./layers/patchgan.ts";
import { type ResnetOptions, resnetGenerator } from "./layers/resnet-generator.ts";
import type { TwoDomainGan } from "./layers/two-domain.ts";
import type { Paper } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface UnetOptions extends Pick<ResnetOptions, "channels" | "outputs" | "ngf" | "norm"> {
	/** Down-samplings, at least 5; height and width must be multiples of 2^downs. @default 8 */
	readonly downs?: number;
}

/** U-Net generator. Its skips carry the picture behind the leaky ReLU, which works in place in the authors' code. */
export function unetGenerator({
	channels = 3,
	outputs = channels,
	ngf = 64,
	downs = 8,
	norm = "instance",
}: UnetOptions = {}): Block {
	if (!Number.isInteger(downs) || downs < 5) throw new RangeError(`unet: downs must be 5 or more, got ${downs}`);
	const bias = norm === "instance";
	const halving = { ...cycleganInit, kernel: 4, stride: 2, padding: 1 };
	const widths = [1, 2, 4, 8, ...Array.from({ length: downs - 4 }, () => 8)].map((times) => times * ngf);
	const level = (depth: number, parameters: Parameters): Layer => {
		const model = parameters.at("model");
		const [outer, inner] = [depth === 0 ? channels : (widths[depth - 1] as number), widths[depth] as number];
		const isOutermost = depth === 0;
		const isInnermost = depth === downs - 1;
		const first = isOutermost ? 0 : 1;
		const toDown = convolution(outer, inner, { ...halving, bias })(model.at(first));
		const downNorm = normalization(isOutermost || isInnermost ? "none" : norm, inner)(model.at(first + 1));
		const below = isInnermost ? undefined : level(depth + 1, model.at(isOutermost ? 1 : 3));
		const last = isOutermost || isInnermost ? 3 : 5;
		const made = isOutermost ? outputs : outer;
		const up = transposedConvolution(isInnermost ? inner : inner * 2, made, { ...halving, bias: bias || isOutermost });
		const toUp = up(model.at(last));
		const upNorm = normalization(isOutermost ? "none" : norm, outer)(model.at(last + 1));
		const rectify = relu()(model);
		return (x, pass) => {
			const skip = isOutermost ? x : leaky(x, 0.2);
			const low = downNorm(toDown(skip, pass), pass);
			const back = toUp(rectify(below === undefined ? low : below(low, pass), pass), pass);
			return isOutermost ? tf.tanh(back) : (tf.concat([skip, upNorm(back, pass)], 3) as tf.Tensor4D);
		};
	};
	return (parameters) => level(0, parameters.at("model"));
}

export interface CycleganOptions extends CycleOptions, Omit<ResnetOptions, "residual"> {
	/** @default "resnet" */
	readonly generator?: "resnet" | "unet";
	/** Down-samplings of the U-Net. @default 8 */
	readonly downs?: number;
	/** `spectral`: a PatchGAN with spectral instead of instance norm, as SAG-GAN compares with. @default "patch" */
	readonly discriminator?: Judge;
	/** Width of the discriminators' first layer. @default 64 */
	readonly ndf?: number;
	/** Strided layers of a PatchGAN. @default 3 */
	readonly dLayers?: number;
}

/** Builds CycleGAN; the defaults are the paper's. */
export function cyclegan(options: CycleganOptions = {}): TwoDomainGan {
	return cycleTraining(
		{
			id: "cyclegan",
			generator: (parameters) => {
				const layer = generatorOf(options)(parameters);
				return (x, pass) => ({ image: layer(x, pass) });
			},
			discriminator: discriminatorOf(options),
		},
		options,
	);
}

function generatorOf({ generator = "resnet", ...options }: CycleganOptions): Block {
	return generator === "resnet" ? resnetGenerator(options) : unetGenerator(options);
}

function discriminatorOf({ discriminator = "patch", dLayers = 3, ...options }: CycleganOptions): Block {
	return cycleDiscriminator(discriminator, { ...options, layers: dLayers });
}

export const paper: Paper = {
	id: "cyclegan",
	title: "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks",
	year: 2017,
	citation: "J.-Y. Zhu, T. Park, P. Isola, A. A. Efros. ICCV 2017.",
	url: "https://arxiv.org/abs/1703.10593",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "cyclegan",
		paper,
		role: "baseline",
		description: "Two generators that undo each other, each judged patch by patch.",
		options: {
			...{ channels: 3, generator: "resnet" as "resnet" | "unet", ngf: 64, blocks: 9, downs: 8 },
			...{ discriminator: "patch" as Judge, ndf: 64, dLayers: 3, norm: "instance" as Norm },
			...{ lambdaA: 10, lambdaB: 10, lambdaIdentity: 0.5, adversarial: "lsgan" as CycleAdversarial },
			...{ poolSize: 50, rate: 2e-4 },
		},
		choices: {
			generator: ["resnet", "unet"],
			discriminator: ["patch", "pixel", "spectral"],
			norm: ["instance", "batch", "none"],
			adversarial: ["lsgan", "vanilla", "wgangp"],
		},
		meanings: { generator: "Residual blocks, or a U-Net.", norm: "Of all networks." },
		networks: (options) => {
			const [generator, discriminator] = [generatorOf(options), discriminatorOf(options)];
			return { G_A: generator, G_B: generator, D_A: discriminator, D_B: discriminator };
		},
		build: cyclegan,
	}),
];
