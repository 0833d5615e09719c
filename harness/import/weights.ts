/** What a file of weights is read into, whatever wrote it. */
import type { TorchArray } from "../../engine/parameters.ts";

/** A tensor whose values are read when they are asked for. */
export interface WeightsTensor {
	/** As in PyTorch: convolutions [out, in, kh, kw]. */
	readonly shape: readonly number[];
	/** As float32, row-major. */
	read(): TorchArray;
}

export interface WeightsFile {
	readonly path: string;
	/** `PyTorch, zip`, `PyTorch, before 1.6`, `safetensors`, `Keras`. */
	readonly format: string;
	/** SHA-256 of the file. */
	readonly sha256: string;
	/** By path through the file's dicts: `state_dict.main.0.weight`; in the file's order. */
	readonly tensors: ReadonlyMap<string, WeightsTensor>;
}

/** Number of values. */
export function sizeOf(shape: readonly number[]): number {
	return shape.reduce((product, side) => product * side, 1);
}
