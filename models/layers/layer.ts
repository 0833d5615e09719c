/** How layers compose: a block makes a layer from its place in a network's parameters; a layer maps pictures to pictures. */
import type * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../../engine/parameters.ts";

/** What one run through a network is for. */
export interface Pass {
	/** True: batch statistics are used, running averages and power iterations move. */
	readonly training: boolean;
	/** Receives each attention matrix [N, queries, keys], or mask [N, H, W], under the name of its module (`cca.0`). */
	readonly observe?: (name: string, matrix: tf.Tensor3D) => void;
}

export const training: Pass = { training: true };
export const evaluation: Pass = { training: false };

/** [N, H, W, C] → [N, H', W', C']. */
export type Layer = (x: tf.Tensor4D, pass: Pass) => tf.Tensor4D;

/** A layer that waits for the place of its parameters. */
export type Block = (parameters: Parameters) => Layer;

/** One layer after another, each result freed when the next, which must be another tensor, is there. The caller owns `x` and y. */
export function through(layers: readonly Layer[], x: tf.Tensor4D, pass: Pass): tf.Tensor4D {
	let y = x;
	for (const layer of layers) {
		const before = y;
		y = layer(before, pass);
		if (before !== x) before.dispose();
	}
	return y;
}

/** Blocks one after another, each at its position's name (`0`, `1`, …), as PyTorch's Sequential keeps them. */
export function sequence(...blocks: readonly Block[]): Block {
	return (parameters) => {
		const layers = blocks.map((block, index) => block(parameters.at(index)));
		return (x, pass) => layers.reduce((value, layer) => layer(value, pass), x);
	};
}
