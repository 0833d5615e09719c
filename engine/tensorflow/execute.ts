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

interface TensorflowBackend {
	executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly tf.Tensor[]): tf.Tensor;
	executeMultipleOutputs(
		name: string,
		attributes: readonly Attribute[],
		inputs: readonly tf.Tensor[],
		outputs: number,
	): tf.Tensor[];
}

/** Runs the TensorFlow op `name`, which has one output; `backend` is what a kernel function is given. */
export function execute(
	backend: unknown,
	name: string,
	attributes: readonly Attribute[],
	inputs: readonly tf.Tensor[],
): tf.Tensor {
	return (backend as TensorflowBackend).executeSingleOutput(name, attributes, inputs);
}

/** Runs the TensorFlow op `name` with `outputs` outputs. */
export function executeAll(
	backend: unknown,
	name: string,
	attributes: readonly Attribute[],
	inputs: readonly tf.Tensor[],
	outputs: number,
): tf.Tensor[] {
	return (backend as TensorflowBackend).executeMultipleOutputs(name, attributes, inputs, outputs);
}
