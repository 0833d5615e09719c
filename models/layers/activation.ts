/** Activations as blocks without parameters; each is twice differentiable in every engine, as gradient penalties need. */
import * as tf from "@tensorflow/tfjs";
import type { Block } from "./layer.ts";

/** max(x, 0). */
export function relu(): Block {
	return () => (x) => tf.relu(x);
}

/** x where x ≥ 0, else `slope`·x; composed of two ReLUs because the engine's own form has no second derivative. */
export function leakyRelu(slope: number): Block {
	return () => (x) => leaky(x, slope);
}

/** x where x ≥ 0, else `slope`·x. */
export function leaky<T extends tf.Tensor>(x: T, slope: number): T {
	return tf.tidy(() => tf.sub(tf.relu(x), tf.mul(tf.relu(tf.neg(x)), slope)));
}

export function tanh(): Block {
	return () => (x) => tf.tanh(x);
}

export function sigmoid(): Block {
	return () => (x) => tf.sigmoid(x);
}

/** Takes a position in a sequence and does nothing (dropout that is off, an omitted norm). */
export function identity(): Block {
	return () => (x) => x;
}
