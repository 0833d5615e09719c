import * as tf from "@tensorflow/tfjs";
import type { Slot } from "./adam.ts";

/** Moments as two tensors, updated by plain ops: right on every engine. */
export function composedSlot(shape: readonly number[]): Slot {
	let first: tf.Tensor = tf.zeros([...shape]);
	let second: tf.Tensor = tf.zeros([...shape]);
	const replace = (newFirst: tf.Tensor, newSecond: tf.Tensor): void => {
		tf.dispose([first, second]);
		first = tf.keep(newFirst);
		second = tf.keep(newSecond);
	};
	return {
		update: (variable, gradient, { beta1, beta2, step, epsilon }) =>
			tf.tidy(() => {
				const newFirst = tf.add(first, tf.mul(tf.sub(gradient, first), 1 - beta1));
				const newSecond = tf.add(second, tf.mul(tf.sub(tf.square(gradient), second), 1 - beta2));
				const change = tf.div(tf.mul(newFirst, step), tf.add(tf.sqrt(newSecond), epsilon));
				variable.assign(tf.sub(variable, change));
				replace(newFirst, newSecond);
			}),
		read: () => ({
			first: Float32Array.from(first.dataSync()),
			second: Float32Array.from(second.dataSync()),
		}),
		write: (newFirst, newSecond) =>
			replace(tf.tensor(Float32Array.from(newFirst), [...shape]), tf.tensor(Float32Array.from(newSecond), [...shape])),
		dispose: () => tf.dispose([first, second]),
	};
}
