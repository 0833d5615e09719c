import * as tf from "@tensorflow/tfjs";
import { attribute, execute } from "../tensorflow/execute.ts";

/** The few operations that closed forms over pixels are written in, broadcasting as usual. */
export interface Arithmetic {
	/** [N, P, C] → [N, 1, C]: the mean over pixels. */
	mean(x: tf.Tensor): tf.Tensor;
	multiply(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
	add(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
	subtract(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
	rsqrt(x: tf.Tensor): tf.Tensor;
}

/** Through TensorFlow.js: recorded for gradients where a tape is open. */
export const plainArithmetic: Arithmetic = {
	mean: (x) => meanOverPixels(x),
	multiply: (a, b) => tf.mul(a, b),
	add: (a, b) => tf.add(a, b),
	subtract: (a, b) => tf.sub(a, b),
	rsqrt: (x) => tf.rsqrt(x),
};

/**
 * Mean over pixels, [N, P, C] → [N, 1, C]. On WASM the reduction adds up in float64; elsewhere the mean of groups, then of the groups: one
 * long sum in float32 would lose three digits.
 */
function meanOverPixels(x: tf.Tensor): tf.Tensor {
	if (tf.getBackend() === "wasm") return tf.mean(x, 1, true);
	const [batch, pixels, channels] = x.shape as [number, number, number];
	let group = Math.floor(Math.sqrt(pixels));
	while (pixels % group !== 0) group -= 1;
	const groups = tf.mean(tf.reshape(x, [batch, pixels / group, group, channels]), 2);
	return tf.mean(groups, 1, true);
}

const float = [attribute.dtype("T", "float32")];
const product = [...float, attribute.bool("adj_x", false), attribute.bool("adj_y", false)];

/** Straight to TensorFlow, without the casts and checks that TensorFlow.js puts before each op. Never recorded. */
export function tensorflowArithmetic(backend: unknown): Arithmetic {
	const binary = (name: string) => (a: tf.Tensor, b: tf.Tensor) => execute(backend, name, float, [a, b]);
	return {
		// A product with a row of 1 / P: TensorFlow's reduction over a middle axis is slower.
		mean: (x) => {
			const [batch, pixels] = x.shape as [number, number];
			return execute(backend, "BatchMatMulV2", product, [tf.fill([batch, 1, pixels], 1 / pixels), x]);
		},
		multiply: binary("Mul"),
		add: binary("AddV2"),
		subtract: binary("Sub"),
		rsqrt: (x) => execute(backend, "Rsqrt", float, [x]),
	};
}
