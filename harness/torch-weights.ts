/** Weights of the user's file by PyTorch's names, for the networks that metrics are computed with. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { TorchWeight } from "../metrics/features/inception.ts";
import { parseSafetensors } from "./safetensors.ts";

export interface TorchWeights {
	/** A weight by its name in the state dict. */
	weight(name: string): TorchWeight | undefined;
	/** Of the file. */
	readonly sha256: string;
}

/** Reads a state dict; `option` names in errors what asked for it. */
export async function readTorchWeights(file: string, option: string): Promise<TorchWeights> {
	const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
		throw new Error(
			`${option}: ${file} must be a file of weights, got ${error.code === "ENOENT" ? "nothing of that name" : error.code}`,
		);
	});
	const { tensors } = parseSafetensors(bytes, file);
	return {
		weight(name) {
			const tensor = tensors.get(name);
			return tensor === undefined ? undefined : { shape: tensor.shape, data: tensor.values };
		},
		sha256: createHash("sha256").update(bytes).digest("hex"),
	};
}
