import * as tf from "@tensorflow/tfjs";

/** Inputs of a kernel by name. */
export type Inputs<Names extends string> = Readonly<Record<Names, tf.Tensor>>;

/** Runs an op of ours. */
export type Op<Attributes, Names extends string> = (inputs: Inputs<Names>, attributes: Attributes) => tf.Tensor;

/** What one engine does for an op. May use any tf function: nothing inside is recorded for gradients. */
export type Forward<Attributes, Names extends string> = (
	inputs: Inputs<Names>,
	attributes: Attributes,
	backend: unknown,
) => tf.Tensor;

/** Saved inputs, then the output: as many as the kernel asked for. */
export type Saved = readonly [tf.Tensor, tf.Tensor, tf.Tensor];

export interface Kernel<Attributes, Names extends string> {
	readonly name: string;
	/** On the TensorFlow engine. */
	readonly tensorflow: Forward<Attributes, Names>;
	/** On every other engine. */
	readonly composed: Forward<Attributes, Names>;
	/** Inputs that the gradient needs. */
	readonly saveInputs?: readonly Names[];
	/** True where the gradient needs the output; it is saved after the inputs. */
	readonly saveOutput?: boolean;
	/** Gradients by input, from the output's gradient and what was saved. Recorded, so they have gradients again. */
	readonly backward?: (gradient: tf.Tensor, saved: Saved, attributes: Attributes) => Record<Names, () => tf.Tensor>;
}

/**
 * Registers an op of ours with TensorFlow.js, with a kernel for each engine and its gradient, and returns the function
 * that runs it. Attributes may hold tensors; gradients do not flow into those.
 */
export function defineKernel<Attributes extends object, Names extends string>(
	kernel: Kernel<Attributes, Names>,
): Op<Attributes, Names> {
	const { name, tensorflow, composed, backward } = kernel;
	for (const backendName of ["tensorflow", "wasm", "cpu"]) {
		const forward = backendName === "tensorflow" ? tensorflow : composed;
		tf.registerKernel({
			kernelName: name,
			backendName,
			kernelFunc: ({ inputs, attrs, backend }) =>
				tf.tidy(() => forward(inputs as Inputs<Names>, attrs as Attributes, backend)),
		});
	}
	if (backward !== undefined) {
		tf.registerGradient({
			kernelName: name,
			inputsToSave: [...(kernel.saveInputs ?? [])],
			outputsToSave: [kernel.saveOutput ?? false],
			gradFunc: (gradient, saved, attrs) =>
				backward(gradient as tf.Tensor, saved as unknown as Saved, attrs as unknown as Attributes),
		});
	}
	return (inputs, attributes) =>
		tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attributes as unknown as tf.NamedAttrMap) as tf.Tensor;
}
