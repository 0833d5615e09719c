import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Parameters } from "../../../engine/parameters.ts";
import { Random } from "../../../engine/random.ts";
import { evaluation } from "../../../models/layers/layer.ts";
import { squeezeExcitation } from "../../../models/layers/squeeze-excitation.ts";
import { onEngines } from "../../helpers/engines.ts";
import { largest } from "../../helpers/training.ts";

test.serial("scales each channel by its gate, which its mean alone decides", async (t) => {
	await onEngines(() => {
		using parameters = new Parameters(Random.seed(1));
		const layer = squeezeExcitation(2, { reduction: 1 })(parameters);
		const write = (name: string, shape: number[], ...data: number[]) =>
			parameters.write(name, { shape, data: Float32Array.from(data) });
		// fc1 keeps the means, fc2 exchanges them.
		write("fc1.weight", [2, 2], 1, 0, 0, 1);
		write("fc1.bias", [2], 0, 0);
		write("fc2.weight", [2, 2], 0, 1, 1, 0);
		write("fc2.bias", [2], 0, 0);
		tf.tidy(() => {
			// Means 2 and −1; the ReLU makes the second 0.
			const x = tf.tensor4d([1, -1, 3, -1], [1, 1, 2, 2]);
			const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
			const expected = tf.tensor4d([sigmoid(0), -sigmoid(2), 3 * sigmoid(0), -sigmoid(2)], [1, 1, 2, 2]);
			t.true(largest(tf.sub(layer(x, evaluation), expected)) < 1e-6);
		});
	});
});
