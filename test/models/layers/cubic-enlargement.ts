import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../../engine/random.ts";
import { matlabResize } from "../../../metrics/resize/matlab.ts";
import { opencvResize } from "../../../metrics/resize/opencv.ts";
import { enlargeCubic } from "../../../models/layers/cubic-enlargement.ts";
import { onEngines } from "../../helpers/engines.ts";

test.serial("equals OpenCV's cubic resize, which the metrics' goldens prove", async (t) => {
	await onEngines(() => {
		for (const [height, width, scale] of [
			[5, 7, 8],
			[4, 4, 4],
			[3, 2, 16],
		] as const) {
			const data = Random.seed(scale).uniforms(2 * height * width * 3, -1, 1);
			const ours = tf.tidy(() => enlargeCubic(tf.tensor4d(data, [2, height, width, 3]), scale).dataSync());
			for (const index of [0, 1]) {
				const one = data.slice(index * height * width * 3, (index + 1) * height * width * 3);
				const theirs = opencvResize({ data: one, height, width, channels: 3 }, height * scale, width * scale, {
					interpolation: "cubic",
				}).data;
				const apart = Math.max(
					...Array.from(theirs, (value, at) => Math.abs(value - (ours[index * theirs.length + at] as number))),
				);
				// Four float32 products against float64 ones.
				t.true(apart < 2e-6, `${apart}`);
			}
		}
	});
});

test.serial("with MATLAB's kernel and edges equals its imresize, which the metrics' goldens prove", async (t) => {
	await onEngines(() => {
		for (const [height, width, scale] of [
			[5, 7, 8],
			[1, 2, 3],
			[3, 2, 16],
		] as const) {
			const data = Random.seed(scale).uniforms(height * width * 3, -1, 1);
			const theirs = matlabResize({ data: Float64Array.from(data), height, width, channels: 3 }, scale).data;
			const ours = tf.tidy(() =>
				enlargeCubic(tf.tensor4d(data, [1, height, width, 3]), scale, { a: -0.5, edges: "mirror" }).dataSync(),
			);
			const apart = Math.max(...Array.from(theirs, (value, at) => Math.abs(value - (ours[at] as number))));
			// Four float32 products against float64 ones.
			t.true(apart < 2e-6, `${apart}`);
		}
	});
});
