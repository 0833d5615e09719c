/** Reads a file of weights of any known format. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseSafetensors } from "../safetensors.ts";
import { archivedWeights, isHdf5, readKeras, readKerasBytes } from "./keras.ts";
import { readTorch } from "./torch.ts";
import type { WeightsFile, WeightsTensor } from "./weights.ts";

/** Reads the file. Throws `FILE: requirement, got value` where it is none that is known, or not whole. */
export async function readWeights(path: string): Promise<WeightsFile> {
	const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
		const got = error.code === "ENOENT" ? "nothing of that name" : error.code === "EISDIR" ? "a folder" : error.message;
		throw new Error(`${path}: must be a file of weights, got ${got}`);
	});
	const sha256 = createHash("sha256").update(bytes).digest("hex");
	const archived = archivedWeights(bytes, path);
	if (archived !== undefined) {
		return { path, sha256, format: "Keras", tensors: await readKerasBytes(archived, path) };
	}
	const torch = readTorch(bytes, path);
	if (torch !== undefined) return { path, sha256, ...torch };
	if (isHdf5(bytes)) return { path, sha256, format: "Keras", tensors: await readKeras(path) };
	if (isSafetensors(bytes)) return { path, sha256, format: "safetensors", tensors: safetensors(bytes, path) };
	throw new RangeError(
		`${path}: must be a .pth of torch.save, a .safetensors or a Keras .h5 or .keras file, got ${bytes.length} bytes of another kind`,
	);
}

/** A header's length, then JSON. */
function isSafetensors(bytes: Uint8Array): boolean {
	return bytes.length > 9 && bytes[8] === 0x7b;
}

function safetensors(bytes: Uint8Array, path: string): Map<string, WeightsTensor> {
	const { tensors } = parseSafetensors(bytes, path);
	if (tensors.size === 0) throw new RangeError(`${path}: must hold tensors, got none`);
	return new Map(
		[...tensors].map(([name, { shape, values }]) => [
			name,
			{ shape, read: () => ({ shape, data: Float32Array.from(values) }) },
		]),
	);
}
