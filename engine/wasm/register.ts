import * as tf from "@tensorflow/tfjs";
import { conv2dFilterGradient } from "./conv-filter-gradient.ts";
import { conv2dInputGradient } from "./conv-input-gradient.ts";
import { conv2d } from "./conv2d.ts";
import { depthwiseFilterGradient, depthwiseInputGradient } from "./depthwise-gradients.ts";
import { batchMatMul, fusedMatMul } from "./matmul.ts";
import { avgPoolGradient, maxPoolGradient } from "./pool-gradients.ts";
import { reduction } from "./reduce.ts";
import { resizeBilinearGradient, resizeNearestGradient } from "./resize-gradients.ts";
import type { KernelCall } from "./scope.ts";
import { unsortedSegmentSum } from "./segment-sum.ts";

/** Kernels that the backend lacks, or has and computes slowly or wrongly. */
const kernels: Readonly<Record<string, (call: KernelCall) => tf.TensorInfo>> = {
	AvgPoolGrad: avgPoolGradient,
	BatchMatMul: batchMatMul,
	Conv2DBackpropFilter: conv2dFilterGradient,
	Conv2DBackpropInput: conv2dInputGradient,
	DepthwiseConv2dNativeBackpropFilter: depthwiseFilterGradient,
	DepthwiseConv2dNativeBackpropInput: depthwiseInputGradient,
	MaxPoolGrad: maxPoolGradient,
	ResizeBilinearGrad: resizeBilinearGradient,
	ResizeNearestNeighborGrad: resizeNearestGradient,
	UnsortedSegmentSum: unsortedSegmentSum,
	_FusedMatMul: fusedMatMul,
};

/** Kernels made from the backend's own. */
const remade: Readonly<Record<string, (own: tf.KernelFunc) => (call: KernelCall) => tf.TensorInfo>> = {
	Conv2D: conv2d,
	Mean: (own) => reduction(own, true),
	Sum: (own) => reduction(own, false),
};

let registered = false;

/**
 * Registers, for tfjs's `wasm` backend, the kernels that training needs and the backend lacks or computes slowly or
 * wrongly. Call it once the backend's own kernels are there (after importing `@tensorflow/tfjs-backend-wasm`); calling it
 * again changes nothing.
 */
export function registerWasmKernels(): void {
	if (registered) return;
	for (const [kernelName, kernel] of Object.entries(kernels)) register(kernelName, kernel);
	for (const [kernelName, remake] of Object.entries(remade)) {
		const own = tf.getKernel(kernelName, "wasm");
		if (own === undefined) {
			throw new Error(`wasm: @tensorflow/tfjs-backend-wasm must be imported first, got no kernel ${kernelName}`);
		}
		register(kernelName, remake(own.kernelFunc), own.setupFunc);
	}
	registered = true;
}

function register(kernelName: string, kernel: (call: KernelCall) => tf.TensorInfo, setupFunc?: tf.KernelSetupFunc) {
	if (tf.getKernel(kernelName, "wasm") !== undefined) tf.unregisterKernel(kernelName, "wasm");
	const kernelFunc = kernel as unknown as tf.KernelFunc;
	tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc, ...(setupFunc === undefined ? {} : { setupFunc }) });
}
