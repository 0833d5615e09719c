/** Activations as blocks without parameters. */
import * as tf from "@tensorflow/tfjs";
import { leakyRelu as leaky } from "../../engine/ops/leaky-relu.ts";
import { relu as rectify } from "../../engine/ops/relu.ts";
import type { Block } from "./layer.ts";

/** max(x, 0). */
export function relu(): Block {
	return () => (x) => rectify(x);
}

/** x where x ≥ 0, else `slope`·x. */
export function leakyRelu(slope: number): Block {
	return () => (x) => leaky(x, slope);
}

export function tanh(): Block {
	return () => (x) => tf.tanh(x);
}

/** Takes a place in a sequence and does nothing. */
export function identity(): Block {
	return () => (x) => x;
}
