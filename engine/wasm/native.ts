import { readFileSync } from "node:fs";
import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** The few names of WebAssembly that are needed: Node has them, its types lack them. */
declare namespace WebAssembly {
	interface Memory {
		readonly buffer: ArrayBuffer;
	}
	class Module {
		constructor(bytes: Uint8Array);
	}
	class Instance {
		constructor(module: Module, imports: { readonly env: { readonly memory: Memory } });
		readonly exports: unknown;
	}
}

/** What native/kernels.c exports; pointers are addresses in the backend's memory. */
interface Exports {
	readonly __stack_pointer: { value: number };
	instanceNorm(...words: number[]): void;
	instanceNormGradient(...words: number[]): void;
	winogradInput(...words: number[]): void;
	winogradFilter(...words: number[]): void;
	winogradOutput(...words: number[]): void;
}

export type NativeKernel = Exclude<keyof Exports, "__stack_pointer">;

const file = new URL("../../../engine/wasm/native/kernels.wasm", import.meta.url);
/** Bytes for what the compiler keeps on its stack: a few registers' worth. */
const stackSize = 2 ** 14;

const instances = new WeakMap<object, Exports>();

/** Runs a kernel of native/kernels.c on tensors and numbers of this backend; every tensor is float32. */
export function runNative(backend: BackendWasm, name: NativeKernel, words: readonly (tf.TensorInfo | number)[]): void {
	const kernel = instances.get(backend) ?? instantiate(backend);
	kernel[name](...words.map((word) => (typeof word === "number" ? word : backend.getMemoryOffset(word.dataId))));
}

function instantiate(backend: BackendWasm): Exports {
	const { asm, _malloc } = backend.wasm as unknown as {
		readonly asm: { readonly memory: WebAssembly.Memory };
		_malloc(bytes: number): number;
	};
	const module = new WebAssembly.Module(readFileSync(file));
	const instance = new WebAssembly.Instance(module, { env: { memory: asm.memory } });
	const kernels = instance.exports as Exports;
	// Its stack grows downwards inside a piece of the memory that nobody else gets.
	kernels.__stack_pointer.value = (_malloc(stackSize) + stackSize) & ~15;
	instances.set(backend, kernels);
	return kernels;
}
