import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { leakyRelu } from "../../../engine/ops/leaky-relu.ts";
import { scoreHead } from "../../../engine/ops/score-head.ts";
import { Random } from "../../../engine/random.ts";
import { onEngines } from "../../helpers/engines.ts";

function inputs(): [tf.Tensor2D, tf.Tensor1D, tf.Tensor2D] {
	const random = Random.seed(1);
	return [
		tf.tensor2d(random.normals(4 * 6), [4, 6]),
		tf.tensor1d(random.normals(6)),
		tf.tensor2d(random.normals(6), [6, 1]),
	];
}

test.serial("its result and gradients are those of the plain layers", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const given = inputs();
			const cotangent = tf.tensor2d([[1], [-2], [0.5], [3]]);
			const plain = (hidden: tf.Tensor, bias: tf.Tensor, weight: tf.Tensor) =>
				tf.matMul(leakyRelu(tf.add(hidden, bias), 0.2), weight);
			const ours = (hidden: tf.Tensor, bias: tf.Tensor, weight: tf.Tensor) =>
				scoreHead(hidden as tf.Tensor2D, bias as tf.Tensor1D, weight as tf.Tensor2D, 0.2);
			const apart = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] as number;
			t.is(apart(plain(...given), ours(...given)), 0);
			const grads = (f: typeof plain) =>
				tf.grads((...x) => tf.sum(tf.mul(f(...(x as typeof given)), cotangent)))([...given]);
			const [expected, actual] = [grads(plain), grads(ours)];
			// Sums of at most six products of float32 numbers near one.
			for (const [index, each] of expected.entries()) t.true(apart(each, actual[index] as tf.Tensor) < 1e-6);
		});
	});
});

test.serial(
	"scores that move together leave the bias of a one-sided unit without gradient, to the last bit",
	async (t) => {
		await onEngines(() => {
			tf.tidy(() => {
				const [, , weight] = inputs();
				const hidden = tf.tensor2d(Random.seed(2).uniforms(4 * 6, 0.1, 1), [4, 6]);
				// Gradients that sum to zero, as those of a relativistic loss do, for each of two passes.
				const gradient = (signs: readonly number[]) => {
					const cotangent = tf.tensor2d(signs.map((sign) => [sign]));
					return tf.grad((b) => tf.sum(tf.mul(scoreHead(hidden, b as tf.Tensor1D, weight, 0.2), cotangent)))(
						tf.zeros([6]),
					);
				};
				const real = gradient([-0.1875, -0.21875, -0.15625, -0.1875]);
				const fake = gradient([0.203125, 0.171875, 0.1875, 0.1875]);
				t.is(tf.max(tf.abs(tf.add(real, fake))).dataSync()[0], 0);
			});
		});
	},
);
