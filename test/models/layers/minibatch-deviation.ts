import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { minibatchDeviation } from "../../../models/layers/minibatch-deviation.ts";
import { onEngines } from "../../helpers/engines.ts";

const added = (x: tf.Tensor4D, group: number) =>
	tf.tidy(() => {
		const y = minibatchDeviation(x, group);
		return [...tf.slice(y, [0, 0, 0, x.shape[3]], [-1, 1, 1, 1]).dataSync()];
	});

test.serial("equal pictures have no deviation but the root's 1e-4", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const one = tf.randomNormal([1, 3, 3, 2], 0, 1, "float32", 1);
			const values = added(tf.tile(one, [4, 1, 1, 1]) as tf.Tensor4D, 4);
			// √1e-8, and what float32 leaves of a mean of equal numbers.
			for (const value of values) t.true(Math.abs(value - 1e-4) < 1e-6, `${value}`);
		});
	});
});

test.serial("the deviation of ±a is a, and picture m belongs with m + N/g", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const x = tf.mul(tf.ones([4, 2, 2, 3]), tf.tensor4d([3, 5, -3, -5], [4, 1, 1, 1])) as tf.Tensor4D;
			// Two groups of two: {3, −3} and {5, −5}.
			const values = added(x, 2);
			const expected = [3, 5, 3, 5];
			for (const [index, value] of values.entries()) {
				t.true(Math.abs(value - (expected[index] as number)) < 1e-6, `${value}`);
			}
			t.deepEqual(minibatchDeviation(x, 2).shape, [4, 2, 2, 4]);
		});
	});
});

test("a batch that groups do not divide is refused", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			t.throws(() => minibatchDeviation(tf.zeros([6, 2, 2, 1]), 4), {
				message: "minibatch deviation: batch must be a multiple of 4, got 6",
			});
		});
	});
});
