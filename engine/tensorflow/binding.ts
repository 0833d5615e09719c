import * as tf from "@tensorflow/tfjs";
import type { Attribute } from "./execute.ts";

export interface OutputMetadata {
	readonly id: number;
	readonly shape: readonly number[];
	readonly dtype: number;
}

/** The part of tfjs-node's addon that is used here: TensorFlow's eager ops on numbered tensors. */
export interface Binding {
	createTensor(shape: readonly number[], dtype: number, data: ArrayBufferView): number;
	deleteTensor(id: number): void;
	tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
	executeOp(
		name: string,
		attributes: readonly Attribute[],
		inputs: readonly number[],
		outputs: number,
	): OutputMetadata[];
	readonly TF_FLOAT: number;
	readonly TF_INT32: number;
}

/** The addon of the running TensorFlow engine. Throws where another engine runs. */
export function binding(): Binding {
	const backend = tf.backend() as { binding?: Binding };
	if (backend.binding === undefined) throw new Error(`engine: tensorflow must run for this, got ${tf.getBackend()}`);
	return backend.binding;
}
