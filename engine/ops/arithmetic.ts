import * as tf from "@tensorflow/tfjs";
import { attribute, execute } from "../tensorflow/execute.ts";

/** The few operations that closed forms over pixels are written in, broadcasting as usual. */
export interface Arithmetic {
	/** [N, P, C] → [N, 1, C]: the mean over pixels. */
	mean(x: tf.Tensor): tf.Tensor;
	multiply(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
	add(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
	subtract(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
	squaredDifference(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
	rsqrt(x: tf.Tensor): tf.Tensor;
}

/** Through TensorFlow.js: recorded for gradients where a tape is open. */
export const plainArithmetic: Arithmetic = {
	mean: (x) => tf.mean(x, 1, true),
	multiply: (a, b) => tf.mul(a, b),
	add: (a, b) => tf.add(a, b),
	subtract: (a, b) => tf.sub(a, b),
	// The gradient of tf.squaredDifference fails where it broadcasts.
	squaredDifference: (a, b) => tf.square(tf.sub(a, b)),
	rsqrt: (x) => tf.rsqrt(x),
};

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
		squaredDifference: binary("SquaredDifference"),
		rsqrt: (x) => execute(backend, "Rsqrt", float, [x]),
	};
}
