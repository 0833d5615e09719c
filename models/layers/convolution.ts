/** Convolutions and transposed convolutions with PyTorch's geometry: explicit padding per side, PyTorch's weight names. */
import * as tf from "@tensorflow/tfjs";
import { type Initializer, uniformInit } from "../../engine/parameters.ts";
import type { Block } from "./layer.ts";

export interface ConvolutionOptions {
	/** Side of the square kernel. @default 3 */
	readonly kernel?: number;
	/** @default 1 */
	readonly stride?: number;
	/** Zeros added on each side. @default 0 */
	readonly padding?: number;
	/** Pixels mirrored on each side before the zeros. @default 0 */
	readonly reflect?: number;
	/** @default true */
	readonly bias?: boolean;
	/** Of the weight. @default PyTorch's: uniform in ±1/√fan_in */
	readonly initializer?: Initializer;
	/** Of the bias. @default PyTorch's: uniform in ±1/√fan_in */
	readonly biasInitializer?: Initializer;
}

/** [N, H, W, input] → [N, (H + 2·padding − kernel)/stride + 1, …, output]. */
export function convolution(input: number, output: number, options: ConvolutionOptions = {}): Block {
	const { kernel = 3, stride = 1, padding = 0, reflect = 0, bias = true } = options;
	const bound = uniformInit(1 / Math.sqrt(input * kernel * kernel));
	const { initializer = bound, biasInitializer = bound } = options;
	return (parameters) => {
		const weight = parameters.create("weight", [kernel, kernel, input, output], initializer, { layout: "conv" });
		const shift = bias ? parameters.create("bias", [output], biasInitializer) : undefined;
		return (x) =>
			tf.tidy(() => {
				const padded = padZeros(padReflect(x, reflect), padding);
				const y = tf.conv2d(padded, weight as unknown as tf.Tensor4D, stride, "valid");
				return shift === undefined ? y : tf.add(y, shift);
			});
	};
}

export interface TransposedConvolutionOptions extends ConvolutionOptions {
	/** Rows and columns added below and to the right of the result. @default 0 */
	readonly outputPadding?: number;
}

/** [N, H, W, input] → [N, (H − 1)·stride − 2·padding + kernel + outputPadding, …, output]. */
export function transposedConvolution(
	input: number,
	output: number,
	options: TransposedConvolutionOptions = {},
): Block {
	const { kernel = 3, stride = 1, padding = 0, bias = true, outputPadding = 0 } = options;
	// PyTorch computes fan_in from the second axis, which here holds the outputs.
	const bound = uniformInit(1 / Math.sqrt(output * kernel * kernel));
	const { initializer = bound, biasInitializer = bound } = options;
	return (parameters) => {
		const weight = parameters.create("weight", [kernel, kernel, output, input], initializer, {
			layout: "conv-transpose",
		});
		const shift = bias ? parameters.create("bias", [output], biasInitializer) : undefined;
		return (x) =>
			tf.tidy(() => {
				const [count, height, width] = x.shape;
				const full = [(height - 1) * stride + kernel, (width - 1) * stride + kernel] as const;
				const shape: [number, number, number, number] = [count, full[0], full[1], output];
				const spread = tf.conv2dTranspose(x, weight as unknown as tf.Tensor4D, shape, stride, "valid");
				const trim = outputPadding - 2 * padding;
				const y = tf.slice(
					spread,
					[0, padding, padding, 0],
					[count, full[0] + trim, full[1] + trim, output],
				);
				return shift === undefined ? y : tf.add(y, shift);
			});
	};
}

/** Adds `size` zeros on each side of height and width. */
export function padZeros(x: tf.Tensor4D, size: number): tf.Tensor4D {
	return size === 0 ? x : tf.pad(x, [[0, 0], [size, size], [size, size], [0, 0]]); // biome-ignore format: one row per axis reads worse
}

/** Mirrors `size` pixels on each side, the edge itself not repeated. */
export function padReflect(x: tf.Tensor4D, size: number): tf.Tensor4D {
	return size === 0 ? x : tf.mirrorPad(x, [[0, 0], [size, size], [size, size], [0, 0]], "reflect"); // biome-ignore format: one row per axis reads worse
}
