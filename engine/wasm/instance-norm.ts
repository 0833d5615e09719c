import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { runNative } from "./native.ts";
import { Scope } from "./scope.ts";

/** Instance normalisation of x [N, H, W, C] with scale and shift [C]: y, and each sample's mean and deviation [N, C]. */
export function wasmInstanceNorm(
	backend: BackendWasm,
	{ x, scale, shift }: Readonly<Record<"x" | "scale" | "shift", tf.TensorInfo>>,
	epsilon: number,
): tf.TensorInfo[] {
	using scope = new Scope(backend);
	const [samples, height, width, channels] = x.shape as [number, number, number, number];
	const [y, mean, deviation] = [x.shape, [samples, channels], [samples, channels]].map((shape) => scope.empty(shape));
	const outputs = [y, mean, deviation] as tf.TensorInfo[];
	runNative(backend, "instanceNorm", [x, scale, shift, ...outputs, samples, height * width, channels, epsilon]);
	return outputs.map((output) => scope.keep(output));
}

/** Its gradient: dx, and the sums over pixels of dy · x̂ and of dy, [N, C] each. */
export function wasmInstanceNormGradient(
	backend: BackendWasm,
	{ dy, x, scale, mean, deviation }: Readonly<Record<"dy" | "x" | "scale" | "mean" | "deviation", tf.TensorInfo>>,
): tf.TensorInfo[] {
	using scope = new Scope(backend);
	const [samples, height, width, channels] = x.shape as [number, number, number, number];
	const outputs = [x.shape, [samples, channels], [samples, channels]].map((shape) => scope.empty(shape));
	const inputs = [dy, x, scale, mean, deviation];
	runNative(backend, "instanceNormGradient", [...inputs, ...outputs, samples, height * width, channels]);
	return outputs.map((output) => scope.keep(output));
}
