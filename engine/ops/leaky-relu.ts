import * as tf from "@tensorflow/tfjs";
import { attribute, execute } from "../tensorflow/execute.ts";
import { defineKernel, type Op } from "./kernel.ts";

const float = attribute.dtype("T", "float32");

/**
 * x where x > 0, else alpha · x; derivative alpha at 0, as in PyTorch. Differentiable to any order, which the built-in
 * one is not.
 */
export function leakyRelu<T extends tf.Tensor>(x: T, alpha: number): T {
	if (!(alpha > 0)) throw new RangeError(`leakyRelu: alpha must be above 0, got ${alpha}`);
	return leakyKernel({ x }, { alpha }) as T;
}

const leakyKernel: Op<{ readonly alpha: number }, "x"> = defineKernel({
	name: "FoveaLeakyRelu",
	tensorflow: ({ x }, { alpha }, backend) =>
		execute(backend, "LeakyRelu", [float, attribute.float("alpha", alpha)], [x]),
	composed: ({ x }, { alpha }) => tf.leakyRelu(x, alpha),
	saveOutputs: [true],
	// alpha > 0, so the output has the input's sign, and the input need not be kept.
	backward: (gradient, [y], { alpha }) => ({
		x: () => leakyGradient({ dy: gradient as tf.Tensor }, { y: y as tf.Tensor, alpha }),
	}),
});

/** dy where y > 0, else alpha · dy. Linear in dy; the derivative for y is zero. */
const leakyGradient: Op<{ readonly y: tf.Tensor; readonly alpha: number }, "dy"> = defineKernel({
	name: "FoveaLeakyReluGradient",
	tensorflow: ({ dy }, { y, alpha }, backend) =>
		execute(backend, "LeakyReluGrad", [float, attribute.float("alpha", alpha)], [dy, y]),
	composed: ({ dy }, { y, alpha }) => tf.mul(dy, tf.step(y, alpha)),
	backward: (gradient, _, { y, alpha }) => ({ dy: () => leakyGradient({ dy: gradient as tf.Tensor }, { y, alpha }) }),
});
