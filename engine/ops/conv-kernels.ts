import * as tf from "@tensorflow/tfjs";
import { type Attribute, attribute, execute, intVector } from "../tensorflow/execute.ts";
import { defineKernel, type Op } from "./kernel.ts";
import type { Sides } from "./padding.ts";

/** Geometry of a convolution. `size` is its input's [height, width], `kernel` its filter's. */
export interface Geometry {
	readonly size: readonly [number, number];
	readonly kernel: readonly [number, number];
	readonly stride: readonly [number, number];
	readonly pads: Sides;
}

/**
 * Convolution is linear in the input and in the filter. So are the two maps that carry its gradients, and the gradients
 * of each of the three are the other two: differentiable to any order with three kernels.
 *
 * x [N, H, W, in], filter [kh, kw, in, out] → [N, h, w, out].
 */
export function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, geometry: Geometry): tf.Tensor4D {
	return forwardKernel({ x, filter }, geometry) as tf.Tensor4D;
}

/** dy [N, h, w, out], filter [kh, kw, in, out] → [N, H, W, in]: the gradient for the input, and a transposed convolution. */
export function convolveInput(dy: tf.Tensor4D, filter: tf.Tensor4D, geometry: Geometry): tf.Tensor4D {
	return inputKernel({ dy, filter }, geometry) as tf.Tensor4D;
}

/** x [N, H, W, in], dy [N, h, w, out] → [kh, kw, in, out]: the gradient for the filter. */
export function convolveFilter(x: tf.Tensor4D, dy: tf.Tensor4D, geometry: Geometry): tf.Tensor4D {
	return filterKernel({ x, dy }, geometry) as tf.Tensor4D;
}

const forwardKernel: Op<Geometry, "x" | "filter"> = defineKernel({
	name: "FoveaConv",
	tensorflow: ({ x, filter }, geometry, backend) =>
		execute(backend, "Conv2D", tensorflowAttributes(geometry), [x, filter]),
	composed: ({ x, filter }, { stride, pads }) =>
		tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, [...stride], tfjsPadding(pads)),
	saveInputs: ["x", "filter"],
	backward: (gradient, [x, filter], geometry) => ({
		x: () => convolveInput(gradient as tf.Tensor4D, filter as tf.Tensor4D, geometry),
		filter: () => convolveFilter(x as tf.Tensor4D, gradient as tf.Tensor4D, geometry),
	}),
});

const inputKernel: Op<Geometry, "dy" | "filter"> = defineKernel({
	name: "FoveaConvInput",
	tensorflow: ({ dy, filter }, geometry, backend) => {
		const [n] = (dy as tf.Tensor4D).shape;
		const shape = intVector(backend, [n, ...geometry.size, (filter as tf.Tensor4D).shape[2]]);
		const inputs = [shape, filter, dy];
		return execute(backend, "Conv2DBackpropInput", tensorflowAttributes(geometry), inputs);
	},
	composed: ({ dy, filter }, { size, stride, pads }) =>
		tf.engine().runKernel(
			"Conv2DBackpropInput",
			{ dy: dy, filter: filter },
			{
				strides: [...stride],
				pad: tfjsPadding(pads),
				dataFormat: "NHWC",
				inputShape: [(dy as tf.Tensor4D).shape[0], ...size, (filter as tf.Tensor4D).shape[2]],
			},
		) as tf.Tensor,
	saveInputs: ["dy", "filter"],
	backward: (gradient, [dy, filter], geometry) => ({
		dy: () => convolve(gradient as tf.Tensor4D, filter as tf.Tensor4D, geometry),
		filter: () => convolveFilter(gradient as tf.Tensor4D, dy as tf.Tensor4D, geometry),
	}),
});

const filterKernel: Op<Geometry, "x" | "dy"> = defineKernel({
	name: "FoveaConvFilter",
	tensorflow: ({ x, dy }, geometry, backend) => {
		const channels = [(x as tf.Tensor4D).shape[3], (dy as tf.Tensor4D).shape[3]];
		const shape = intVector(backend, [...geometry.kernel, ...channels]);
		const inputs = [x, shape, dy];
		return execute(backend, "Conv2DBackpropFilter", tensorflowAttributes(geometry), inputs);
	},
	composed: ({ x, dy }, { kernel, stride, pads }) =>
		tf.engine().runKernel(
			"Conv2DBackpropFilter",
			{ x: x, dy: dy },
			{
				strides: [...stride],
				pad: tfjsPadding(pads),
				dataFormat: "NHWC",
				filterShape: [...kernel, (x as tf.Tensor4D).shape[3], (dy as tf.Tensor4D).shape[3]],
			},
		) as tf.Tensor,
	saveInputs: ["x", "dy"],
	backward: (gradient, [x, dy], geometry) => ({
		x: () => convolveInput(dy as tf.Tensor4D, gradient as tf.Tensor4D, geometry),
		dy: () => convolve(x as tf.Tensor4D, gradient as tf.Tensor4D, geometry),
	}),
});

const known = new WeakMap<Geometry, readonly Attribute[]>();

/** Attributes of TensorFlow's convolution ops. Explicit padding costs a copy there, so SAME is said where it means the same. */
export function tensorflowAttributes(geometry: Geometry): readonly Attribute[] {
	const made = known.get(geometry) ?? makeAttributes(geometry);
	known.set(geometry, made);
	return made;
}

function makeAttributes({ size, kernel, stride, pads }: Geometry): Attribute[] {
	const same = [0, 1].every((axis) => {
		const side = size[axis] as number;
		const step = stride[axis] as number;
		const total = Math.max((Math.ceil(side / step) - 1) * step + (kernel[axis] as number) - side, 0);
		return pads[axis]?.[0] === Math.floor(total / 2) && pads[axis]?.[1] === Math.ceil(total / 2);
	});
	const padding = pads.flat().every((side) => side === 0) ? "VALID" : same ? "SAME" : "EXPLICIT";
	const attributes = [
		attribute.dtype("T", "float32"),
		attribute.int("strides", [1, ...stride, 1]),
		attribute.string("padding", padding),
		attribute.string("data_format", "NHWC"),
	];
	if (padding === "EXPLICIT") attributes.push(attribute.int("explicit_paddings", [0, 0, ...pads.flat(), 0, 0]));
	return attributes;
}

/** Padding as TensorFlow.js takes it. */
export function tfjsPadding(
	pads: Sides,
): "valid" | [[number, number], [number, number], [number, number], [number, number]] {
	if (pads.flat().every((side) => side === 0)) return "valid";
	return [[0, 0], [...pads[0]], [...pads[1]], [0, 0]];
}
