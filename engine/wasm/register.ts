import * as tf from "@tensorflow/tfjs";
import { conv2dFilterGradient, conv2dInputGradient } from "./conv-gradients.ts";
import { depthwiseFilterGradient, depthwiseInputGradient } from "./depthwise-gradients.ts";
import { batchMatMul } from "./matmul.ts";
import type { KernelCall } from "./scope.ts";
import { unsortedSegmentSum } from "./segment-sum.ts";

let registered = false;

/**
 * Registers, for tfjs's `wasm` backend, the kernels that training needs and the backend lacks or computes slowly or
 * wrongly. Call it once the backend's own kernels are there (after importing `@tensorflow/tfjs-backend-wasm`); calling it
 * again changes nothing.
 */
export function registerWasmKernels(): void {
	if (registered) return;
	replace("Conv2DBackpropInput", () => conv2dInputGradient);
	replace("Conv2DBackpropFilter", () => conv2dFilterGradient);
	replace("DepthwiseConv2dNativeBackpropInput", () => depthwiseInputGradient);
	replace("DepthwiseConv2dNativeBackpropFilter", () => depthwiseFilterGradient);
	replace("UnsortedSegmentSum", () => unsortedSegmentSum);
	replace("BatchMatMul", batchMatMul);
	registered = true;
}

/** Puts the kernel that `make` gives, from the one there, in its place. */
function replace(kernelName: string, make: (original: tf.KernelFunc) => (call: KernelCall) => tf.TensorInfo): void {
	const existing = tf.getKernel(kernelName, "wasm");
	const missing: tf.KernelFunc = () => {
		throw new Error(`wasm: the backend must have a kernel ${kernelName}, got none`);
	};
	const kernelFunc = make(existing?.kernelFunc ?? missing) as unknown as tf.KernelFunc;
	if (existing !== undefined) tf.unregisterKernel(kernelName, "wasm");
	// The backend's own set-up stays: a kernel made from the original one needs its bindings.
	tf.registerKernel({ ...existing, kernelName, backendName: "wasm", kernelFunc });
}
