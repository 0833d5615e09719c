import * as tf from "@tensorflow/tfjs";
import { attribute, Chain, intVector, noFloats } from "../tensorflow/execute.ts";
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

interface Attributes {
	readonly epsilon: number;
}

/** Outputs: y, then what the gradient needs of the statistics of each sample and channel. */
const normalise: Op<Attributes, "x" | "scale" | "shift"> = defineKernel({
	name: "FoveaInstanceNorm",
	tensorflow: ({ x, scale, shift }, { epsilon }, backend) => fusedForward(x, scale, shift, epsilon, backend),
	composed: ({ x, scale, shift }, { epsilon }) => forward(x, scale, shift, epsilon),
	saveInputs: ["x", "scale"],
	saveOutputs: [false, true, true],
	backward: (dy, [x, scale, first, second], { epsilon }) => {
		const [dx, dscale, dshift] = gradient(dy, x, scale, first, second, epsilon);
		return { x: () => dx, scale: () => dscale, shift: () => dshift };
	},
});

type Gradient = [dx: tf.Tensor, dscale: tf.Tensor, dshift: tf.Tensor];

function gradient(
	dy: tf.Tensor,
	x: tf.Tensor,
	scale: tf.Tensor,
	first: tf.Tensor,
	second: tf.Tensor,
	epsilon: number,
): Gradient {
	if (isRecording()) {
		// Statistics computed anew from x, so that the second differentiation sees how they depend on it.
		const { centre, deviation } = statistics(flat(x), epsilon);
		return backward(dy, x, scale, centre, deviation);
	}
	return tf.tidy(() =>
		tf.getBackend() === "tensorflow"
			? fusedBackward(dy, x, scale, first, second, epsilon, tf.backend())
			: backward(dy, x, scale, first, second),
	);
}

/** Centred pixels, their mean (what rounding left), mean and 1 / √(variance + epsilon). Statistics are [N, 1, C]. */
function statistics(pixels: tf.Tensor3D, epsilon: number) {
	const centre = mean(pixels);
	const centred = tf.sub(pixels, centre);
	const rest = mean(centred);
	const variance = tf.sub(mean(tf.mul(centred, centred)), tf.mul(rest, rest));
	return { centred, rest, centre, deviation: tf.rsqrt(tf.add(variance, epsilon)) };
}

/** Mean over pixels, [N, P, C] → [N, 1, C], of groups and then of the groups: one long sum in float32 would lose three digits. */
function mean(pixels: tf.Tensor): tf.Tensor {
	const [batch, count, channels] = pixels.shape as [number, number, number];
	let group = Math.floor(Math.sqrt(count));
	while (count % group !== 0) group -= 1;
	return tf.mean(tf.mean(tf.reshape(pixels, [batch, count / group, group, channels]), 2), 1, true);
}

/**
 * Centred values · factor + offset with the factor and offset of each sample and channel. The mean is rounded, which shifts
 * a whole channel one way, and deep networks amplify that: what is left of it after centring goes into the offset. Against
 * float64 this is three times closer than x · factor + offset, behind eight layers.
 */
function forward(x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor, epsilon: number): tf.Tensor[] {
	const { centred, rest, centre, deviation } = statistics(flat(x), epsilon);
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
	const slopes = flat(dy);
	const meanSlope = mean(slopes);
	const product = tf.sub(mean(tf.mul(slopes, pixels)), tf.mul(meanSlope, centre));
	const correlation = tf.mul(product, deviation);
	const factor = tf.mul(deviation, scale);
	const b = tf.mul(tf.mul(factor, deviation), correlation);
	const c = tf.sub(tf.mul(b, centre), tf.mul(factor, meanSlope));
	const dx = tf.add(tf.mul(slopes, factor), tf.sub(c, tf.mul(pixels, b)));
	const total = (each: tf.Tensor) => tf.mul(tf.sum(each, [0, 1]), pixels.shape[1]);
	return [dx.reshape(x.shape), total(correlation), total(meanSlope)];
}

function flat(x: tf.Tensor): tf.Tensor3D {
	const [batch, height, width, channels] = x.shape as [number, number, number, number];
	return x.reshape([batch, height * width, channels]);
}

/*
 * On TensorFlow: samples become channels by a transposition, [N, P, C] → [1, P, 1, N · C], and its fused batch
 * normalisation does the rest. Two more passes over memory, and still half the time of closed forms in single ops.
 */

const transposition = [attribute.dtype("T", "float32"), attribute.dtype("Tperm", "int32")];
const reshaping = [attribute.dtype("T", "float32"), attribute.dtype("Tshape", "int32")];
const tiling = [attribute.dtype("T", "float32"), attribute.dtype("Tmultiples", "int32")];
const summing = [attribute.dtype("T", "float32"), attribute.dtype("Tidx", "int32"), attribute.bool("keep_dims", false)];
const fused = (epsilon: number) => [
	attribute.dtype("T", "float32"),
	attribute.dtype("U", "float32"),
	attribute.float("epsilon", epsilon),
	attribute.string("data_format", "NHWC"),
	attribute.bool("is_training", true),
];

/** Samples to channels and back. */
function turning(chain: Chain, backend: unknown, [batch, height, width, channels]: readonly number[]) {
	const [n, h, w, c] = [batch, height, width, channels] as [number, number, number, number];
	const vector = (...values: number[]) => intVector(backend, values);
	const reshape = (x: Value, ...shape: number[]) => chain.run("Reshape", reshaping, [x, vector(...shape)]);
	const swap = (x: Value) => chain.run("Transpose", transposition, [x, vector(1, 0, 2)]);
	return {
		toChannels: (x: Value) => reshape(n === 1 ? x : swap(reshape(x, n, h * w, c)), 1, h * w, 1, n * c),
		toSamples: (x: Value) => reshape(n === 1 ? x : swap(reshape(x, h * w, n, c)), n, h, w, c),
		repeat: (x: Value) => (n === 1 ? x : chain.run("Tile", tiling, [x, vector(n)])),
		sum: (x: Value) => chain.run("Sum", summing, [reshape(x, n, c), vector(0)]),
	};
}

type Value = Parameters<Chain["run"]>[2][number];

/** Outputs: y, and the statistics in the form that the op's own gradient takes. */
function fusedForward(
	x: tf.Tensor,
	scale: tf.Tensor,
	shift: tf.Tensor,
	epsilon: number,
	backend: unknown,
): tf.Tensor[] {
	using chain = new Chain(backend);
	const { toChannels, toSamples, repeat } = turning(chain, backend, x.shape);
	const attributes = [...fused(epsilon), attribute.float("exponential_avg_factor", 1)];
	const none = noFloats(backend);
	const inputs = [toChannels(x), repeat(scale), repeat(shift), none, none];
	const [y, , , first, second] = chain.runAll("FusedBatchNormV3", attributes, inputs, 6);
	return [toSamples(y as Value), first, second].map((value) => chain.tensor(value as Result));
}

type Result = ReturnType<Chain["run"]>;

function fusedBackward(
	dy: tf.Tensor,
	x: tf.Tensor,
	scale: tf.Tensor,
	first: tf.Tensor,
	second: tf.Tensor,
	epsilon: number,
	backend: unknown,
): Gradient {
	using chain = new Chain(backend);
	const { toChannels, toSamples, repeat, sum } = turning(chain, backend, x.shape);
	const inputs = [toChannels(dy), toChannels(x), repeat(scale), first, second, noFloats(backend)];
	const [dx, dscale, dshift] = chain.runAll("FusedBatchNormGradV3", fused(epsilon), inputs, 5);
	const results = [toSamples(dx as Value), sum(dscale as Value), sum(dshift as Value)];
	return results.map((value) => chain.tensor(value)) as Gradient;
}
