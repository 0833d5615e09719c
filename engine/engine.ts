import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { repairSecondOrder } from "./second-order.ts";
import { loadTensorflow } from "./tensorflow/load.ts";
import { registerWasmKernels } from "./wasm/register.ts";

export type EngineName = "tensorflow" | "wasm";

/** What computes: all of tfjs runs on it from the moment it is started. */
export interface Engine {
	readonly name: EngineName;
	/** Version of the TensorFlow library, or of the WASM backend. */
	readonly version: string;
	/** Why this one and no other, one sentence each. */
	readonly why: readonly string[];
}

export const engineNames: readonly EngineName[] = ["tensorflow", "wasm"];

let started: Engine | undefined;
let starting: Promise<Engine> | undefined;

/**
 * Starts the engine: `engine`, else the one `FOVEA_ENGINE` names, else TensorFlow where it is built and WASM where not.
 * A second call without a choice gives the engine that runs; with another choice it changes over.
 * Throws where the chosen engine cannot be had.
 */
export async function startEngine({ engine }: { readonly engine?: EngineName } = {}): Promise<Engine> {
	// One start at a time: a call made during another waits for it and then sees what runs.
	const before = starting;
	starting = (async () => {
		await before?.catch(() => undefined);
		if (started !== undefined && (engine === undefined || engine === started.name)) return started;
		repairSecondOrder();
		const forced = engine ?? engineOfEnvironment();
		started = forced === "wasm" ? await startWasm(["wasm was asked for"]) : await startTensorflow(forced !== undefined);
		return started;
	})();
	return starting;
}

/** The engine that runs. Throws where none was started. */
export function currentEngine(): Engine {
	if (started === undefined) throw new Error("engine: startEngine() must have been called, got no engine yet");
	return started;
}

function engineOfEnvironment(): EngineName | undefined {
	const name = process.env["FOVEA_ENGINE"];
	if (name === undefined || name === "") return undefined;
	const known = engineNames.find((candidate) => candidate === name);
	if (known === undefined) throw new RangeError(`FOVEA_ENGINE: must be ${engineNames.join(" or ")}, got ${name}`);
	return known;
}

async function startTensorflow(forced: boolean): Promise<Engine> {
	const loaded = loadTensorflow();
	if (loaded.version !== undefined) {
		await tf.setBackend("tensorflow");
		await tf.ready();
		const why = forced ? ["tensorflow was asked for", ...loaded.why] : loaded.why;
		return { name: "tensorflow", version: loaded.version, why };
	}
	if (forced)
		throw new Error(`engine: tensorflow must be installed (npx fovea engine install), got ${loaded.why.join("; ")}`);
	if (loaded.broken) process.emitWarning(`${loaded.why.join("; ")}; the slower WASM engine is used`, "FoveaWarning");
	return startWasm(loaded.why);
}

async function startWasm(why: readonly string[]): Promise<Engine> {
	const wasm = await import("@tensorflow/tfjs-backend-wasm");
	const root = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
	wasm.setWasmPaths(join(dirname(root), "/"));
	registerWasmKernels();
	if (!(await tf.setBackend("wasm"))) throw new Error("engine: wasm must start, got a failed start of its backend");
	await tf.ready();
	const simd = (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) ? "with" : "without";
	return { name: "wasm", version: wasm.version_wasm, why: [...why, `WASM runs anywhere Node runs, here ${simd} SIMD`] };
}
