import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { detach } from "../../../engine/ops/detach.ts";
import { onEngines } from "../../helpers/engines.ts";

test.serial("gives the same values and stops the gradient", (t) =>
	onEngines(() =>
		tf.tidy(() => {
			const x = tf.tensor1d([2, 3]);
			t.deepEqual([...detach(x).dataSync()], [2, 3]);
			// d(x · [x])/dx is [x] where the brackets are constant, 2x where they are not.
			t.deepEqual(
				[
					...tf
						.grad((at: tf.Tensor) => tf.mul(at, detach(tf.mul(at, 1))))(x)
						.dataSync(),
				],
				[2, 3],
			);
		}),
	),
);
