import type * as tf from "@tensorflow/tfjs";
import { convolveInput } from "./conv-kernels.ts";
import { paddingSides } from "./padding.ts";

export interface ConvTransposeOptions {
	/** @default 1 */
	readonly stride?: number;
	/** Pixels cut off each side of the output, or TensorFlow's rule: H = h · stride, the odd one cut below and to the right. @default 0 */
	readonly pad?: number | "same";
	/** Pixels added at the bottom and right, less than `stride`. @default 0 */
	readonly outputPad?: number;
	/** [out], added to every pixel. */
	readonly bias?: tf.Tensor1D | undefined;
}

/**
 * Transposed convolution as PyTorch's ConvTranspose2d: x [N, h, w, in], filter [kh, kw, out, in] → [N, H, W, out] with
 * H = (h − 1) stride − 2 pad + kh + outputPad. Differentiable to any order.
 */
export function convTranspose2d(
	x: tf.Tensor4D,
	filter: tf.Tensor4D,
	{ stride = 1, pad = 0, outputPad = 0, bias }: ConvTransposeOptions = {},
): tf.Tensor4D {
	const [, height, width, channels] = x.shape;
	const [kernelHeight, kernelWidth, , input] = filter.shape;
	if (channels !== input) {
		throw new RangeError(
			`convTranspose2d: channels must equal the filter's fourth axis, got x [${x.shape}] and filter [${filter.shape}]`,
		);
	}
	if (outputPad >= stride) {
		throw new RangeError(`convTranspose2d: outputPad must be less than stride ${stride}, got ${outputPad}`);
	}
	const kernel = [kernelHeight, kernelWidth] as const;
	const length = (side: number, taps: number) =>
		pad === "same" ? side * stride : (side - 1) * stride - 2 * pad + taps + outputPad;
	const size = [length(height, kernelHeight), length(width, kernelWidth)] as const;
	const strides = [stride, stride] as const;
	const geometry = { size, kernel, stride: strides, pads: paddingSides(pad, size, kernel, strides) };
	return convolveInput(x, filter, geometry, bias);
}
