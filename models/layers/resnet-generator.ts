/** Residual generator of CycleGAN (junyanz/pytorch-CycleGAN-and-pix2pix networks.py), which SAG-GAN builds from other blocks. */
import * as tf from "@tensorflow/tfjs";
import { identity, relu, tanh } from "./activation.ts";
import { convolution, transposedConvolution } from "./convolution.ts";
import { type Block, sequence } from "./layer.ts";
import { cycleganInit, type Norm, normalization } from "./normalization.ts";

export interface ResnetOptions {
	/** Channels of the pictures. @default 3 */
	readonly channels?: number;
	/** Width of the first layer. @default 64 */
	readonly ngf?: number;
	/** Residual blocks. @default 9 */
	readonly blocks?: number;
	/** @default "instance" */
	readonly norm?: Norm;
	/** Makes the residual block of so many channels. @default the branch conv3, norm, ReLU, conv3, norm, and a skip */
	readonly residual?: (channels: number) => Block;
}

/** Whether convolutions have biases, which start from 0, or `drawn` as PyTorch does. */
type Bias = boolean | "drawn";

/** Residual generator: pictures [N, H, W, channels], H and W multiples of 4, to pictures. Parameters are named `model.…`. */
export function resnetGenerator({
	channels = 3,
	ngf = 64,
	blocks = 9,
	norm = "instance",
	residual = (width) => plainResidual(width, norm),
}: ResnetOptions = {}): Block {
	const bias = norm === "instance";
	const wide = ngf * 4;
	const down = { ...cycleganInit, stride: 2, padding: 1, bias };
	const up = { ...cycleganInit, stride: 2, padding: 1, outputPadding: 1, bias };
	const block = residual(wide);
	const model = sequence(
		...padded(channels, ngf, 7, bias),
		normalization(norm, ngf),
		relu(),
		convolution(ngf, ngf * 2, down),
		normalization(norm, ngf * 2),
		relu(),
		convolution(ngf * 2, wide, down),
		normalization(norm, wide),
		relu(),
		...Array.from({ length: blocks }, () => block),
		transposedConvolution(wide, ngf * 2, up),
		normalization(norm, ngf * 2),
		relu(),
		transposedConvolution(ngf * 2, ngf, up),
		normalization(norm, ngf),
		relu(),
		...padded(ngf, channels, 7, true),
		tanh(),
	);
	return (parameters) => model(parameters.at("model"));
}

/** The residual branch before its sum: conv3, norm, ReLU, conv3, norm. Parameters are named `1`, `2`, `5` and `6`. */
export function residualBranch(channels: number, norm: () => Block, bias: Bias): Block {
	return sequence(
		...padded(channels, channels, 3, bias),
		norm(),
		relu(),
		...padded(channels, channels, 3, bias),
		norm(),
	);
}

/** A residual block of that branch, named `conv_block`. */
export function plainResidual(channels: number, norm: Norm, bias: Bias = norm === "instance"): Block {
	const branchOf = residualBranch(channels, () => normalization(norm, channels), bias);
	return (parameters) => {
		const branch = branchOf(parameters.at("conv_block"));
		return (x, pass) => tf.add(x, branch(x, pass));
	};
}

/** A convolution on mirrored pixels; the padding has a place of its own in the authors' sequence. */
export function padded(input: number, output: number, kernel: number, bias: Bias): [Block, Block] {
	const { initializer, biasInitializer } = cycleganInit;
	const initial = bias === "drawn" ? { initializer } : { initializer, biasInitializer };
	return [
		identity(),
		convolution(input, output, { ...initial, kernel, reflect: (kernel - 1) / 2, bias: bias !== false }),
	];
}
