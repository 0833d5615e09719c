import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { onEngines } from "../helpers/engines.ts";

const at = 0.7;
const sigmoid = 1 / (1 + Math.exp(-at));

/** Second derivative at 0.7, by hand. */
const rows: readonly (readonly [string, (x: tf.Tensor) => tf.Tensor, number])[] = [
	["exp", (x) => tf.exp(x), Math.exp(at)],
	["sigmoid", (x) => tf.sigmoid(x), sigmoid * (1 - sigmoid) * (1 - 2 * sigmoid)],
	["tanh", (x) => tf.tanh(x), -2 * Math.tanh(at) * (1 - Math.tanh(at) ** 2)],
	[
		"softmax",
		(x) => tf.softmax(tf.concat([x, tf.zerosLike(x)])).slice(0, 1),
		sigmoid * (1 - sigmoid) * (1 - 2 * sigmoid),
	],
	["pow", (x) => tf.pow(x, 3), 6 * at],
	["two to the power", (x) => tf.pow(tf.scalar(2), x), Math.LN2 ** 2 * 2 ** at],
	["square of max", (x) => tf.square(tf.max(tf.concat([x, tf.zerosLike(x)]))), 2],
	["square of min", (x) => tf.square(tf.min(tf.concat([x, tf.onesLike(x)]))), 2],
	["square of leakyRelu", (x) => tf.square(tf.leakyRelu(tf.neg(x), 0.1)), 2 * 0.1 ** 2],
	["sqrt", (x) => tf.sqrt(x), -0.25 * at ** -1.5],
	["rsqrt", (x) => tf.rsqrt(x), 0.75 * at ** -2.5],
	["softplus", (x) => tf.softplus(x), sigmoid * (1 - sigmoid)],
];

for (const [name, f, expected] of rows) {
	test.serial(`the second derivative of ${name} is right`, (t) =>
		onEngines((engine) =>
			tf.tidy(() => {
				const second = tf.grad((x) => tf.grad(f)(x))(tf.tensor1d([at]));
				const [value] = second.dataSync();
				// A handful of float32 operations.
				t.true(Math.abs((value as number) - expected) < 1e-5, `${value} against ${expected} on ${engine}`);
			}),
		),
	);
}
