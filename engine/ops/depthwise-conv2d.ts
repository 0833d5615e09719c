import * as tf from "@tensorflow/tfjs";
import { execute, intVector } from "../tensorflow/execute.ts";
import { type Geometry, tensorflowAttributes, tfjsPadding } from "./conv-maps.ts";
import { convGeometry } from "./conv2d.ts";
import { defineKernel, type Op } from "./kernel.ts";
import type { Padding } from "./padding.ts";

export interface DepthwiseConv2dOptions {
	/** The same in both directions. @default 1 */
	readonly stride?: number;
	/** Zero padding. @default 0 */
	readonly pad?: Padding;
	/** [in · multiplier], added to every pixel. */
	readonly bias?: tf.Tensor1D | undefined;
}

/**
 * Each channel convolved by its own filters: x [N, H, W, in], filter [kh, kw, in, multiplier] →
 * [N, h, w, in · multiplier], channel c · multiplier + m. Differentiable to any order.
 */
export function depthwiseConv2d(
	x: tf.Tensor4D,
	filter: tf.Tensor4D,
	{ stride = 1, pad = 0, bias }: DepthwiseConv2dOptions = {},
): tf.Tensor4D {
	if (x.shape[3] !== filter.shape[2]) {
		throw new RangeError(
			`depthwiseConv2d: channels must equal the filter's third axis, got x [${x.shape}] and filter [${filter.shape}]`,
		);
	}
	const geometry = convGeometry("depthwiseConv2d", x.shape, filter.shape, stride, pad);
	const y = forwardKernel({ x, filter }, { geometry, shape: filter.shape }) as tf.Tensor4D;
	return bias === undefined ? y : tf.add(y, bias);
}

interface Attributes {
	readonly geometry: Geometry;
	/** Shape of the filter. */
	readonly shape: readonly number[];
}

// As with the full convolution: three maps, each the others' gradients.

const forwardKernel: Op<Attributes, "x" | "filter"> = defineKernel({
	name: "FoveaDepthwise",
	tensorflow: ({ x, filter }, { geometry }, backend) =>
		execute(backend, "DepthwiseConv2dNative", tensorflowAttributes(geometry), [x, filter]),
	composed: ({ x, filter }, { geometry: { stride, pads } }) =>
		tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, [...stride], tfjsPadding(pads)),
	saveInputs: ["x", "filter"],
	backward: (gradient, [x, filter], attributes) => ({
		x: () => inputKernel({ dy: gradient as tf.Tensor, filter: filter }, attributes),
		filter: () => filterKernel({ x: x, dy: gradient as tf.Tensor }, attributes),
	}),
});

const inputKernel: Op<Attributes, "dy" | "filter"> = defineKernel({
	name: "FoveaDepthwiseInput",
	tensorflow: ({ dy, filter }, { geometry }, backend) => {
		const shape = intVector(backend, inputShape(dy, filter, geometry));
		const inputs = [shape, filter, dy];
		return execute(backend, "DepthwiseConv2dNativeBackpropInput", tensorflowAttributes(geometry), inputs);
	},
	composed: ({ dy, filter }, { geometry }) =>
		tf.engine().runKernel(
			"DepthwiseConv2dNativeBackpropInput",
			{ dy: dy, filter: filter },
			{
				strides: [...geometry.stride],
				dilations: 1,
				pad: tfjsPadding(geometry.pads),
				inputShape: inputShape(dy, filter, geometry),
			},
		) as tf.Tensor,
	saveInputs: ["dy", "filter"],
	backward: (gradient, [dy, filter], attributes) => ({
		dy: () => forwardKernel({ x: gradient as tf.Tensor, filter: filter }, attributes),
		filter: () => filterKernel({ x: gradient as tf.Tensor, dy: dy }, attributes),
	}),
});

const filterKernel: Op<Attributes, "x" | "dy"> = defineKernel({
	name: "FoveaDepthwiseFilter",
	tensorflow: ({ x, dy }, { geometry, shape }, backend) => {
		const inputs = [x, intVector(backend, shape), dy];
		return execute(backend, "DepthwiseConv2dNativeBackpropFilter", tensorflowAttributes(geometry), inputs);
	},
	composed: ({ x, dy }, { geometry, shape }) =>
		tf.engine().runKernel(
			"DepthwiseConv2dNativeBackpropFilter",
			{ x: x, dy: dy },
			{
				strides: [...geometry.stride],
				dilations: 1,
				pad: tfjsPadding(geometry.pads),
				filterShape: [...shape],
			},
		) as tf.Tensor,
	saveInputs: ["x", "dy"],
	backward: (gradient, [x, dy], attributes) => ({
		x: () => inputKernel({ dy: dy, filter: gradient as tf.Tensor }, attributes),
		dy: () => forwardKernel({ x: x, filter: gradient as tf.Tensor }, attributes),
	}),
});

function inputShape(dy: tf.Tensor, filter: tf.Tensor, { size }: Geometry): number[] {
	return [dy.shape[0] as number, ...size, filter.shape[2] as number];
}
