import * as tf from "@tensorflow/tfjs";
import { type Coefficients, composedMoments, type MomentStore, type Update } from "./moments.ts";
import { Parameters } from "./parameters.ts";
import { tensorflowMoments } from "./tensorflow/adam-moments.ts";

export type EpsilonAt = "corrected" | "running";

export interface AdamOptions {
	/** Learning rate. */
	readonly rate: number;
	/** @default 0.9 */
	readonly beta1?: number;
	/** @default 0.999 */
	readonly beta2?: number;
	/** @default 1e-8 */
	readonly epsilon?: number;
	/**
	 * What epsilon is added to: √v̂, as in PyTorch, or √v before its correction, as in TensorFlow and Keras (ε̂ of the paper's
	 * section 2), where it weighs more while v is young. @default "corrected"
	 */
	readonly epsilonAt?: EpsilonAt;
	/**
	 * What the bias correction counts: a parameter's own steps, or every call, whichever parameters it moves, as one Keras
	 * optimiser given to several models does. @default "own"
	 */
	readonly counting?: "own" | "calls";
}

/** All that `restore` needs to go on exactly; names are those of the parameters, or their index. */
export interface AdamState {
	readonly rate: number;
	readonly moments: Readonly<Record<string, Moments>>;
}

export interface Moments {
	/** Steps this parameter has taken. */
	readonly steps: number;
	/** Running mean of the gradient, in the parameter's own layout. */
	readonly first: Float32Array;
	/** Running mean of the squared gradient. */
	readonly second: Float32Array;
}

interface Entry {
	readonly name: string;
	readonly variable: tf.Variable;
	steps: number;
}

/** A gradient per parameter in order, or by the variables' TensorFlow.js names (as `tf.variableGrads` gives). */
export type Gradients = readonly (tf.Tensor | undefined)[] | Readonly<Record<string, tf.Tensor>>;

/**
 * Adam (Kingma and Ba, 2015) exactly as PyTorch's: both moments bias-corrected, epsilon added to √v̂ (or as TensorFlow's). A parameter
 * without a gradient is left alone, its own step count too. Owns its moments, not the parameters.
 */
export class Adam implements Disposable {
	/** Learning rate of the next step. */
	rate: number;
	/** What is added to √v̂ in the next step. */
	epsilon: number;
	readonly #beta1: number;
	readonly #beta2: number;
	readonly #epsilonAt: EpsilonAt;
	readonly #counting: "own" | "calls";
	readonly #entries: readonly Entry[];
	readonly #moments: MomentStore;

	constructor(
		parameters: Parameters | readonly tf.Variable[],
		{ rate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, epsilonAt = "corrected", counting = "own" }: AdamOptions,
	) {
		this.rate = rate;
		this.#beta1 = beta1;
		this.#beta2 = beta2;
		this.epsilon = epsilon;
		this.#epsilonAt = epsilonAt;
		this.#counting = counting;
		const named =
			parameters instanceof Parameters
				? parameters.entries().filter(({ trainable }) => trainable)
				: parameters.map((variable, index) => ({ name: String(index), variable }));
		this.#entries = named.map(({ name, variable }) => ({ name, variable, steps: 0 }));
		const store = tf.getBackend() === "tensorflow" ? tensorflowMoments : composedMoments;
		this.#moments = store(this.variables);
	}

	/** The variables it trains, in order. */
	get variables(): tf.Variable[] {
		return this.#entries.map(({ variable }) => variable);
	}

	/** One step. Does not dispose the gradients. */
	apply(gradients: Gradients): void {
		if (Array.isArray(gradients) && gradients.length !== this.#entries.length) {
			throw new RangeError(`adam: must have ${this.#entries.length} gradients, got ${gradients.length}`);
		}
		const bySteps = new Map<number, Coefficients>();
		const updates: Update[] = [];
		for (const [index, entry] of this.#entries.entries()) {
			const gradient = Array.isArray(gradients)
				? (gradients[index] as tf.Tensor | undefined)
				: (gradients as Record<string, tf.Tensor>)[entry.variable.name];
			if (gradient === undefined) continue;
			if (String(gradient.shape) !== String(entry.variable.shape)) {
				throw new RangeError(
					`adam: gradient of ${entry.name} must have shape [${entry.variable.shape}], got [${gradient.shape}]`,
				);
			}
			const coefficients = bySteps.get(entry.steps + 1) ?? this.#coefficients(entry.steps + 1);
			bySteps.set(entry.steps + 1, coefficients);
			updates.push({ index, gradient, coefficients });
		}
		const counted =
			this.#counting === "calls" ? this.#entries : updates.map(({ index }) => this.#entries[index] as Entry);
		for (const entry of counted) entry.steps += 1;
		this.#moments.update(updates);
	}

	#coefficients(steps: number): Coefficients {
		// step · m / (√v + ε') with both corrections moved into step and ε' is PyTorch's rate · m̂ / (√v̂ + ε).
		const correction = Math.sqrt(1 - this.#beta2 ** steps);
		return {
			beta1: this.#beta1,
			beta2: this.#beta2,
			step: (this.rate * correction) / (1 - this.#beta1 ** steps),
			epsilon: this.#epsilonAt === "corrected" ? this.epsilon * correction : this.epsilon,
		};
	}

	/** Gradient of `loss` for its variables, one step; returns the loss. */
	minimize(loss: () => tf.Scalar): number {
		const { value, gradients: parts } = gradients(loss, this.variables);
		this.apply(parts);
		const number = value.dataSync()[0] as number;
		tf.dispose([value, ...parts.filter((part) => part !== undefined)]);
		return number;
	}

	/** Everything a checkpoint needs. */
	state(): AdamState {
		return {
			rate: this.rate,
			moments: Object.fromEntries(
				this.#entries.map(({ name, steps }, index) => [name, { steps, ...this.#moments.read(index) }]),
			),
		};
	}

	/** Goes on from `state`, bit for bit. Throws where names or sizes differ. */
	restore({ rate, moments }: AdamState): void {
		for (const { name, variable } of this.#entries) {
			const size = moments[name]?.first.length;
			if (size !== variable.size || moments[name]?.second.length !== variable.size) {
				throw new RangeError(`adam: state of ${name} must have ${variable.size} values, got ${size ?? "none"}`);
			}
		}
		if (Object.keys(moments).length !== this.#entries.length) {
			throw new RangeError(
				`adam: state must have ${this.#entries.length} parameters, got ${Object.keys(moments).length}`,
			);
		}
		this.rate = rate;
		for (const [index, entry] of this.#entries.entries()) {
			const { steps, first, second } = moments[entry.name] as Moments;
			entry.steps = steps;
			this.#moments.write(index, first, second);
		}
	}

	/** Forgets all moments and steps: the state of a new optimiser. */
	reset(): void {
		for (const [index, entry] of this.#entries.entries()) {
			const zeros = new Float32Array(entry.variable.size);
			entry.steps = 0;
			this.#moments.write(index, zeros, zeros);
		}
	}

	[Symbol.dispose](): void {
		this.#moments.dispose();
	}
}

/**
 * Value of `loss` and its gradients for `variables`, in order; undefined for a variable the loss does not depend on.
 * Disposes everything else made inside `loss`; the caller disposes what is returned. Numbers to log can be read inside
 * (`term.dataSync()[0]`). May be nested for penalties on gradients: see `inputGradient`.
 */
export function gradients(
	loss: () => tf.Scalar,
	variables: readonly tf.Variable[],
): { value: tf.Scalar; gradients: (tf.Tensor | undefined)[] } {
	const { value, grads } = tf.engine().gradients(loss, [...variables], undefined, true);
	return { value: value as tf.Scalar, gradients: grads.map((gradient) => gradient ?? undefined) };
}

/**
 * Gradient of Σ f(x) for x, itself differentiable when called inside a loss: what WGAN-GP's penalty takes the norm of.
 */
export function inputGradient<T extends tf.Tensor>(f: (x: T) => tf.Tensor, x: T): T {
	return tf.grad(f as (x: tf.Tensor) => tf.Tensor)(x) as T;
}
