import * as tf from "@tensorflow/tfjs";
import { attribute, execute } from "../tensorflow/execute.ts";
import { defineKernel, type Op } from "./kernel.ts";

const float = attribute.dtype("T", "float32");

/** max(x, 0), elementwise; derivative 0 at 0. Differentiable to any order. */
export function relu<T extends tf.Tensor>(x: T): T {
	return reluKernel({ x }, {}) as T;
}

const reluKernel: Op<object, "x"> = defineKernel({
	name: "FoveaRelu",
	tensorflow: ({ x }, _, backend) => execute(backend, "Relu", [float], [x]),
	composed: ({ x }) => tf.relu(x),
	saveOutputs: [true],
	backward: (gradient, [y]) => ({ x: () => reluGradient({ dy: gradient as tf.Tensor }, { y: y as tf.Tensor }) }),
});

/** dy where y > 0, else 0. Linear in dy; y rides as an attribute, for its own derivative is zero. */
const reluGradient: Op<{ readonly y: tf.Tensor }, "dy"> = defineKernel({
	name: "FoveaReluGradient",
	tensorflow: ({ dy }, { y }, backend) => execute(backend, "ReluGrad", [float], [dy, y]),
	composed: ({ dy }, { y }) => tf.mul(dy, tf.step(y)),
	backward: (gradient, _, { y }) => ({ dy: () => reluGradient({ dy: gradient as tf.Tensor }, { y }) }),
});
