import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** What the engine hands to a kernel. */
export interface KernelCall {
	readonly inputs: tf.NamedTensorInfoMap;
	readonly attrs: tf.NamedAttrMap;
	readonly backend: BackendWasm;
}

/**
 * Runs kernels of the WASM backend inside a kernel and frees what they made when the scope ends, save what `keep` was
 * called on. Kernels are below the engine's own book-keeping: `tf.tidy` does not see their intermediates.
 */
export class Scope implements Disposable {
	readonly #backend: BackendWasm;
	readonly #owned = new Set<tf.TensorInfo>();
	readonly #windows = new Set<tf.TensorInfo>();

	constructor(backend: BackendWasm) {
		this.#backend = backend;
	}

	/** The single result of a kernel of this backend. */
	call(kernelName: string, inputs: tf.NamedTensorInfoMap, attrs: tf.NamedAttrMap = {}): tf.TensorInfo {
		const kernel = tf.getKernel(kernelName, "wasm");
		if (kernel === undefined) throw new Error(`wasm: the backend must have a kernel ${kernelName}, got none`);
		const result = kernel.kernelFunc({ inputs, attrs, backend: this.#backend });
		if (Array.isArray(result)) throw new Error(`wasm: ${kernelName} must give one tensor, got ${result.length}`);
		this.#owned.add(result);
		return result;
	}

	/** A new float32 tensor whose values are not set. */
	empty(shape: readonly number[]): tf.TensorInfo {
		const result = this.#backend.makeOutput([...shape], "float32");
		this.#owned.add(result);
		return result;
	}

	/** The same values under another shape, for use within this scope. */
	reshape(info: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
		return { dataId: info.dataId, dtype: info.dtype, shape: [...shape] };
	}

	/**
	 * The values of `info` from the `start`th on, under another shape: a tensor of its own to the backend's kernels, in
	 * the same memory. `info` must outlive the scope. A kernel given it as output writes there.
	 */
	window(info: tf.TensorInfo, shape: readonly number[], start = 0): tf.TensorInfo {
		const bytes = this.#backend.getMemoryOffset(info.dataId) + start * Float32Array.BYTES_PER_ELEMENT;
		const result = this.#backend.makeOutput([...shape], "float32", bytes);
		this.#windows.add(result);
		return result;
	}

	/**
	 * The values of a float32 tensor as they lie in the heap, writable. The next allocation may move the heap, so every
	 * view must be taken after the last `empty` or `call`.
	 */
	view(info: tf.TensorInfo): Float32Array {
		const values = this.#backend.typedArrayFromHeap(info);
		if (!(values instanceof Float32Array)) throw new TypeError(`wasm: tensor must be float32, got ${info.dtype}`);
		return values;
	}

	/** Gives `info` to the caller, with `shape` where it differs. */
	keep(info: tf.TensorInfo, shape: readonly number[] = info.shape): tf.TensorInfo {
		if (!this.#owned.delete(info)) throw new Error("wasm: only a tensor of this scope can be kept");
		info.shape = [...shape];
		return info;
	}

	[Symbol.dispose](): void {
		for (const { dataId } of this.#windows) {
			// Not disposeData: the memory belongs to another tensor.
			this.#backend.wasm.tfjs.disposeData(this.#id(dataId));
			this.#backend.dataIdMap.delete(dataId);
		}
		this.#windows.clear();
		for (const { dataId } of this.#owned) this.#backend.disposeData(dataId);
		this.#owned.clear();
	}

	#id(dataId: object): number {
		return this.#backend.dataIdMap.get(dataId).id;
	}
}
