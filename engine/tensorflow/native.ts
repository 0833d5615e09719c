import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { kernelsPath } from "./installation.ts";

/** C++ of TensorFlow kernels of our own. */
export const kernelsSource = fileURLToPath(new URL("../../../engine/native/kernels.cc", import.meta.url));

let loaded = false;

/** Loads the kernels compiled in the installation `folder`, whose TensorFlow is loaded already; they compute on the processor. */
export function loadNativeKernels(folder: string): void {
	createRequire(import.meta.url)(kernelsPath(folder));
	loaded = true;
}

/** Whether the TensorFlow engine of this process has our kernels: a user's own tfjs-node has not, nor has a GPU. */
export function hasNativeKernels(): boolean {
	return loaded;
}
