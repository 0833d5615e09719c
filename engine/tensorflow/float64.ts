import * as tf from "@tensorflow/tfjs";
import type { Matrix } from "../float64/matrix.ts";
import { binding, type OutputMetadata } from "./binding.ts";
import { type Attribute, attribute } from "./execute.ts";

/** A float64 matrix that lies in TensorFlow; meaningless outside its scope. */
export interface Handle {
	readonly id: number;
	readonly shape: readonly number[];
}

const float64 = attribute.dtype("T", "float64");

/** True where the running engine is TensorFlow. */
export function tensorflowComputes(): boolean {
	return tf.getBackend() === "tensorflow";
}

/**
 * Float64 on TensorFlow. tfjs has no float64 tensors, so values go in and come out as pairs of int32 that TensorFlow's Bitcast
 * takes for float64, bit by bit, and ops are called on TensorFlow's own handles. `dispose` frees all handles.
 */
export class Float64Scope implements Disposable {
	readonly #ids: number[] = [];
	readonly #binding = binding();

	upload({ rows, columns, data }: Matrix): Handle {
		// The addon reads a view's own bytes; a subarray is fine.
		const pairs = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
		const raw = this.#keep(this.#binding.createTensor([rows, columns, 2], this.#binding.TF_INT32, pairs));
		return this.#one("Bitcast", [attribute.dtype("T", "int32"), attribute.dtype("type", "float64")], [raw]);
	}

	download(handle: Handle): Float64Array {
		const raw = this.#one("Bitcast", [float64, attribute.dtype("type", "int32")], [handle.id]);
		const pairs = this.#binding.tensorDataSync(raw.id);
		return new Float64Array(pairs.buffer.slice(pairs.byteOffset, pairs.byteOffset + pairs.byteLength));
	}

	matmul(a: Handle, b: Handle, transposeA: boolean, transposeB: boolean): Handle {
		const attributes = [attribute.bool("transpose_a", transposeA), attribute.bool("transpose_b", transposeB)];
		return this.#one("MatMul", [float64, ...attributes], [a.id, b.id]);
	}

	cholesky(a: Handle): Handle {
		return this.#one("Cholesky", [float64], [a.id]);
	}

	/** Eigenvalues ascending, and eigenvectors in columns (empty unless `vectors`). */
	symmetricEigen(a: Handle, vectors: boolean): readonly [Handle, Handle] {
		const attributes = [float64, attribute.bool("compute_v", vectors)];
		const [values, columns] = this.#many("SelfAdjointEigV2", attributes, [a.id], 2);
		return [values as Handle, columns as Handle];
	}

	singularValues(a: Handle): Handle {
		const attributes = [float64, attribute.bool("compute_uv", false), attribute.bool("full_matrices", false)];
		return this.#many("Svd", attributes, [a.id], 3)[0] as Handle;
	}

	[Symbol.dispose](): void {
		for (const id of this.#ids) this.#binding.deleteTensor(id);
		this.#ids.length = 0;
	}

	#one(name: string, attributes: readonly Attribute[], inputs: readonly number[]): Handle {
		return this.#many(name, attributes, inputs, 1)[0] as Handle;
	}

	#many(name: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number): OutputMetadata[] {
		const results = this.#binding.executeOp(name, attributes, inputs, outputs);
		for (const { id } of results) this.#keep(id);
		return results;
	}

	#keep(id: number): number {
		this.#ids.push(id);
		return id;
	}
}
