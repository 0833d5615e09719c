import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { withoutGradient } from "../../../engine/ops/without-gradient.ts";
import { onEngines } from "../../helpers/engines.ts";

test.serial("what is made inside is a constant, what is made around it is not", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const x = tf.tensor1d([1, 2, 3]);
			const slope = tf.grad((x) =>
				tf.sum(
					tf.mul(
						x,
						withoutGradient(() => tf.square(x)),
					),
				),
			)(x);
			t.deepEqual([...slope.dataSync()], [1, 4, 9]);
		});
	});
});

test.serial("an error inside leaves later ops recorded", async (t) => {
	await onEngines(() => {
		t.throws(() =>
			withoutGradient(() => {
				throw new Error("inside");
			}),
		);
		tf.tidy(() => {
			const slope = tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, 2]));
			t.deepEqual([...slope.dataSync()], [2, 4]);
		});
	});
});
