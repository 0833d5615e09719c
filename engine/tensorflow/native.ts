import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type NativeFloat64, useNativeFloat64 } from "../float64/native.ts";

const sources = fileURLToPath(new URL("../../../engine/native", import.meta.url));

/** C++ of our own: TensorFlow kernels and linear algebra. Includes the headers beside it. */
export const kernelSources = ["kernels.cc", "float64.cc"].map((name) => join(sources, name));

/** The file of the addon compiled from these very sources inside an installation, which versions of fovea share. */
export function kernelsPath(folder: string): string {
	const hash = createHash("sha256");
	for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)));
	return join(folder, `kernels-${hash.digest("hex").slice(0, 12)}.node`);
}

/** Whether the installation in `folder` has these kernels; one that another version of fovea made may lack them. */
export function hasKernels(folder: string): boolean {
	return existsSync(kernelsPath(folder));
}

let loaded = false;

/** Loads the kernels compiled in the installation `folder`, whose TensorFlow is loaded already; they compute on the processor. */
export function loadNativeKernels(folder: string): void {
	useNativeFloat64(createRequire(import.meta.url)(kernelsPath(folder)) as NativeFloat64);
	loaded = true;
}

/** Whether the TensorFlow engine of this process has our kernels: a user's own tfjs-node has not, nor has a GPU. */
export function hasNativeKernels(): boolean {
	return loaded;
}
