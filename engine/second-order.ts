import * as tf from "@tensorflow/tfjs";
import { detach } from "./ops/detach.ts";
import { isRecording } from "./ops/kernel.ts";

/**
 * Kernels of TensorFlow.js whose gradient uses their saved output, with their inputs. The saved copy is put on the tape
 * before the kernel itself, so a second differentiation finds no way through it: depending on the rest of the formula it
 * throws or, worse, silently leaves a term out (softmax inside a gradient penalty).
 */
const savedOutputs: Readonly<Record<string, readonly string[]>> = {
	Exp: ["x"],
	Sigmoid: ["x"],
	Tanh: ["x"],
	Softmax: ["logits"],
	Pow: ["a", "b"],
};

/** Kernels whose gradient compares saved tensors: a comparison has no gradient function, and needs none. */
const compared: readonly string[] = ["Max", "Min", "LeakyRelu"];

let repaired = false;

/** Makes TensorFlow.js's own exp, sigmoid, tanh, softmax, pow, max, min and leakyRelu differentiable twice. Idempotent. */
export function repairSecondOrder(): void {
	if (repaired) return;
	for (const [kernelName, inputs] of Object.entries(savedOutputs)) {
		replaceGradient(kernelName, (old) => ({
			kernelName,
			inputsToSave: [...inputs],
			outputsToSave: [true],
			gradFunc: (dy, saved, attributes) => {
				const values = saved.slice(0, inputs.length);
				const named = Object.fromEntries(inputs.map((name, index) => [name, values[index] as tf.Tensor]));
				const output = isRecording()
					? (tf.engine().runKernel(kernelName, named, attributes) as tf.Tensor)
					: (saved[inputs.length] as tf.Tensor);
				const kept = (old.inputsToSave ?? []).map((name) => named[name] as tf.Tensor);
				return old.gradFunc(dy, [...kept, output], attributes);
			},
		}));
	}
	for (const kernelName of compared) {
		replaceGradient(kernelName, (old) => ({
			...old,
			gradFunc: (dy, saved, attributes) => old.gradFunc(dy, saved.map(detach), attributes),
		}));
	}
	repaired = true;
}

function replaceGradient(kernelName: string, make: (old: tf.GradConfig) => tf.GradConfig): void {
	const old = tf.getGradient(kernelName);
	tf.unregisterGradient(kernelName);
	tf.registerGradient(make(old));
}
