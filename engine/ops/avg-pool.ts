import * as tf from "@tensorflow/tfjs";
import { attribute, execute } from "../tensorflow/execute.ts";
import { defineKernel, type Op } from "./kernel.ts";
import { pad2d } from "./pad2d.ts";
import { untap, type Windows } from "./window.ts";

export interface PoolOptions {
	/** @default the window's size */
	readonly stride?: number;
	/** Pixels on every side. @default 0 */
	readonly pad?: number;
}

/**
 * Mean over size × size windows: x [N, H, W, C] → [N, h, w, C], h = ⌊(H + 2 pad − size) / stride⌋ + 1. Padding counts as
 * zeros, as in PyTorch's AvgPool2d. Differentiable to any order.
 */
export function avgPool2d(x: tf.Tensor4D, size: number, { stride = size, pad = 0 }: PoolOptions = {}): tf.Tensor4D {
	return tf.tidy(() => {
		const padded = pad2d(x, pad);
		const [, height, width] = padded.shape;
		if (size > height || size > width) {
			throw new RangeError(`avgPool2d: window must fit the picture, got ${size} and [${height}, ${width}]`);
		}
		return pool({ x: padded }, { size, stride, picture: [height, width] }) as tf.Tensor4D;
	});
}

interface Attributes extends Windows {
	/** Height and width of the input. */
	readonly picture: readonly [number, number];
}

const pool: Op<Attributes, "x"> = defineKernel({
	name: "FoveaAvgPool",
	tensorflow: ({ x }, windows, backend) => execute(backend, "AvgPool", tensorflowWindows(windows), [x]),
	composed: ({ x }, { size, stride }) => tf.avgPool(x as tf.Tensor4D, size, stride, "valid"),
	backward: (gradient, _, attributes) => ({ x: () => spread({ dy: gradient as tf.Tensor }, attributes) }),
});

/** The transpose of `pool`: each value, over size², to all pixels of its window. */
const spread: Op<Attributes, "dy"> = defineKernel({
	name: "FoveaAvgPoolGradient",
	tensorflow: ({ dy }, attributes, backend) => {
		const { shape } = dy as tf.Tensor4D;
		const input = tf.tensor1d([shape[0], ...attributes.picture, shape[3]], "int32");
		return execute(backend, "AvgPoolGrad", tensorflowWindows(attributes), [input, dy]);
	},
	composed: ({ dy }, { size, stride, picture }) => {
		const share = tf.div(dy as tf.Tensor4D, size * size) as tf.Tensor4D;
		const parts: tf.Tensor4D[] = [];
		for (let tapIndex = 0; tapIndex < size * size; tapIndex += 1) {
			parts.push(untap(share, Math.floor(tapIndex / size), tapIndex % size, { size, stride }, picture));
		}
		return tf.addN(parts);
	},
	backward: (gradient, _, attributes) => ({ dy: () => pool({ x: gradient as tf.Tensor }, attributes) }),
});

/** Attributes of TensorFlow's pooling ops. */
export function tensorflowWindows({ size, stride }: Windows) {
	return [
		attribute.dtype("T", "float32"),
		attribute.int("ksize", [1, size, size, 1]),
		attribute.int("strides", [1, stride, stride, 1]),
		attribute.string("padding", "VALID"),
		attribute.string("data_format", "NHWC"),
	];
}
