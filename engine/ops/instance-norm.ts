import * as tf from "@tensorflow/tfjs";
import { attribute, executeAll } from "../tensorflow/execute.ts";
import { type Arithmetic, plainArithmetic, tensorflowArithmetic } from "./arithmetic.ts";
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

/** Outputs: y, then what the gradient needs of each sample's statistics. */
const normalise: Op<Attributes, "x" | "scale" | "shift"> = defineKernel({
	name: "FoveaInstanceNorm",
	tensorflow: ({ x, scale, shift }, { epsilon }, backend) =>
		isLarge(x)
			? batchNormEach(x, scale, shift, epsilon, backend)
			: forward(tensorflowArithmetic(backend), x, scale, shift, epsilon),
	composed: ({ x, scale, shift }, { epsilon }) => forward(plainArithmetic, x, scale, shift, epsilon),
	saveInputs: ["x", "scale"],
	saveOutputs: [false, true, true],
	backward: (dy, [x, scale, first, second], attributes) => {
		const [dx, dscale, dshift] = isRecording()
			? differentiableGradient(dy, x, scale, attributes.epsilon)
			: fastGradient(dy, x, scale, first, second, attributes);
		return { x: () => dx, scale: () => dscale, shift: () => dshift };
	},
});

type Gradient = [dx: tf.Tensor, dscale: tf.Tensor, dshift: tf.Tensor];

/**
 * Large samples go one by one through TensorFlow's fused batch normalisation, which reads memory fewer times; small ones
 * would pay its start-up. Measured: they break even near 2^18 values.
 */
function isLarge(x: tf.Tensor): boolean {
	return x.size / (x.shape[0] as number) >= 2 ** 18;
}

/**
 * Centred values · factor + offset with the factor and offset of each sample and channel. The mean is rounded, which shifts
 * a whole channel one way, and deep networks amplify that: what is left of it after centring goes into the offset. Against
 * float64 this is three times closer than x · factor + offset, behind eight layers.
 */
function forward(
	{ mean, multiply, add, subtract, rsqrt }: Arithmetic,
	x: tf.Tensor,
	scale: tf.Tensor,
	shift: tf.Tensor,
	epsilon: number,
): tf.Tensor[] {
	const pixels = flat(x);
	const centre = mean(pixels);
	const centred = subtract(pixels, centre);
	const rest = mean(centred);
	const variance = subtract(mean(multiply(centred, centred)), multiply(rest, rest));
	const deviation = rsqrt(add(variance, tf.scalar(epsilon)));
	const factor = multiply(deviation, scale);
	const offset = subtract(shift, multiply(rest, factor));
	return [add(multiply(centred, factor), offset).reshape(x.shape), centre, deviation];
}

/**
 * With x̂ the normalised input and ⟨·⟩ the mean over pixels: dx = factor · (dy − ⟨dy⟩ − x̂ ⟨dy x̂⟩), written as
 * dy · factor + (x · b + c) so that every pass is one multiplication or addition.
 */
function backward(
	{ mean, multiply, add, subtract }: Arithmetic,
	dy: tf.Tensor,
	x: tf.Tensor,
	scale: tf.Tensor,
	centre: tf.Tensor,
	deviation: tf.Tensor,
): Gradient {
	const pixels = flat(x);
	const gradient = flat(dy);
	const meanGradient = mean(gradient);
	const product = subtract(mean(multiply(gradient, pixels)), multiply(meanGradient, centre));
	const slope = multiply(product, deviation);
	const factor = multiply(deviation, scale);
	const b = multiply(multiply(factor, deviation), slope);
	const c = subtract(multiply(b, centre), multiply(factor, meanGradient));
	const dx = add(multiply(gradient, factor), subtract(c, multiply(pixels, b)));
	const count = pixels.shape[1] as number;
	const total = (each: tf.Tensor) => tf.mul(tf.sum(each, [0, 1]), count);
	return [dx.reshape(x.shape), total(slope), total(meanGradient)];
}

/** The gradient from plain ops alone, for a second differentiation. */
function differentiableGradient(dy: tf.Tensor, x: tf.Tensor, scale: tf.Tensor, epsilon: number): Gradient {
	const pixels = flat(x);
	const centre = tf.mean(pixels, 1, true);
	const variance = tf.mean(tf.square(tf.sub(pixels, centre)), 1, true);
	return backward(plainArithmetic, dy, x, scale, centre, tf.rsqrt(tf.add(variance, epsilon)));
}

/** The gradient, not recorded. */
function fastGradient(
	dy: tf.Tensor,
	x: tf.Tensor,
	scale: tf.Tensor,
	first: tf.Tensor,
	second: tf.Tensor,
	{ epsilon }: Attributes,
): Gradient {
	return tf.tidy(() => {
		if (tf.getBackend() !== "tensorflow") return backward(plainArithmetic, dy, x, scale, first, second);
		const backend = tf.backend();
		if (isLarge(x)) return batchNormEachGradient(dy, x, scale, first, second, epsilon, backend);
		return backward(tensorflowArithmetic(backend), dy, x, scale, first, second);
	});
}

function flat(x: tf.Tensor): tf.Tensor3D {
	const [batch, height, width, channels] = x.shape as [number, number, number, number];
	return x.reshape([batch, height * width, channels]);
}

const fused = (epsilon: number) => [
	attribute.dtype("T", "float32"),
	attribute.dtype("U", "float32"),
	attribute.float("epsilon", epsilon),
	attribute.string("data_format", "NHWC"),
	attribute.bool("is_training", true),
];

/** Outputs: y, and the statistics of all samples in the form that the op's own gradient takes, [N, C] each. */
function batchNormEach(
	x: tf.Tensor,
	scale: tf.Tensor,
	shift: tf.Tensor,
	epsilon: number,
	backend: unknown,
): tf.Tensor[] {
	const attributes = [...fused(epsilon), attribute.float("exponential_avg_factor", 1)];
	const none = tf.tensor1d([]);
	const samples = tf.split(x, x.shape[0] as number);
	const parts = samples.map((sample) =>
		executeAll(backend, "FusedBatchNormV3", attributes, [sample, scale, shift, none, none], 6),
	);
	const all = (output: number) => parts.map((part) => part[output] as tf.Tensor);
	return [tf.concat(all(0)), tf.stack(all(3)), tf.stack(all(4))];
}

function batchNormEachGradient(
	dy: tf.Tensor,
	x: tf.Tensor,
	scale: tf.Tensor,
	first: tf.Tensor,
	second: tf.Tensor,
	epsilon: number,
	backend: unknown,
): Gradient {
	const attributes = fused(epsilon);
	const none = tf.tensor1d([]);
	const batch = x.shape[0] as number;
	const [gradients, samples] = [tf.split(dy, batch), tf.split(x, batch)];
	const [firsts, seconds] = [tf.unstack(first), tf.unstack(second)];
	const parts = samples.map((sample, index) => {
		const statistics = [firsts[index] as tf.Tensor, seconds[index] as tf.Tensor, none];
		const inputs = [gradients[index] as tf.Tensor, sample, scale, ...statistics];
		return executeAll(backend, "FusedBatchNormGradV3", attributes, inputs, 5);
	});
	const all = (output: number) => parts.map((part) => part[output] as tf.Tensor);
	return [tf.concat(all(0)), tf.addN(all(1)), tf.addN(all(2))];
}
