/** A fully connected layer with PyTorch's weight names and default initial values. */
import * as tf from "@tensorflow/tfjs";
import { type Initializer, type Parameters, uniformInit } from "../../engine/parameters.ts";

export interface LinearOptions {
	/** Of the weight. @default PyTorch's: uniform in ±1/√input */
	readonly initializer?: Initializer;
	/** Of the bias. @default PyTorch's: uniform in ±1/√input */
	readonly biasInitializer?: Initializer;
}

/** [N, input] → [N, output]. */
export function linear(
	input: number,
	output: number,
	options: LinearOptions = {},
): (parameters: Parameters) => (x: tf.Tensor2D) => tf.Tensor2D {
	const bound = uniformInit(1 / Math.sqrt(input));
	const { initializer = bound, biasInitializer = bound } = options;
	return (parameters) => {
		const weight = parameters.create<tf.Rank.R2>("weight", [input, output], initializer, { layout: "linear" });
		const bias = parameters.create<tf.Rank.R1>("bias", [output], biasInitializer);
		return (x) => tf.tidy(() => tf.add(tf.matMul(x, weight), bias));
	};
}
