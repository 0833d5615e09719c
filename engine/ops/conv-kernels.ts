import type * as tf from "@tensorflow/tfjs";
import { channelSums } from "./channel-sums.ts";
import { type ConvolutionMaps, composedMaps, type Geometry, tensorflowMaps } from "./conv-maps.ts";
import { defineKernel, type Forward, type Inputs, type Op } from "./kernel.ts";

/**
 * Convolution is linear in the input and in the filter. So are the two maps that carry its gradients, and the gradients
 * of each of the three are the other two: differentiable to any order with three kernels. A bias is added by the same kernel.
 *
 * x [N, H, W, in], filter [kh, kw, in, out], bias [out] → [N, h, w, out].
 */
export function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, geometry: Geometry, bias?: tf.Tensor1D): tf.Tensor4D {
	return forwardKernel(withBias({ x, filter }, bias), geometry) as tf.Tensor4D;
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
	return inputKernel(withBias({ dy, filter }, bias), geometry) as tf.Tensor4D;
}

/** x [N, H, W, in], dy [N, h, w, out] → [kh, kw, in, out]: the gradient for the filter. */
export function convolveFilter(x: tf.Tensor4D, dy: tf.Tensor4D, geometry: Geometry): tf.Tensor4D {
	return filterKernel({ x, dy }, geometry) as tf.Tensor4D;
}

/** An input that may be absent, whose gradient is the sum over each channel. */
interface Bias {
	readonly bias?: tf.Tensor;
}

const withBias = <Names extends string>(inputs: Inputs<Names>, bias: tf.Tensor | undefined): Inputs<Names> & Bias =>
	bias === undefined ? inputs : { ...inputs, bias };

const biasGradient = (gradient: tf.Tensor) => ({ bias: () => channelSums(gradient) });

/** The same on each engine. */
function onEngines<Names extends string>(
	run: (maps: ConvolutionMaps, inputs: Inputs<Names> & Bias, geometry: Geometry) => tf.Tensor,
): { tensorflow: Forward<Geometry, Names>; composed: Forward<Geometry, Names> } {
	return {
		tensorflow: (inputs, geometry, backend) => run(tensorflowMaps(backend), inputs, geometry),
		composed: (inputs, geometry) => run(composedMaps, inputs, geometry),
	};
}

const forwardKernel: Op<Geometry, "x" | "filter"> = defineKernel({
	name: "FoveaConv",
	...onEngines<"x" | "filter">((maps, { x, filter, bias }, geometry) => maps.forward(x, filter, bias, geometry)),
	saveInputs: ["x", "filter"],
	backward: (gradient, [x, filter], geometry) => ({
		...biasGradient(gradient),
		x: () => convolveInput(gradient as tf.Tensor4D, filter as tf.Tensor4D, geometry),
		filter: () => convolveFilter(x as tf.Tensor4D, gradient as tf.Tensor4D, geometry),
	}),
});

const inputKernel: Op<Geometry, "dy" | "filter"> = defineKernel({
	name: "FoveaConvInput",
	...onEngines<"dy" | "filter">((maps, { dy, filter, bias }, geometry) => maps.input(dy, filter, bias, geometry)),
	saveInputs: ["dy", "filter"],
	backward: (gradient, [dy, filter], geometry) => ({
		...biasGradient(gradient),
		dy: () => convolve(gradient as tf.Tensor4D, filter as tf.Tensor4D, geometry),
		filter: () => convolveFilter(gradient as tf.Tensor4D, dy as tf.Tensor4D, geometry),
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
