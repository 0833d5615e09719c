/** Attention matrices among the outputs of a network. */
import * as tf from "@tensorflow/tfjs";
import type { Pass } from "../../models/layers/layer.ts";
import type { Tensors } from "./net.ts";

/** Runs a pass and adds each observed matrix to its outputs under the name that `nameOf` gives its module. */
export function watched(pass: Pass, nameOf: (module: string) => string, run: (pass: Pass) => Tensors): Tensors {
	const matrices: Record<string, tf.Tensor> = {};
	const outputs = run({
		...pass,
		observe: (module, matrix) => {
			// Kept, because the layer's own scope ends before the outputs are read.
			matrices[nameOf(module)] = tf.keep(matrix.clone());
		},
	});
	const copies = Object.entries(matrices).map(([name, matrix]) => [name, matrix.clone()]);
	tf.dispose(matrices);
	return { ...outputs, ...Object.fromEntries(copies) };
}
