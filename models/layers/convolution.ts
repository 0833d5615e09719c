/** Convolutions and transposed convolutions with PyTorch's geometry, weight names and default initial values. */
import type * as tf from "@tensorflow/tfjs";
import { convTranspose2d } from "../../engine/ops/conv-transpose.ts";
import { conv2d } from "../../engine/ops/conv2d.ts";
import { pad2d } from "../../engine/ops/pad2d.ts";
import { type Initializer, uniformInit } from "../../engine/parameters.ts";
import type { Block } from "./layer.ts";

export interface ConvolutionOptions {
	/** Side of the square kernel. @default 3 */
	readonly kernel?: number;
	/** @default 1 */
	readonly stride?: number;
	/** Zeros added on each side, or TensorFlow's rule: the odd one below and to the right. @default 0 */
	readonly padding?: number | "same";
	/** Pixels mirrored on each side. @default 0 */
	readonly reflect?: number;
	/** Times that the edge pixel is repeated on each side. @default 0 */
	readonly replicate?: number;
	/** @default true */
	readonly bias?: boolean;
	/** Of the weight. @default PyTorch's: uniform in ±1/√fan_in */
	readonly initializer?: Initializer;
	/** Of the bias. @default PyTorch's: uniform in ±1/√fan_in */
	readonly biasInitializer?: Initializer;
}

/** [N, H, W, input] → [N, (H + 2·padding − kernel)/stride + 1, …, output]. */
export function convolution(input: number, output: number, options: ConvolutionOptions = {}): Block {
	const { kernel = 3, stride = 1, padding = 0, reflect = 0, replicate = 0, bias: hasBias = true } = options;
	const bound = uniformInit(1 / Math.sqrt(input * kernel * kernel));
	const { initializer = bound, biasInitializer = bound } = options;
	return (parameters) => {
		const shape = [kernel, kernel, input, output];
		const weight = parameters.create<tf.Rank.R4>("weight", shape, initializer, { layout: "conv" });
		const bias = hasBias ? parameters.create<tf.Rank.R1>("bias", [output], biasInitializer) : undefined;
		if (reflect > 0 && replicate === 0 && padding === 0) {
			return (x) => conv2d(x, weight, { stride, pad: reflect, padMode: "reflect", bias });
		}
		const border = (x: tf.Tensor4D) => pad2d(pad2d(x, reflect, "reflect"), replicate, "replicate");
		return (x) => conv2d(border(x), weight, { stride, pad: padding, bias });
	};
}

export interface TransposedConvolutionOptions extends Omit<ConvolutionOptions, "padding" | "reflect" | "replicate"> {
	/** Pixels cut off each side of the result, or TensorFlow's rule: `stride` times as large. @default 0 */
	readonly padding?: number | "same";
	/** Rows and columns added below and to the right of the result. @default 0 */
	readonly outputPadding?: number;
}

/** [N, H, W, input] → [N, (H − 1)·stride − 2·padding + kernel + outputPadding, …, output]. */
export function transposedConvolution(
	input: number,
	output: number,
	options: TransposedConvolutionOptions = {},
): Block {
	const { kernel = 3, stride = 1, padding = 0, bias: hasBias = true, outputPadding = 0 } = options;
	// PyTorch computes fan_in from the second axis of its weight, which here holds the outputs.
	const bound = uniformInit(1 / Math.sqrt(output * kernel * kernel));
	const { initializer = bound, biasInitializer = bound } = options;
	return (parameters) => {
		const shape = [kernel, kernel, output, input];
		const weight = parameters.create<tf.Rank.R4>("weight", shape, initializer, { layout: "conv-transpose" });
		const bias = hasBias ? parameters.create<tf.Rank.R1>("bias", [output], biasInitializer) : undefined;
		return (x) => convTranspose2d(x, weight, { stride, pad: padding, outputPad: outputPadding, bias });
	};
}
