import * as tf from "@tensorflow/tfjs";
import { type Attribute, attribute, execute, intVector, noFloats } from "../tensorflow/execute.ts";
import { hasNativeKernels } from "../tensorflow/native.ts";
import { foldReflection, pad2d } from "./pad2d.ts";
import type { Sides } from "./padding.ts";

/** Geometry of a convolution. `size` is its input's [height, width], `kernel` its filter's. */
export interface Geometry {
	readonly size: readonly [number, number];
	readonly kernel: readonly [number, number];
	readonly stride: readonly [number, number];
	readonly pads: Sides;
	/** Whether the pads show the picture's mirror image instead of zeros. @default false */
	readonly reflect?: boolean;
}

/**
 * How one engine convolves and computes the two gradients: x [N, H, W, in], filter [kh, kw, in, out], dy [N, h, w, out]. A bias
 * is added to the result's channels.
 */
export interface ConvolutionMaps {
	forward(x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor | undefined, geometry: Geometry): tf.Tensor;
	input(dy: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor | undefined, geometry: Geometry): tf.Tensor;
	filter(x: tf.Tensor, dy: tf.Tensor, geometry: Geometry): tf.Tensor;
}

/** On the TensorFlow engine: our own kernels, else its ops. */
export function tensorflowMaps(backend: unknown): ConvolutionMaps {
	return hasNativeKernels() ? nativeMaps(backend) : inSteps(standardMaps(backend));
}

/** On every other engine. */
export const composedMaps: ConvolutionMaps = inSteps({
	forward: (x, filter, { stride, pads }) =>
		tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, [...stride], tfjsPadding(pads)),
	input: (dy, filter, { size, stride, pads }) =>
		tf.engine().runKernel(
			"Conv2DBackpropInput",
			{ dy, filter },
			{
				strides: [...stride],
				pad: tfjsPadding(pads),
				dataFormat: "NHWC",
				inputShape: [dy.shape[0] as number, ...size, filter.shape[2] as number],
			},
		) as tf.Tensor,
	filter: (x, dy, { kernel, stride, pads }) =>
		tf.engine().runKernel(
			"Conv2DBackpropFilter",
			{ x, dy },
			{
				strides: [...stride],
				pad: tfjsPadding(pads),
				dataFormat: "NHWC",
				filterShape: [...kernel, x.shape[3] as number, dy.shape[3] as number],
			},
		) as tf.Tensor,
});

/** engine/native/kernels.cc. */
function nativeMaps(backend: unknown): ConvolutionMaps {
	const none = noFloats(backend);
	return {
		forward: (x, filter, bias, geometry) =>
			execute(backend, "FoveaConv", nativeAttributes(geometry), [x, filter, bias ?? none]),
		input: (dy, filter, bias, geometry) =>
			execute(backend, "FoveaConvInput", nativeAttributes(geometry), [dy, filter, bias ?? none]),
		filter: (x, dy, geometry) => execute(backend, "FoveaConvFilter", nativeAttributes(geometry), [x, dy]),
	};
}

/** Maps that know neither a bias nor mirror images. */
interface PlainMaps {
	forward(x: tf.Tensor, filter: tf.Tensor, geometry: Geometry): tf.Tensor;
	input(dy: tf.Tensor, filter: tf.Tensor, geometry: Geometry): tf.Tensor;
	filter(x: tf.Tensor, dy: tf.Tensor, geometry: Geometry): tf.Tensor;
}

function standardMaps(backend: unknown): PlainMaps {
	return {
		forward: (x, filter, geometry) => execute(backend, "Conv2D", tensorflowAttributes(geometry), [x, filter]),
		input: (dy, filter, geometry) => {
			const shape = intVector(backend, [dy.shape[0] as number, ...geometry.size, filter.shape[2] as number]);
			return execute(backend, "Conv2DBackpropInput", tensorflowAttributes(geometry), [shape, filter, dy]);
		},
		filter: (x, dy, geometry) => {
			const shape = intVector(backend, [...geometry.kernel, x.shape[3] as number, dy.shape[3] as number]);
			return execute(backend, "Conv2DBackpropFilter", tensorflowAttributes(geometry), [x, shape, dy]);
		},
	};
}

/** With the mirror image and the bias as steps of their own. */
function inSteps(maps: PlainMaps): ConvolutionMaps {
	const biased = (y: tf.Tensor, bias: tf.Tensor | undefined) => (bias === undefined ? y : tf.add(y, bias));
	const shown = (x: tf.Tensor, { reflect, pads }: Geometry) => (reflect ? pad2d(x as tf.Tensor4D, pads, "reflect") : x);
	return {
		forward: (x, filter, bias, geometry) => biased(maps.forward(shown(x, geometry), filter, withZeros(geometry)), bias),
		input: (dy, filter, bias, geometry) => {
			const dx = maps.input(dy, filter, withZeros(geometry));
			return biased(geometry.reflect ? foldReflection(dx, geometry.pads) : dx, bias);
		},
		filter: (x, dy, geometry) => maps.filter(shown(x, geometry), dy, withZeros(geometry)),
	};
}

/** Of the convolution over the picture with its mirror image beside it. */
function withZeros(geometry: Geometry): Geometry {
	const { size, pads, reflect, ...rest } = geometry;
	if (!reflect) return geometry;
	const whole = [size[0] + pads[0][0] + pads[0][1], size[1] + pads[1][0] + pads[1][1]] as const;
	const none = [0, 0] as const;
	return { ...rest, size: whole, pads: [none, none] };
}

const known = new WeakMap<Geometry, readonly Attribute[]>();

function nativeAttributes(geometry: Geometry): readonly Attribute[] {
	const { size, kernel, stride, pads, reflect = false } = geometry;
	const made = known.get(geometry) ?? [
		attribute.int("geometry", [...size, ...kernel, ...stride, ...pads[0], ...pads[1], reflect ? 1 : 0]),
	];
	known.set(geometry, made);
	return made;
}

/** Attributes of TensorFlow's convolution ops. Explicit padding costs a copy there, so SAME is said where it means the same. */
export function tensorflowAttributes({ size, kernel, stride, pads }: Geometry): Attribute[] {
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
