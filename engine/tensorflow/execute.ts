import type * as tf from "@tensorflow/tfjs";

/** One attribute of a TensorFlow op, in the form the addon reads. */
export interface Attribute {
	readonly name: string;
	readonly type: number;
	readonly value: string | number | boolean | readonly number[];
}

// TF_AttrType and TF_DataType of TensorFlow's C API, which are fixed for good.
const ATTR = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const;
const TYPE = { float32: 1, float64: 2, int32: 3 } as const;

/** Attributes by kind; build them once and keep them, for the addon copies them on each call. */
export const attribute = {
	string: (name: string, value: string): Attribute => ({ name, type: ATTR.string, value }),
	int: (name: string, value: number | readonly number[]): Attribute => ({ name, type: ATTR.int, value }),
	float: (name: string, value: number): Attribute => ({ name, type: ATTR.float, value }),
	bool: (name: string, value: boolean): Attribute => ({ name, type: ATTR.bool, value }),
	shape: (name: string, value: readonly number[]): Attribute => ({ name, type: ATTR.shape, value }),
	dtype: (name: string, value: keyof typeof TYPE): Attribute => ({ name, type: ATTR.type, value: TYPE[value] }),
};

/** What the addon says of a tensor it made. */
interface Metadata {
	readonly id: number;
	readonly shape: number[];
	readonly dtype: number;
}

interface TensorflowBackend {
	readonly binding: {
		executeOp(name: string, attributes: readonly Attribute[], inputs: number[], outputs: number): Metadata[];
		createTensor(shape: number[], dtype: number, values: Int32Array | Float32Array): number;
		deleteTensor(id: number): void;
	};
	getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
	createOutputTensor(metadata: Metadata): tf.Tensor;
}

/** A small tensor that is made once and kept for good, outside of TensorFlow.js's accounts. */
export interface Constant {
	readonly constant: number;
}

/** A result inside a `Chain`. */
interface Handle {
	readonly metadata: Metadata;
}

type Input = tf.Tensor | Constant | Handle;

const constants = new Map<string, Constant>();

/** The int32 vector `values`. Shapes and permutations: one per geometry of a network. */
export function intVector(backend: unknown, values: readonly number[]): Constant {
	return constant(`int ${values}`, () => Int32Array.from(values), backend, [values.length]);
}

/** A float32 vector without values. */
export function noFloats(backend: unknown): Constant {
	return constant("no floats", () => new Float32Array(0), backend, [0]);
}

function constant(key: string, make: () => Int32Array | Float32Array, backend: unknown, shape: number[]): Constant {
	const known = constants.get(key);
	if (known !== undefined) return known;
	const values = make();
	const dtype = values instanceof Int32Array ? TYPE.int32 : TYPE.float32;
	const created = { constant: (backend as TensorflowBackend).binding.createTensor(shape, dtype, values) };
	constants.set(key, created);
	return created;
}

/**
 * Several ops one after another whose results between are TensorFlow's alone: TensorFlow.js's bookkeeping of a tensor
 * takes as long as a small op. `tensor` takes a result out; disposing frees the others.
 */
export class Chain implements Disposable {
	readonly #backend: TensorflowBackend;
	readonly #handles = new Set<Handle>();

	constructor(backend: unknown) {
		this.#backend = backend as TensorflowBackend;
	}

	/** The first output of the op `name`. */
	run(name: string, attributes: readonly Attribute[], inputs: readonly Input[]): Handle {
		return this.runAll(name, attributes, inputs, 1)[0] as Handle;
	}

	runAll(name: string, attributes: readonly Attribute[], inputs: readonly Input[], outputs: number): Handle[] {
		const ids = inputs.map((input) => inputId(this.#backend, input));
		const handles = this.#backend.binding
			.executeOp(name, attributes, ids, outputs)
			.map((metadata): Handle => ({ metadata }));
		for (const handle of handles) this.#handles.add(handle);
		return handles;
	}

	tensor(handle: Handle): tf.Tensor {
		this.#handles.delete(handle);
		return this.#backend.createOutputTensor(handle.metadata);
	}

	[Symbol.dispose](): void {
		for (const { metadata } of this.#handles) this.#backend.binding.deleteTensor(metadata.id);
	}
}

function inputId(backend: TensorflowBackend, input: Input): number {
	if ("constant" in input) return input.constant;
	if ("metadata" in input) return input.metadata.id;
	return backend.getInputTensorIds([input])[0] as number;
}

/** Runs the TensorFlow op `name`, which has one output; `backend` is what a kernel function is given. */
export function execute(
	backend: unknown,
	name: string,
	attributes: readonly Attribute[],
	inputs: readonly Input[],
): tf.Tensor {
	return executeAll(backend, name, attributes, inputs, 1)[0] as tf.Tensor;
}

/** Runs the TensorFlow op `name` with `outputs` outputs. */
export function executeAll(
	backend: unknown,
	name: string,
	attributes: readonly Attribute[],
	inputs: readonly Input[],
	outputs: number,
): tf.Tensor[] {
	const tensorflow = backend as TensorflowBackend;
	const ids = inputs.map((input) => inputId(tensorflow, input));
	return tensorflow.binding
		.executeOp(name, attributes, ids, outputs)
		.map((metadata) => tensorflow.createOutputTensor(metadata));
}
