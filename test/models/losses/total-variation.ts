import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { totalVariation } from "../../../models/losses/total-variation.ts";
import { onEngines } from "../../helpers/engines.ts";

/** Columns rise by 1, rows by 10: [2, 3, 4, 1]. */
const ramp = () =>
	tf.tensor4d(
		Float32Array.from({ length: 24 }, (_, index) => (index % 4) + 10 * (Math.floor(index / 4) % 3)),
		[2, 3, 4, 1],
	);

test.serial("the sum of a ramp is its slopes times the pairs of neighbours", async (t) => {
	await onEngines(() => {
		const total = tf.tidy(() => totalVariation(ramp(), { reduction: "sum" }).dataSync()[0]);
		// Two pictures: 2 × 4 vertical pairs of 10, 3 × 3 horizontal pairs of 1.
		t.is(total, 2 * (2 * 4 * 10 + 3 * 3 * 1));
	});
});

test.serial("the mean of a ramp is the sum of its slopes, whatever its size", async (t) => {
	await onEngines(() => {
		const total = tf.tidy(() => totalVariation(ramp(), { reduction: "mean" }).dataSync()[0]);
		t.is(total, 11);
	});
});

test.serial("a constant map has none, and none of its tensors stays", async (t) => {
	await onEngines(() => {
		const flat = tf.fill([1, 5, 5, 2], 0.3) as tf.Tensor4D;
		const before = tf.memory().numTensors;
		const total = totalVariation(flat, { reduction: "sum" });
		t.is(total.dataSync()[0], 0);
		total.dispose();
		t.is(tf.memory().numTensors, before);
		flat.dispose();
	});
});
