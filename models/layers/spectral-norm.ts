/**
 * Convolutions with spectral normalisation (Miyato et al. 2018) as the papers' PyTorch wrappers do it: the weight is divided
 * by its largest singular value, estimated by one power iteration in front of every pass in training.
 *
 * W is the weight as a matrix, PyTorch's first axis by the rest (for a transposed convolution that axis is the input).
 * `v = l2(Wᵀu)`, `u = l2(Wv)`, `sigma = u·Wv`; u and v are constants for the gradient, sigma is not.
 */
import * as tf from "@tensorflow/tfjs";
import { convTranspose2d } from "../../engine/ops/conv-transpose.ts";
import { conv2d } from "../../engine/ops/conv2d.ts";
import { type Initializer, type Layout, type Parameters, uniformInit } from "../../engine/parameters.ts";
import type { Random } from "../../engine/random.ts";
import type { ConvolutionOptions, TransposedConvolutionOptions } from "./convolution.ts";
import type { Block, Pass } from "./layer.ts";

/** The weight to use in one pass, and the singular value it was divided by. */
export interface SpectralWeight {
	readonly weight: tf.Tensor4D;
	readonly sigma: tf.Scalar;
}

/** Creates `weight_bar`, `weight_u` and `weight_v`, and gives the function that normalises. */
export function spectralWeight(
	parameters: Parameters,
	shape: readonly [number, number, number, number],
	layout: Layout,
	initializer: Initializer,
): (pass: Pass) => SpectralWeight {
	const [height, width, inner, rows] = shape;
	const bar = parameters.create<tf.Rank.R4>("weight_bar", shape, initializer, { layout });
	const u = parameters.create<tf.Rank.R1>("weight_u", [rows], unitInit, { trainable: false });
	const v = parameters.create<tf.Rank.R1>("weight_v", [inner * height * width], unitInit, { trainable: false });
	// Our layout is the transpose of W without a copy, but for the order of its rows: turning v is cheaper than turning W.
	const columns = inner * height * width;
	const matrix = (): tf.Tensor2D => tf.reshape(bar, [columns, rows]);
	const turned = (): tf.Tensor2D =>
		tf.reshape(tf.transpose(tf.reshape(v, [inner, height, width]), [1, 2, 0]), [columns, 1]);
	const back = (x: tf.Tensor): tf.Tensor1D =>
		tf.reshape(tf.transpose(tf.reshape(x, [height, width, inner]), [2, 0, 1]), [columns]);
	return (pass) => {
		if (pass.training) {
			tf.tidy(() => {
				const next = unit(tf.matMul(matrix(), tf.reshape(u, [rows, 1])));
				v.assign(back(next));
				u.assign(unit(tf.reshape(tf.matMul(matrix(), next, true), [rows])));
			});
		}
		const [weight, sigma] = tf.tidy(() => {
			const value = tf.sum(tf.mul(u, tf.reshape(tf.matMul(matrix(), turned(), true), [rows])));
			return [tf.div(bar, value) as tf.Tensor4D, value as tf.Scalar];
		});
		return { weight: weight as tf.Tensor4D, sigma: sigma as tf.Scalar };
	};
}

/** A convolution whose weight is normalised. */
export function spectralConvolution(input: number, output: number, options: ConvolutionOptions = {}): Block {
	const { kernel = 3, stride = 1, padding = 0, bias: hasBias = true } = options;
	const bound = uniformInit(1 / Math.sqrt(input * kernel * kernel));
	const { initializer = bound, biasInitializer = bound } = options;
	return (parameters) => {
		const weightOf = spectralWeight(parameters, [kernel, kernel, input, output], "conv", initializer);
		const bias = hasBias ? parameters.create<tf.Rank.R1>("bias", [output], biasInitializer) : undefined;
		return (x, pass) => tf.tidy(() => conv2d(x, weightOf(pass).weight, { stride, pad: padding, bias }));
	};
}

/** A transposed convolution whose weight is normalised. */
export function spectralTransposedConvolution(
	input: number,
	output: number,
	options: TransposedConvolutionOptions = {},
): Block {
	const { kernel = 3, stride = 1, padding = 0, bias: hasBias = true, outputPadding = 0 } = options;
	const bound = uniformInit(1 / Math.sqrt(output * kernel * kernel));
	const { initializer = bound, biasInitializer = bound } = options;
	return (parameters) => {
		const weightOf = spectralWeight(parameters, [kernel, kernel, output, input], "conv-transpose", initializer);
		const bias = hasBias ? parameters.create<tf.Rank.R1>("bias", [output], biasInitializer) : undefined;
		return (x, pass) =>
			tf.tidy(() => {
				const geometry = { stride, pad: padding, outputPad: outputPadding, bias };
				return convTranspose2d(x, weightOf(pass).weight, geometry);
			});
	};
}

/** x / (‖x‖ + 1e-12). */
function unit<T extends tf.Tensor>(x: T): T {
	return tf.div<T>(x, tf.add(tf.norm(x), 1e-12));
}

/** A random direction. */
function unitInit(shape: readonly number[], random: Random): Float32Array {
	const values = random.normals(shape[0] as number);
	const length = Math.hypot(...values);
	return values.map((value) => value / length);
}
