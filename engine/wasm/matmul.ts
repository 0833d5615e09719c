import type * as tf from "@tensorflow/tfjs";
import { type KernelCall, Scope } from "./scope.ts";

/**
 * BatchMatMul with its transposed operands laid out anew first: the backend's own kernel multiplies transposed operands,
 * and every batch but a single one, by a scalar loop (2 GFLOP/s instead of 40).
 */
export function batchMatMul(original: tf.KernelFunc): (call: KernelCall) => tf.TensorInfo {
	return ({ inputs, attrs, backend }) => {
		const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
		using scope = new Scope(backend);
		const left = attrs["transposeA"] ? transposed(scope, a) : a;
		const right = attrs["transposeB"] ? transposed(scope, b) : b;
		const plain = { inputs: { a: left, b: right }, attrs: { transposeA: false, transposeB: false }, backend };
		return original(plain) as tf.TensorInfo;
	};
}

function transposed(scope: Scope, x: tf.TensorInfo): tf.TensorInfo {
	const rank = x.shape.length;
	const perm = [...x.shape.keys()];
	return scope.call("Transpose", { x }, { perm: [...perm.slice(0, -2), rank - 1, rank - 2] });
}
