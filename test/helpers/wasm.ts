import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs";
import type { ExecutionContext } from "ava";
import { Random } from "../../engine/random.ts";
import { registerWasmKernels } from "../../engine/wasm/register.ts";

/** Starts the WASM backend with our kernels; the engine then checks every kernel call for data it leaves behind. */
export async function startWasm(): Promise<void> {
	registerWasmKernels();
	tf.env().set("IS_TEST", true);
	await tf.setBackend("wasm");
}

/** What `compute` gives on a tfjs backend, as plain numbers. */
export function on(backend: "cpu" | "wasm", compute: () => tf.Tensor): { shape: number[]; values: Float32Array } {
	tf.engine().startScope();
	const before = tf.getBackend();
	try {
		// Both backends are started by then, so the switch is synchronous.
		void tf.setBackend(backend);
		const result = compute();
		return { shape: result.shape, values: Float32Array.from(result.dataSync()) };
	} finally {
		tf.engine().endScope();
		void tf.setBackend(before);
	}
}

/** Standard normal values for a tensor of `shape`. */
export function normals(label: string, shape: readonly number[]): Float32Array {
	return Random.seed(1)
		.split(label)
		.normals(shape.reduce((product, length) => product * length, 1));
}

/** Fails unless every value is within `tolerance` of the expected one, relative to the largest expected value or 1. */
export function close(
	t: ExecutionContext,
	actual: ArrayLike<number>,
	expected: ArrayLike<number>,
	tolerance: number,
	what: string,
): void {
	if (actual.length !== expected.length) {
		t.fail(`${what}: ${actual.length} values, expected ${expected.length}`);
		return;
	}
	const scale = Math.max(1, ...Array.from(expected, Math.abs));
	let worst = 0;
	for (let index = 0; index < expected.length; index += 1) {
		const error = Math.abs((actual[index] as number) - (expected[index] as number)) / scale;
		worst = error > worst || Number.isNaN(error) ? error : worst;
	}
	t.true(worst <= tolerance, `${what}: off by ${worst} of the largest value`);
}
