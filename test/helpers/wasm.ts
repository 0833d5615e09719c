import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs";
import type { ExecutionContext } from "ava";
import { startEngine } from "../../engine/engine.ts";
import { Random } from "../../engine/random.ts";

/** A tensor's values, taken out of the engine. */
export interface Values {
	readonly shape: readonly number[];
	readonly values: Float32Array;
}

/** Standard normal values of `shape`; the same for the same label. */
export function normals(label: string, shape: readonly number[]): Values {
	return {
		shape,
		values: Random.seed(1)
			.split(label)
			.normals(tf.util.sizeFromShape([...shape])),
	};
}

export function tensor({ shape, values }: Values): tf.Tensor {
	return tf.tensor(values, [...shape], "float32");
}

/** What `compute` gives on a backend of tfjs. */
export function on(backend: "cpu" | "wasm" | "tensorflow", compute: () => tf.Tensor): Values {
	const before = tf.getBackend();
	try {
		// Every backend used here starts synchronously or is started, so the change takes place at once.
		void tf.setBackend(backend);
		return tf.tidy(() => {
			const result = compute();
			return { shape: result.shape, values: Float32Array.from(result.dataSync()) };
		});
	} finally {
		void tf.setBackend(before);
	}
}

/** Runs a kernel alone, as gradients do, on the WASM engine; tfjs then fails if it leaves intermediate data behind. */
export function runKernel(name: string, inputs: Readonly<Record<string, Values>>, attributes: object): Values {
	tf.env().set("IS_TEST", true);
	try {
		return on("wasm", () => {
			const tensors = Object.fromEntries(Object.entries(inputs).map(([key, values]) => [key, tensor(values)]));
			return tf.engine().runKernel(name, tensors, attributes as tf.NamedAttrMap) as tf.Tensor;
		});
	} finally {
		tf.env().set("IS_TEST", false);
	}
}

export async function startWasm(): Promise<void> {
	await startEngine({ engine: "wasm" });
}

/** Fails unless every value is within `tolerance` of the expected one, relative to the largest expected value or 1. */
export function close(
	t: ExecutionContext,
	actual: ArrayLike<number>,
	expected: ArrayLike<number>,
	tolerance: number,
	what: string,
): void {
	let [scale, worst] = [1, actual.length === expected.length ? 0 : Number.NaN];
	for (let index = 0; index < expected.length; index += 1) scale = Math.max(scale, Math.abs(expected[index] as number));
	for (let index = 0; index < expected.length; index += 1) {
		const error = Math.abs((actual[index] as number) - (expected[index] as number)) / scale;
		if (!(error <= worst)) worst = error;
	}
	t.true(worst <= tolerance, `${what}: off by ${worst} of the largest value`);
}
