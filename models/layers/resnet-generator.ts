/** Residual generator of CycleGAN (junyanz/pytorch-CycleGAN-and-pix2pix networks.py), which SAG-GAN builds from other blocks. */
import * as tf from "@tensorflow/tfjs";
import type { PadMode } from "../../engine/ops/pad2d.ts";
import { identity, relu, tanh } from "./activation.ts";
import { convolution, transposedConvolution } from "./convolution.ts";
import { type Block, sequence } from "./layer.ts";
import { cycleganInit, type Norm, normalization } from "./normalization.ts";

export interface ResnetOptions {
	/** Channels of the pictures. @default 3 */
	readonly channels?: number;
	/** Channels of the result. @default those of the pictures */
	readonly outputs?: number;
	/** Width of the first layer. @default 64 */
	readonly ngf?: number;
	/** Residual blocks. @default 9 */
	readonly blocks?: number;
	/** @default "instance" */
	readonly norm?: Norm;
	/** What stands outside the pictures of residual blocks; the code's sequence has no place of its own for zeros. @default "reflect" */
	readonly padding?: PadMode;
	/** Makes the residual block of so many channels. @default the branch conv3, norm, ReLU, conv3, norm, and a skip */
	readonly residual?: (channels: number) => Block;
}

/** Whether convolutions have biases, which start from 0, or `drawn` as PyTorch does. */
type Bias = boolean | "drawn";

/** Residual generator: pictures [N, H, W, channels], H and W multiples of 4, to pictures. Parameters are named `model.…`. */
export function resnetGenerator({
	channels = 3,
	outputs = channels,
	ngf = 64,
	blocks = 9,
	norm = "instance",
	padding = "reflect",
	residual = (width) => plainResidual(width, norm, { padding }),
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
		...padded(ngf, outputs, 7, true),
		tanh(),
	);
	return (parameters) => model(parameters.at("model"));
}

/**
 * The residual branch before its sum: conv3, norm, ReLU, conv3, norm. Parameters are named `1`, `2`, `5` and `6`; with zeros
 * around, which take no place in the sequence, `0`, `1`, `3` and `4`.
 */
export function residualBranch(channels: number, norm: () => Block, bias: Bias, padding: PadMode = "reflect"): Block {
	const convolve = padded(channels, channels, 3, bias, padding);
	return sequence(...convolve, norm(), relu(), ...convolve, norm());
}

/** A residual block of that branch, named `conv_block`. */
export function plainResidual(
	channels: number,
	norm: Norm,
	{ bias = norm === "instance", padding }: { readonly bias?: Bias; readonly padding?: PadMode } = {},
): Block {
	const branchOf = residualBranch(channels, () => normalization(norm, channels), bias, padding);
	return (parameters) => {
		const branch = branchOf(parameters.at("conv_block"));
		return (x, pass) => tf.add(x, branch(x, pass));
	};
}

/** A convolution on a padded picture; all padding but zeros has a place of its own in the authors' sequence. */
export function padded(input: number, output: number, kernel: number, bias: Bias, mode: PadMode = "reflect"): Block[] {
	const { initializer, biasInitializer } = cycleganInit;
	const initial = bias === "drawn" ? { initializer } : { initializer, biasInitializer };
	const side = (kernel - 1) / 2;
	const convolve = convolution(input, output, {
		...{ ...initial, kernel, bias: bias !== false },
		...(mode === "zero" ? { padding: side } : { [mode]: side }),
	});
	return mode === "zero" ? [convolve] : [identity(), convolve];
}
