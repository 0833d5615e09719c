import { type EngineName, startEngine } from "../../engine/engine.ts";
import { loadTensorflow } from "../../engine/tensorflow/load.ts";

/** The engines to test: the one FOVEA_ENGINE names, else all that are there. */
export function enginesHere(): EngineName[] {
	const named = process.env["FOVEA_ENGINE"];
	if (named === "wasm" || named === "tensorflow") return [named];
	return loadTensorflow().version === undefined ? ["wasm"] : ["tensorflow", "wasm"];
}

/** Starts each engine in turn and runs `body` on it. */
export async function onEngines(body: (engine: EngineName) => void | Promise<void>): Promise<void> {
	for (const engine of enginesHere()) {
		await startEngine({ engine });
		await body(engine);
	}
}
