import * as tf from "@tensorflow/tfjs";
import { attribute, execute } from "../tensorflow/execute.ts";
import { defineKernel, type Op } from "./kernel.ts";

export interface ResizeOptions {
	/** True: corner pixels map onto corner pixels. False: pixels are squares with their centres at one half. @default false */
	readonly alignCorners?: boolean;
}

/**
 * Bilinear interpolation without antialiasing: x [N, H, W, C] → [N, height, width, C]. As PyTorch's
 * interpolate(mode="bilinear"), both settings of align_corners. Differentiable to any order.
 */
export function resizeBilinear(
	x: tf.Tensor4D,
	[height, width]: readonly [number, number],
	{ alignCorners = false }: ResizeOptions = {},
): tf.Tensor4D {
	if (!(height >= 1 && width >= 1)) {
		throw new RangeError(`resizeBilinear: size must be at least [1, 1], got [${height}, ${width}]`);
	}
	const from = [x.shape[1], x.shape[2]] as const;
	return resize({ x }, { alignCorners, from, to: [height, width] }) as tf.Tensor4D;
}

interface Attributes {
	readonly alignCorners: boolean;
	readonly from: readonly [number, number];
	readonly to: readonly [number, number];
}

const resize: Op<Attributes, "x"> = defineKernel({
	name: "FoveaResizeBilinear",
	tensorflow: ({ x }, attributes, backend) =>
		execute(backend, "ResizeBilinear", tensorflowAttributes(attributes), [x, tf.tensor1d([...attributes.to], "int32")]),
	composed: ({ x }, { alignCorners, from, to }) =>
		separable(x as tf.Tensor4D, weights(from[0], to[0], alignCorners), weights(from[1], to[1], alignCorners)),
	backward: (gradient, _, attributes) => ({ x: () => transposed({ dy: gradient as tf.Tensor }, attributes) }),
});

const transposed: Op<Attributes, "dy"> = defineKernel({
	name: "FoveaResizeBilinearGradient",
	tensorflow: ({ dy }, attributes, backend) => {
		const { shape } = dy as tf.Tensor4D;
		// Only the shape of the original picture is read.
		const original = tf.zeros([shape[0], ...attributes.from, shape[3]]);
		return execute(backend, "ResizeBilinearGrad", tensorflowAttributes(attributes), [dy, original]);
	},
	composed: ({ dy }, { alignCorners, from, to }) =>
		separable(
			dy as tf.Tensor4D,
			tf.transpose(weights(from[0], to[0], alignCorners)),
			tf.transpose(weights(from[1], to[1], alignCorners)),
		),
	backward: (gradient, _, attributes) => ({ dy: () => resize({ x: gradient as tf.Tensor }, attributes) }),
});

function tensorflowAttributes({ alignCorners }: Attributes) {
	return [
		attribute.dtype("T", "float32"),
		attribute.bool("align_corners", alignCorners),
		attribute.bool("half_pixel_centers", !alignCorners),
	];
}

/** The weights of one axis as a matrix [to, from]. */
function weights(from: number, to: number, alignCorners: boolean): tf.Tensor2D {
	const matrix = new Float32Array(to * from);
	for (let target = 0; target < to; target += 1) {
		const exact = alignCorners
			? to === 1
				? 0
				: (target * (from - 1)) / (to - 1)
			: Math.max(((target + 0.5) * from) / to - 0.5, 0);
		const low = Math.min(Math.floor(exact), from - 1);
		const high = Math.min(low + 1, from - 1);
		const share = exact - low;
		matrix[target * from + low] = (matrix[target * from + low] as number) + 1 - share;
		matrix[target * from + high] = (matrix[target * from + high] as number) + share;
	}
	return tf.tensor2d(matrix, [to, from]);
}

function separable(x: tf.Tensor4D, rows: tf.Tensor2D, columns: tf.Tensor2D): tf.Tensor4D {
	const [batch, height, width, channels] = x.shape;
	const tall = rows.shape[0];
	const wide = columns.shape[0];
	const byRow = tf.matMul(tf.tile(rows.expandDims(0), [batch, 1, 1]), x.reshape([batch, height, width * channels]));
	const count = batch * tall;
	const byColumn = tf.matMul(tf.tile(columns.expandDims(0), [count, 1, 1]), byRow.reshape([count, width, channels]));
	return byColumn.reshape([batch, tall, wide, channels]);
}
