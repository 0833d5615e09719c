/** Weights of the user's file by PyTorch's names, for the networks that metrics and losses are computed with. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TorchWeight } from "../metrics/features/inception.ts";
import { readWeights } from "./import/read.ts";
import { publishedNamed, weightsFolder } from "./weights/catalogue.ts";

export interface TorchWeights {
	/** A weight by its name in the state dict. */
	weight(name: string): TorchWeight | undefined;
	/** Of the file. */
	readonly sha256: string;
}

/** What checkpoints put around a state dict. */
const wrappers = new Set(["state_dict", "module", "model", "net", "network", "params"]);

/**
 * Reads a state dict from a .pth, .safetensors or .h5 file, or from the cache where `file` is the name of published weights
 * (`fovea weights list`); `option` names in errors what asked for it.
 */
export async function readTorchWeights(file: string, option: string): Promise<TorchWeights> {
	const { tensors, sha256 } = await readWeights(locate(file, option)).catch((error: Error) => {
		throw new Error(`${option}: ${error.message}`, { cause: error });
	});
	const prefix = wrapperOf([...tensors.keys()]);
	return {
		weight(name) {
			return tensors.get(`${prefix}${name}`)?.read();
		},
		sha256,
	};
}

function locate(file: string, option: string): string {
	const published = existsSync(file) ? undefined : publishedNamed(file);
	if (published === undefined) return file;
	const path = join(weightsFolder(), published.file);
	if (existsSync(path)) return path;
	throw new Error(`${option}: ${file} must be in the cache, got no ${path}; fovea weights get ${file}`);
}

/** `state_dict.module.` where every name begins so. */
function wrapperOf(names: readonly string[]): string {
	let prefix = "";
	for (;;) {
		const first = names[0]?.slice(prefix.length).split(".")[0] ?? "";
		const next = `${prefix}${first}.`;
		if (!wrappers.has(first) || !names.every((name) => name.startsWith(next))) return prefix;
		prefix = next;
	}
}
