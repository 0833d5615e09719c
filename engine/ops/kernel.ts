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
) => tf.Tensor | tf.Tensor[];

/** Saved inputs, then outputs: as many as the kernel asked for. */
export type Saved = readonly [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

export interface Kernel<Attributes, Names extends string> {
	readonly name: string;
	/** On the TensorFlow engine. */
	readonly tensorflow: Forward<Attributes, Names>;
	/** On every other engine. */
	readonly composed: Forward<Attributes, Names>;
	/** Inputs that the gradient needs. */
	readonly saveInputs?: readonly NoInfer<Names>[];
	/** True for each output that the gradient needs. Outputs after the first are made for the gradient alone. */
	readonly saveOutputs?: readonly boolean[];
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
			outputsToSave: [...(kernel.saveOutputs ?? [])],
			gradFunc: (gradient, saved, attrs) =>
				backward([gradient].flat()[0] as tf.Tensor, saved as unknown as Saved, attrs as unknown as Attributes),
		});
	}
	return (inputs, attributes) => {
		const outputs: tf.Tensor | tf.Tensor[] = tf
			.engine()
			.runKernel(name, inputs as tf.NamedTensorMap, attributes as unknown as tf.NamedAttrMap);
		if (!Array.isArray(outputs)) return outputs;
		const [first, ...rest] = outputs;
		// The tape holds its own copies.
		tf.dispose(rest);
		return first as tf.Tensor;
	};
}

/** Whether a tape is open: then what is computed now will be differentiated. */
export function isRecording(): boolean {
	return tf.engine().state.gradientDepth > 0;
}
