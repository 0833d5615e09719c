import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { type ConvTransposeOptions, convTranspose2d } from "../../../engine/ops/conv-transpose.ts";
import { conv2d } from "../../../engine/ops/conv2d.ts";
import { Random } from "../../../engine/random.ts";
import { onEngines } from "../../helpers/engines.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("convTranspose2d", ({ x, filter, bias }, options: ConvTransposeOptions) =>
	convTranspose2d(x as tf.Tensor4D, filter as tf.Tensor4D, { ...options, bias: bias as tf.Tensor1D | undefined }),
);

test.serial("with same padding it is the transpose of a convolution with same padding", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const random = Random.seed(1);
			const values = (...shape: [number, number, number, number]) =>
				tf.tensor4d(random.normals(shape.reduce((product, side) => product * side, 1)), shape);
			for (const [kernel, stride] of [
				[3, 2],
				[4, 2],
				[3, 1],
				[5, 3],
			] as const) {
				const [x, y] = [values(2, 3, 4, 2), values(2, 3 * stride, 4 * stride, 3)];
				const filter = values(kernel, kernel, 3, 2);
				const up = convTranspose2d(x, filter, { stride, pad: "same" });
				t.deepEqual(up.shape, y.shape);
				const there = tf.sum(tf.mul(up, y)).dataSync()[0] as number;
				const back = tf.sum(tf.mul(conv2d(y, filter, { stride, pad: "same" }), x)).dataSync()[0] as number;
				// Sums of some hundred products in float32.
				t.true(Math.abs(there - back) < 1e-3, `${there} and ${back}`);
			}
		});
	});
});
