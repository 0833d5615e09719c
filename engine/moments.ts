import * as tf from "@tensorflow/tfjs";

/** Numbers of one Adam step: variable ← variable − step · first / (√second + epsilon). */
export interface Coefficients {
	readonly beta1: number;
	readonly beta2: number;
	readonly step: number;
	readonly epsilon: number;
}

/** One variable's part of a step. */
export interface Update {
	/** Place of the variable among those of the store. */
	readonly index: number;
	readonly gradient: tf.Tensor;
	/** The same object where the numbers are the same. */
	readonly coefficients: Coefficients;
}

/** The first and second moments of a list of variables, kept as an engine likes best. */
export interface MomentStore {
	/** Moves moments and variables: m ← m + (g − m)(1 − β₁), v ← v + (g² − v)(1 − β₂), then the variable. */
	update(updates: readonly Update[]): void;
	read(index: number): { readonly first: Float32Array; readonly second: Float32Array };
	write(index: number, first: Float32Array, second: Float32Array): void;
	dispose(): void;
}

/** Moments as tensors, updated by plain ops: right on every engine. */
export function composedMoments(variables: readonly tf.Variable[]): MomentStore {
	const moments = variables.map(({ shape }) => ({ first: zeros(shape), second: zeros(shape) }));
	const at = (index: number) => moments[index] as { first: tf.Tensor; second: tf.Tensor };
	const replace = (index: number, first: tf.Tensor, second: tf.Tensor): void => {
		tf.dispose(at(index));
		moments[index] = { first: tf.keep(first), second: tf.keep(second) };
	};
	return {
		update: (updates) => {
			for (const { index, gradient, coefficients } of updates) {
				const { beta1, beta2, step, epsilon } = coefficients;
				const variable = variables[index] as tf.Variable;
				const { first, second } = at(index);
				tf.tidy(() => {
					const newFirst = tf.add(first, tf.mul(tf.sub(gradient, first), 1 - beta1));
					const newSecond = tf.add(second, tf.mul(tf.sub(tf.square(gradient), second), 1 - beta2));
					const change = tf.div(tf.mul(newFirst, step), tf.add(tf.sqrt(newSecond), epsilon));
					variable.assign(tf.sub(variable, change));
					replace(index, newFirst, newSecond);
				});
			}
		},
		read: (index) => ({
			first: Float32Array.from(at(index).first.dataSync()),
			second: Float32Array.from(at(index).second.dataSync()),
		}),
		write: (index, first, second) => {
			const { shape } = variables[index] as tf.Variable;
			replace(index, tf.tensor(first.slice(), shape), tf.tensor(second.slice(), shape));
		},
		dispose: () => tf.dispose(moments),
	};
}

/** Kept even inside a tidy: an optimiser outlives the step that makes it. */
function zeros(shape: readonly number[]): tf.Tensor {
	return tf.keep(tf.zeros([...shape]));
}
