import type * as tf from "@tensorflow/tfjs";
import { channelSums } from "./channel-sums.ts";
import { type ConvolutionMaps, composedMaps, type Geometry, tensorflowMaps } from "./conv-maps.ts";
import { defineKernel, type Forward, type Op } from "./kernel.ts";

/**
 * Convolution is linear in the input and in the filter. So are the two maps that carry its gradients, and the gradients
 * of each of the three are the other two: differentiable to any order with three kernels. A bias is added by the same kernel.
 *
 * x [N, H, W, in], filter [kh, kw, in, out], bias [out] → [N, h, w, out].
 */
export function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, geometry: Geometry, bias?: tf.Tensor1D): tf.Tensor4D {
	const y = bias === undefined ? forwardKernel({ x, filter }, geometry) : forwardBias({ x, filter, bias }, geometry);
	return y as tf.Tensor4D;
}

/**
 * dy [N, h, w, out], filter [kh, kw, in, out], bias [in] → [N, H, W, in]: the gradient for the input, and a transposed
 * convolution.
 */
export function convolveInput(
	dy: tf.Tensor4D,
	filter: tf.Tensor4D,
	geometry: Geometry,
	bias?: tf.Tensor1D,
): tf.Tensor4D {
	const x = bias === undefined ? inputKernel({ dy, filter }, geometry) : inputBias({ dy, filter, bias }, geometry);
	return x as tf.Tensor4D;
}

/** x [N, H, W, in], dy [N, h, w, out] → [kh, kw, in, out]: the gradient for the filter. */
export function convolveFilter(x: tf.Tensor4D, dy: tf.Tensor4D, geometry: Geometry): tf.Tensor4D {
	return filterKernel({ x, dy }, geometry) as tf.Tensor4D;
}

/** The same on each engine. */
function onEngines<Names extends string>(
	run: (maps: ConvolutionMaps, inputs: Readonly<Record<Names, tf.Tensor>>, geometry: Geometry) => tf.Tensor,
): { tensorflow: Forward<Geometry, Names>; composed: Forward<Geometry, Names> } {
	return {
		tensorflow: (inputs, geometry, backend) => run(tensorflowMaps(backend), inputs, geometry),
		composed: (inputs, geometry) => run(composedMaps, inputs, geometry),
	};
}

const forwardGradients = (gradient: tf.Tensor, x: tf.Tensor, filter: tf.Tensor, geometry: Geometry) => ({
	x: () => convolveInput(gradient as tf.Tensor4D, filter as tf.Tensor4D, geometry),
	filter: () => convolveFilter(x as tf.Tensor4D, gradient as tf.Tensor4D, geometry),
});

const forwardKernel: Op<Geometry, "x" | "filter"> = defineKernel({
	name: "FoveaConv",
	...onEngines<"x" | "filter">((maps, { x, filter }, geometry) => maps.forward(x, filter, undefined, geometry)),
	saveInputs: ["x", "filter"],
	backward: (gradient, [x, filter], geometry) => forwardGradients(gradient, x, filter, geometry),
});

const forwardBias: Op<Geometry, "x" | "filter" | "bias"> = defineKernel({
	name: "FoveaConvBias",
	...onEngines<"x" | "filter" | "bias">((maps, { x, filter, bias }, geometry) =>
		maps.forward(x, filter, bias, geometry),
	),
	saveInputs: ["x", "filter"],
	backward: (gradient, [x, filter], geometry) => ({
		...forwardGradients(gradient, x, filter, geometry),
		bias: () => channelSums(gradient),
	}),
});

const inputGradients = (gradient: tf.Tensor, dy: tf.Tensor, filter: tf.Tensor, geometry: Geometry) => ({
	dy: () => convolve(gradient as tf.Tensor4D, filter as tf.Tensor4D, geometry),
	filter: () => convolveFilter(gradient as tf.Tensor4D, dy as tf.Tensor4D, geometry),
});

const inputKernel: Op<Geometry, "dy" | "filter"> = defineKernel({
	name: "FoveaConvInput",
	...onEngines<"dy" | "filter">((maps, { dy, filter }, geometry) => maps.input(dy, filter, undefined, geometry)),
	saveInputs: ["dy", "filter"],
	backward: (gradient, [dy, filter], geometry) => inputGradients(gradient, dy, filter, geometry),
});

const inputBias: Op<Geometry, "dy" | "filter" | "bias"> = defineKernel({
	name: "FoveaConvInputBias",
	...onEngines<"dy" | "filter" | "bias">((maps, { dy, filter, bias }, geometry) =>
		maps.input(dy, filter, bias, geometry),
	),
	saveInputs: ["dy", "filter"],
	backward: (gradient, [dy, filter], geometry) => ({
		...inputGradients(gradient, dy, filter, geometry),
		bias: () => channelSums(gradient),
	}),
});

const filterKernel: Op<Geometry, "x" | "dy"> = defineKernel({
	name: "FoveaConvFilter",
	...onEngines<"x" | "dy">((maps, { x, dy }, geometry) => maps.filter(x, dy, geometry)),
	saveInputs: ["x", "dy"],
	backward: (gradient, [x, dy], geometry) => ({
		x: () => convolveInput(dy as tf.Tensor4D, gradient as tf.Tensor4D, geometry),
		dy: () => convolve(x as tf.Tensor4D, gradient as tf.Tensor4D, geometry),
	}),
});
