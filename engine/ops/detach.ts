import * as tf from "@tensorflow/tfjs";
import { defineKernel, type Op } from "./kernel.ts";

/** x as a constant: no gradient flows back through it. As PyTorch's `detach`. */
export function detach<T extends tf.Tensor>(x: T): T {
	return constant({}, { x }) as T;
}

// A tensor in the attributes is no input, so the tape sees no way back.
const constant: Op<{ readonly x: tf.Tensor }, never> = defineKernel({
	name: "FoveaDetach",
	tensorflow: identity,
	composed: identity,
});

/** Not tf.clone: that records itself for gradients even inside a kernel. */
function identity(_: object, { x }: { readonly x: tf.Tensor }): tf.Tensor {
	return tf.engine().runKernel("Identity", { x }) as tf.Tensor;
}
