import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { startEngine } from "../../../engine/engine.ts";
import { formulaWeight } from "../../../harness/parity/formula-weights.ts";
import { Inception, inception } from "../../../metrics/features/inception.ts";
import { resizers } from "../../../metrics/features/resizers.ts";
import type { Picture } from "../../../metrics/metric.ts";

const golden: { shapes: Record<string, number[]>; outputs: Record<string, number[]> } = JSON.parse(
	readFileSync("fixtures/inception/inception.json", "utf8"),
);

const weights = (name: string) => {
	const shape = golden.shapes[name];
	return shape === undefined ? undefined : { shape, data: formulaWeight(name, shape) };
};

/** float32 through some hundred layers, sums in another order; the reference's own statement is 1e-4 of the largest. */
const tolerance = 1e-4;

test.before(async () => {
	await startEngine();
});

test.serial("every layer equals torch-fidelity's, from the picture's bytes on", (t) => {
	const pixels = resizers["tensorflow1-bilinear"]?.resize(picture(), 299, 299) as Float32Array;
	using network = new Inception(weights);
	const before = tf.memory().numTensors;
	tf.tidy(() => {
		const rows = network.run(tf.tensor4d(pixels, [1, 299, 299, 3]).sub(128).div(128));
		for (const [layer, got] of Object.entries(rows)) {
			const wanted = golden.outputs[layer === "logitsUnbiased" ? "logits_unbiased" : layer] as number[];
			const values = got.dataSync();
			t.is(values.length, wanted.length, layer);
			const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
			const off = wanted.reduce((most, value, at) => Math.max(most, Math.abs(value - (values[at] as number))), 0);
			t.true(off <= tolerance * largest, `${layer}: off by ${off / largest}`);
		}
	});
	t.is(tf.memory().numTensors, before);
});

test.serial("a layer is chosen by name, and a file without a weight is refused by that name", (t) => {
	const sha256 = "0".repeat(64);
	t.throws(() => inception({ weights, sha256, layer: "300" as "64" }), {
		message: /must be one of 64, 192, 768, 2048, got 300/,
	});
	const before = tf.memory().numTensors;
	t.throws(() => inception({ weights: () => undefined, sha256 }), { message: /must hold fc.weight/ });
	t.is(tf.memory().numTensors, before);
});

/** Made from whole numbers, so that every language has the same bytes (fixtures/inception/README.md). */
function picture(): Picture {
	const [height, width] = [48, 64];
	const data = new Uint8Array(height * width * 3);
	for (let y = 0, at = 0; y < height; y += 1) {
		for (let x = 0; x < width; x += 1, at += 3) {
			data.set([(x * x + 3 * y) % 256, (7 * x + y * y) % 256, (5 * x * y + 11 * x) % 256], at);
		}
	}
	return { data, height, width, channels: 3 };
}
