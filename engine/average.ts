import * as tf from "@tensorflow/tfjs";
import type { Parameters } from "./parameters.ts";

/**
 * Exponential moving average of a network's trainable parameters, for evaluation: after update t (from 1),
 * a ← β a + (1 - β) θ with β = min(decay, t / (t + 9)), so that the start does not linger.
 */
export class MovingAverage implements Disposable {
	readonly parameters: Parameters;
	readonly decay: number;
	#updates = 0;
	readonly #values: Map<string, tf.Tensor>;

	constructor(parameters: Parameters, { decay = 0.999 }: { readonly decay?: number } = {}) {
		this.parameters = parameters;
		this.decay = decay;
		this.#values = new Map(trainable(parameters).map(({ name, variable }) => [name, variable.clone()]));
	}

	/** Takes the parameters' present values in. */
	update(): void {
		this.#updates += 1;
		const decay = Math.min(this.decay, this.#updates / (this.#updates + 9));
		for (const { name, variable } of trainable(this.parameters)) {
			const old = this.#values.get(name) as tf.Tensor;
			const next = tf.tidy(() => tf.add(tf.mul(old, decay), tf.mul(variable, 1 - decay)));
			old.dispose();
			this.#values.set(name, next);
		}
	}

	/** Exchanges averages and parameters: call once to evaluate, again to train on. */
	swap(): void {
		for (const { name, variable } of trainable(this.parameters)) {
			const average = this.#values.get(name) as tf.Tensor;
			this.#values.set(
				name,
				tf.tidy(() => tf.mul(variable, 1)),
			);
			variable.assign(average);
			average.dispose();
		}
	}

	/** Averages by parameter name, and the number of updates; `restore` takes the same. */
	state(): { updates: number; values: Record<string, Float32Array> } {
		const values = [...this.#values].map(([name, value]) => [name, Float32Array.from(value.dataSync())] as const);
		return { updates: this.#updates, values: Object.fromEntries(values) };
	}

	restore(state: { readonly updates: number; readonly values: Readonly<Record<string, Float32Array>> }): void {
		for (const [name, old] of this.#values) {
			const values = state.values[name];
			if (values === undefined) throw new Error(`average: state must hold ${name}, got none`);
			this.#values.set(name, tf.tensor(values, old.shape));
			old.dispose();
		}
		this.#updates = state.updates;
	}

	[Symbol.dispose](): void {
		for (const value of this.#values.values()) value.dispose();
		this.#values.clear();
	}
}

/**
 * Moves the parameters `average`, of the same names, towards `source`: a ← decay·a + (1 − decay)·θ. For averages that are
 * networks of their own, kept in checkpoints as such.
 */
export function moveAverage(average: Parameters, source: Parameters, decay: number): void {
	for (const { name, variable } of trainable(source)) {
		const target = average.get(name)?.variable;
		if (target === undefined) throw new Error(`average: must hold a parameter ${name}, got none`);
		tf.tidy(() => target.assign(tf.add(tf.mul(target, decay), tf.mul(variable, 1 - decay))));
	}
}

function trainable(parameters: Parameters) {
	return parameters.entries().filter((entry) => entry.trainable);
}
