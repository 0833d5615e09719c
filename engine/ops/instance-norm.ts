import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { attribute, executeAll } from "../tensorflow/execute.ts";
import { hasNativeKernels } from "../tensorflow/native.ts";
import { wasmInstanceNorm, wasmInstanceNormGradient } from "../wasm/instance-norm.ts";
import { detach } from "./detach.ts";
import { defineKernel, isRecording, type Op } from "./kernel.ts";

export interface InstanceNormOptions {
	/** [C]. @default none */
	readonly scale?: tf.Tensor1D | undefined;
	/** [C]. @default none */
	readonly shift?: tf.Tensor1D | undefined;
	/** @default 1e-5 */
	readonly epsilon?: number;
}

/**
 * Instance normalisation of x [N, H, W, C]: (x − mean) / √(variance + epsilon) · scale + shift, with mean and biased
 * variance of each sample and channel over H and W. As PyTorch's InstanceNorm2d. Differentiable to any order.
 */
export function instanceNorm(x: tf.Tensor4D, { scale, shift, epsilon = 1e-5 }: InstanceNormOptions = {}): tf.Tensor4D {
	return tf.tidy(() => {
		const channels = x.shape[3];
		const inputs = { x, scale: scale ?? tf.ones([channels]), shift: shift ?? tf.zeros([channels]) };
		return normalise(inputs, { epsilon }) as tf.Tensor4D;
	});
}

/** Result of `normaliseSamples`: the output, and what no gradient flows through. */
export interface NormalisedSamples {
	/** [N, H, W, C]. */
	readonly y: tf.Tensor4D;
	/** [N, C]. */
	readonly mean: tf.Tensor2D;
	/** 1 / √(variance + epsilon), biased variance, [N, C]. */
	readonly deviation: tf.Tensor2D;
}

/** `instanceNorm` with the statistics it took. Called inside a tidy. */
export function normaliseSamples(
	x: tf.Tensor4D,
	scale: tf.Tensor1D,
	shift: tf.Tensor1D,
	epsilon: number,
): NormalisedSamples {
	const shape: [number, number] = [x.shape[0], x.shape[3]];
	// Straight to the engine, for an op gives its first output only.
	const outputs = tf.engine().runKernel(name, { x, scale, shift }, { epsilon }) as tf.Tensor[];
	const [y, mean, deviation] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor];
	return { y: y as tf.Tensor4D, mean: detach(mean.reshape(shape)), deviation: detach(deviation.reshape(shape)) };
}

const name = "FoveaInstanceNorm";

interface Attributes {
	readonly epsilon: number;
}

/** Outputs: y, then each sample's mean and 1 / √(variance + epsilon) for the gradient, [N, 1, C] or [N, C]. */
const normalise: Op<Attributes, "x" | "scale" | "shift"> = defineKernel({
	name,
	tensorflow: ({ x, scale, shift }, { epsilon }, backend) =>
		hasNativeKernels()
			? executeAll(backend, "FoveaInstanceNorm", [attribute.float("epsilon", epsilon)], [x, scale, shift], 3)
			: forward(x, scale, shift, epsilon),
	composed: (inputs, { epsilon }, backend) =>
		tf.getBackend() === "wasm"
			? wasmInstanceNorm(backend as BackendWasm, inputs, epsilon).map(toTensor)
			: forward(inputs.x, inputs.scale, inputs.shift, epsilon),
	saveInputs: ["x", "scale"],
	saveOutputs: [false, true, true],
	backward: (dy, [x, scale, centre, deviation], { epsilon }) => {
		const [dx, dscale, dshift] = isRecording()
			? differentiableGradient(dy, x, scale, epsilon)
			: fastGradient(dy, x, scale, centre, deviation);
		return { x: () => dx, scale: () => dscale, shift: () => dshift };
	},
});

type Gradient = [dx: tf.Tensor, dscale: tf.Tensor, dshift: tf.Tensor];

/**
 * Centred values · factor + offset with the factor and offset of each sample and channel. The mean is rounded, which shifts
 * a whole channel one way, and deep networks amplify that: what is left of it after centring goes into the offset. Against
 * float64 this is three times closer than x · factor + offset, behind eight layers.
 */
function forward(x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor, epsilon: number): tf.Tensor[] {
	const pixels = flat(x);
	const centre = meanOverPixels(pixels);
	const centred = tf.sub(pixels, centre);
	const rest = meanOverPixels(centred);
	const variance = tf.sub(meanOverPixels(tf.mul(centred, centred)), tf.mul(rest, rest));
	const deviation = tf.rsqrt(tf.add(variance, epsilon));
	const factor = tf.mul(deviation, scale);
	const offset = tf.sub(shift, tf.mul(rest, factor));
	return [tf.add(tf.mul(centred, factor), offset).reshape(x.shape), centre, deviation];
}

/**
 * With x̂ the normalised input and ⟨·⟩ the mean over pixels: dx = factor · (dy − ⟨dy⟩ − x̂ ⟨dy x̂⟩), written as
 * dy · factor + (c − x · b) so that every pass is one multiplication or addition.
 */
function backward(dy: tf.Tensor, x: tf.Tensor, scale: tf.Tensor, centre: tf.Tensor, deviation: tf.Tensor): Gradient {
	const pixels = flat(x);
	const gradient = flat(dy);
	const meanGradient = meanOverPixels(gradient);
	const product = tf.sub(meanOverPixels(tf.mul(gradient, pixels)), tf.mul(meanGradient, centre));
	const slope = tf.mul(product, deviation);
	const factor = tf.mul(deviation, scale);
	const b = tf.mul(tf.mul(factor, deviation), slope);
	const c = tf.sub(tf.mul(b, centre), tf.mul(factor, meanGradient));
	const dx = tf.add(tf.mul(gradient, factor), tf.sub(c, tf.mul(pixels, b)));
	const total = (each: tf.Tensor) => tf.mul(tf.sum(each, [0, 1]), pixels.shape[1] as number);
	return [dx.reshape(x.shape), total(slope), total(meanGradient)];
}

/** The gradient from plain ops alone, for a second differentiation. */
function differentiableGradient(dy: tf.Tensor, x: tf.Tensor, scale: tf.Tensor, epsilon: number): Gradient {
	const pixels = flat(x);
	const centre = tf.mean(pixels, 1, true);
	const variance = tf.mean(tf.square(tf.sub(pixels, centre)), 1, true);
	return backward(dy, x, scale, centre, tf.rsqrt(tf.add(variance, epsilon)));
}

/** The gradient, not recorded. */
function fastGradient(
	dy: tf.Tensor,
	x: tf.Tensor,
	scale: tf.Tensor,
	centre: tf.Tensor,
	deviation: tf.Tensor,
): Gradient {
	return tf.tidy(() => {
		const backend = tf.backend();
		if (tf.getBackend() === "wasm") {
			const inputs = { dy, x, scale, mean: centre, deviation };
			const [dx, products, slopes] = wasmInstanceNormGradient(backend as BackendWasm, inputs).map(toTensor) as Gradient;
			return [dx, tf.sum(products, 0), tf.sum(slopes, 0)];
		}
		if (tf.getBackend() !== "tensorflow" || !hasNativeKernels()) return backward(dy, x, scale, centre, deviation);
		return executeAll(backend, "FoveaInstanceNormGrad", [], [dy, x, scale, centre, deviation], 3) as Gradient;
	});
}

function toTensor(info: tf.TensorInfo): tf.Tensor {
	return tf.engine().makeTensorFromTensorInfo(info);
}

function flat(x: tf.Tensor): tf.Tensor3D {
	const [batch, height, width, channels] = x.shape as [number, number, number, number];
	return x.reshape([batch, height * width, channels]);
}

/**
 * Mean over pixels, [N, P, C] → [N, 1, C], of groups and then of the groups: one long sum in float32 would lose three digits.
 */
function meanOverPixels(x: tf.Tensor): tf.Tensor {
	const [batch, pixels, channels] = x.shape as [number, number, number];
	let group = Math.floor(Math.sqrt(pixels));
	while (pixels % group !== 0) group -= 1;
	const groups = tf.mean(tf.reshape(x, [batch, pixels / group, group, channels]), 2);
	return tf.mean(groups, 1, true);
}
