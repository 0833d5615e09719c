import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { channelSums } from "../../../engine/ops/channel-sums.ts";
import { onEngines } from "../../helpers/engines.ts";

test.serial("sums over all axes but the last are exact for whole numbers, in any shape", (t) =>
	onEngines((engine) => {
		tf.tidy(() => {
			for (const shape of [[4], [3, 5], [2, 37, 41, 7], [1, 1, 1, 33]]) {
				const channels = shape.at(-1) as number;
				const rows = shape.reduce((product, length) => product * length, 1) / channels;
				const values = Float32Array.from({ length: rows * channels }, (_, index) => (index % 17) - 8);
				const expected = Array.from({ length: channels }, (_, channel) =>
					values.reduce((sum, value, index) => (index % channels === channel ? sum + value : sum), 0),
				);
				const sums = channelSums(tf.tensor(values, shape));
				t.deepEqual([...sums.dataSync()], expected, `[${shape}] on ${engine}`);
			}
		});
	}),
);

test.serial("their gradient is the same for every pixel, and has a gradient", (t) =>
	onEngines((engine) => {
		tf.tidy(() => {
			const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 2, 2]);
			const slope = (at: tf.Tensor) => tf.grad((from) => tf.sum(tf.square(channelSums(from))))(at);
			// Of Σ s², with sums s = [16, 20]: 2s for each value, and 2 · 4 for each of those.
			t.deepEqual([...slope(x).dataSync()], [32, 40, 32, 40, 32, 40, 32, 40], engine);
			t.deepEqual(
				[
					...tf
						.grad((at) => tf.sum(slope(at)))(x)
						.dataSync(),
				],
				new Array(8).fill(8),
				engine,
			);
		});
	}),
);
