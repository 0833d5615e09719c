import * as tf from "@tensorflow/tfjs";
import { convolve } from "./conv-kernels.ts";
import type { Geometry } from "./conv-maps.ts";
import { requireReflection } from "./pad2d.ts";
import { type Padding, paddingSides } from "./padding.ts";

export interface Conv2dOptions {
	/** @default 1 */
	readonly stride?: number | readonly [number, number];
	/** @default 0 */
	readonly pad?: Padding;
	/** What stands in the padding: zeros, or the picture's mirror image without its edge pixel. @default "zero" */
	readonly padMode?: "zero" | "reflect";
	/** @default 1 */
	readonly dilation?: number;
	/** [out], added to every pixel. */
	readonly bias?: tf.Tensor1D | undefined;
}

/**
 * Convolution (cross-correlation, as PyTorch's Conv2d): x [N, H, W, in], filter [kh, kw, in, out] → [N, h, w, out] with
 * h = ⌊(H + padding − dilation (kh − 1) − 1) / stride⌋ + 1. Differentiable to any order.
 */
export function conv2d(
	x: tf.Tensor4D,
	filter: tf.Tensor4D,
	{ stride = 1, pad = 0, padMode = "zero", dilation = 1, bias }: Conv2dOptions = {},
): tf.Tensor4D {
	if (x.shape[3] !== filter.shape[2]) {
		throw new RangeError(
			`conv2d: channels must equal the filter's third axis, got x [${x.shape}] and filter [${filter.shape}]`,
		);
	}
	const spread = dilation === 1 ? filter : dilate(filter, dilation);
	const geometry = convGeometry("conv2d", x.shape, spread.shape, stride, pad);
	if (padMode === "zero") return convolve(x, spread, geometry, bias);
	requireReflection("conv2d", geometry.size, geometry.pads);
	return convolve(x, spread, { ...geometry, reflect: true }, bias);
}

/** Geometry of a convolution over `x` [N, H, W, C] with a filter [kh, kw, …]; throws where no output pixel fits. */
export function convGeometry(
	where: string,
	x: readonly number[],
	filter: readonly number[],
	stride: number | readonly [number, number],
	pad: Padding,
): Geometry {
	const steps: readonly [number, number] = typeof stride === "number" ? [stride, stride] : stride;
	const size = [x[1] as number, x[2] as number] as const;
	const kernel = [filter[0] as number, filter[1] as number] as const;
	const pads = paddingSides(pad, size, kernel, steps);
	for (const axis of [0, 1] as const) {
		const padded = size[axis] + pads[axis][0] + pads[axis][1];
		if (padded < kernel[axis]) {
			throw new RangeError(
				`${where}: padded input must be at least as large as the kernel, got ${padded} and ${kernel[axis]}`,
			);
		}
	}
	return { size, kernel, stride: steps, pads };
}

/** The filter with `dilation` − 1 zeros between its taps: gradient kernels of either engine know no dilation. */
function dilate(filter: tf.Tensor4D, dilation: number): tf.Tensor4D {
	const [height, width, input, output] = filter.shape;
	const gap = dilation - 1;
	return tf.tidy(() => {
		const spaced = tf.pad(filter.reshape([height, 1, width, 1, input * output]), [
			[0, 0],
			[0, gap],
			[0, 0],
			[0, gap],
			[0, 0],
		]);
		const full = spaced.reshape<tf.Tensor4D>([height * dilation, width * dilation, input, output]);
		return tf.slice(full, [0, 0, 0, 0], [(height - 1) * dilation + 1, (width - 1) * dilation + 1, input, output]);
	});
}
