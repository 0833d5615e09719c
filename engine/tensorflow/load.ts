import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import util from "node:util";
import * as tf from "@tensorflow/tfjs";
import { addonPath, quietPath, readInstallation } from "./installation.ts";
import { hasKernels, loadNativeKernels } from "./native.ts";

/** A TensorFlow engine that is registered with tfjs and ready, or why there is none. */
export type Loaded =
	| { readonly version: string; readonly why: readonly string[] }
	| {
			readonly version?: undefined;
			readonly why: readonly string[];
			/** True where something is installed that should work and does not: worth telling the user unasked. */
			readonly broken: boolean;
	  };

/** Name under which an installed tfjs-node finds the one tfjs of this process (installed beside it by install.ts). */
const sharedTfjs = Symbol.for("fovea.tfjs");

/** Warnings and below are not shown; a user who wants them sets TF_CPP_MIN_LOG_LEVEL to another level. */
const quietLevel = "2";

/**
 * Registers the backend `tensorflow`: one that the process has already, else the project's own working
 * `@tensorflow/tfjs-node` or `@tensorflow/tfjs-node-gpu`, else what `fovea engine install` built.
 */
export function loadTensorflow(): Loaded {
	// Both are read by the library when it is loaded; a user's own setting stands.
	process.env["TF_CPP_MIN_LOG_LEVEL"] ??= quietLevel;
	process.env["TF_ENABLE_ONEDNN_OPTS"] ??= "1";
	restoreRemovedUtilities();
	if (tf.findBackendFactory("tensorflow") !== null) {
		return { version: libraryVersion(), why: ["the tensorflow backend that this process had loaded is used"] };
	}
	const why: string[] = [];
	let broken = false;
	for (const name of ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"]) {
		const own = loadOwn(name);
		if (own === undefined) continue;
		why.push(own.why);
		if (own.works) return { version: libraryVersion(), why };
	}
	try {
		const installation = readInstallation();
		if (installation !== undefined) {
			loadInstalled(installation.folder);
			const { tensorflow, device, source } = installation.manifest;
			why.push(`TensorFlow ${tensorflow} (${device}) from ${source} is installed`);
			if (device === "gpu")
				why.push(usesGpu() ? "it computes on a GPU" : "it finds no GPU and computes on the processor");
			if (!hasKernels(installation.folder)) {
				why.push("it lacks this version's own kernels; npx fovea engine install builds them");
			} else if (!usesGpu()) {
				loadNativeKernels(installation.folder);
			}
			return { version: libraryVersion(), why };
		}
		why.push("no TensorFlow engine is installed; npx fovea engine install builds one");
	} catch (error) {
		broken = true;
		why.push(error instanceof Error ? (error.message.split("\n")[0] as string) : String(error));
	}
	return { why, broken };
}

/** Tries the package `name` of the user's project. Undefined where the project has none. */
function loadOwn(name: string): { works: boolean; why: string } | undefined {
	const require = createRequire(join(process.cwd(), "package.json"));
	let root: string;
	try {
		root = dirname(require.resolve(`${name}/package.json`));
	} catch {
		return undefined;
	}
	// Looked at before it is loaded: a load that fails half way leaves its kernels registered.
	if (!hasAddon(root)) return { works: false, why: `${root} is not used: its addon is not built` };
	const theirs = createRequire(join(root, "package.json")).resolve("@tensorflow/tfjs");
	if (theirs !== createRequire(import.meta.url).resolve("@tensorflow/tfjs")) {
		return { works: false, why: `${root} is not used: it has another copy of @tensorflow/tfjs, ${dirname(theirs)}` };
	}
	try {
		require(name);
		return { works: true, why: `the project's own ${root} is used` };
	} catch (error) {
		const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
		return { works: false, why: `${root} is not used: ${message}` };
	}
}

function hasAddon(root: string): boolean {
	try {
		const files = readdirSync(join(root, "lib"), { recursive: true }).map(String);
		return files.some((file) => file.endsWith("tfjs_binding.node"));
	} catch {
		return false;
	}
}

function loadAddon(require: NodeJS.Require, folder: string): unknown {
	if (process.env["TF_CPP_MIN_LOG_LEVEL"] !== quietLevel) return require(addonPath(folder));
	const stderr: { mute(): void; unmute(): void } = require(quietPath(folder));
	stderr.mute();
	try {
		return require(addonPath(folder));
	} finally {
		stderr.unmute();
	}
}

interface BackendModule {
	readonly NodeJSKernelBackend: new (binding: unknown, name: string) => tf.KernelBackend;
}

function loadInstalled(folder: string): void {
	const require = createRequire(join(folder, "package.json"));
	Object.assign(globalThis, { [sharedTfjs]: createRequire(import.meta.url)("@tensorflow/tfjs") });
	const binding = loadAddon(require, folder);
	// Its index.js would load the installer's dependencies and print; these two are all that computes.
	require("@tensorflow/tfjs-node/dist/register_all_kernels.js");
	const module: BackendModule = require("@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js");
	const backend = new module.NodeJSKernelBackend(binding, "@tensorflow/tfjs-node");
	tf.registerBackend("tensorflow", () => backend, 3);
}

/** Loads the engine in `folder`, multiplies on it, and gives its version. For a process that ends then. */
export function tryInstalled(folder: string): string {
	process.env["TF_CPP_MIN_LOG_LEVEL"] ??= quietLevel;
	restoreRemovedUtilities();
	loadInstalled(folder);
	tf.setBackend("tensorflow");
	const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.eye(2)).dataSync();
	if (String([...product]) !== "1,2,3,4") throw new Error(`engine: matMul must give 1,2,3,4, got ${product}`);
	loadNativeKernels(folder);
	return libraryVersion();
}

function usesGpu(): boolean {
	const backend = tf.findBackend("tensorflow") as { isUsingGpuDevice?: boolean } | null;
	return backend?.isUsingGpuDevice ?? false;
}

function libraryVersion(): string {
	const backend = tf.findBackend("tensorflow") as { binding?: { TF_Version?: string } } | null;
	return backend?.binding?.TF_Version ?? "unknown";
}

/** tfjs-node 4.22 calls two functions that Node 22 warns of and Node 23 took out of `util`; these do the same. */
function restoreRemovedUtilities(): void {
	const utilities = util as unknown as Record<string, unknown>;
	utilities["isNullOrUndefined"] = (value: unknown) => value === null || value === undefined;
	utilities["isArray"] = Array.isArray;
}
