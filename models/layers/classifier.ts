/** Training of classifiers of whole pictures: cross entropy, Adam. */
import * as tf from "@tensorflow/tfjs";
import { Adam } from "../../engine/adam.ts";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { classEntropy } from "../losses/labels.ts";
import { type Draws, drawn, type Gan, type LabelledBatch } from "../paper.ts";
import { evaluation, type Pass, training } from "./layer.ts";
import { Ledger } from "./ledger.ts";
import { minimize } from "./minimize.ts";

export interface ClassifierOptions {
	/** Adam's rate. @default 1e-4 */
	readonly rate?: number;
	/** @default [0.9, 0.999] */
	readonly betas?: readonly [number, number];
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

/** Pictures [N, H, W, channels] → logits [N, classes]. `drops` are the uniform numbers behind each dropout in training. */
export type Logits = (images: tf.Tensor4D, pass: Pass, drops?: Drops) => tf.Tensor2D;

/** The numbers of one dropout, by its index. */
export type Drops = (index: number) => ArrayLike<number>;

/** Batches: `labels` [N, 1] holds the number of each picture's class. */
export interface Classifier extends Gan<LabelledBatch> {
	/** Pictures in [-1, 1] → logits [N, classes], in evaluation mode; the caller disposes. */
	predict(images: tf.Tensor4D): tf.Tensor2D;
}

export interface ClassifierNetwork {
	readonly id: string;
	readonly network: (parameters: Parameters) => Logits;
	/** Widths of what dropouts act on. @default none */
	readonly dropouts?: readonly number[];
}

/** Builds a classifier; `step` trains it on one batch and logs `C/loss_cls`. */
export function classifier({ id, network, dropouts = [] }: ClassifierNetwork, options: ClassifierOptions): Classifier {
	const { rate = 1e-4, betas: [beta1, beta2] = [0.9, 0.999], seed = 0 } = options;
	const parameters = new Parameters(Random.seed(seed).split("C"));
	const logits = network(parameters);
	const networks = { C: parameters };
	const optimizer = new Adam(parameters, { rate, beta1, beta2 });
	return {
		id,
		networks,
		optimizers: { C: optimizer },
		draw: (random, { images }) =>
			Object.fromEntries(dropouts.map((width, index) => [dropName(index), random.uniforms(images.shape[0] * width)])),
		step({ images, labels }, draws: Draws, _iteration, watch) {
			using ledger = new Ledger();
			const drops: Drops = (index) => drawn(draws, dropName(index));
			const loss = () => {
				const classes = tf.reshape(labels, [-1]) as tf.Tensor1D;
				return ledger.record("C/loss_cls", classEntropy(logits(images, training, drops), classes));
			};
			minimize(optimizer, networks, loss, watch);
			return ledger.read();
		},
		predict: (images) => tf.tidy(() => logits(images, evaluation)),
		attention: () => ({}),
		setRate(fraction) {
			optimizer.rate = rate * fraction;
		},
		[Symbol.dispose]() {
			optimizer[Symbol.dispose]();
			parameters[Symbol.dispose]();
		},
	};
}

const dropName = (index: number) => `dropout_${index}`;

/** Each value to zero with probability one half, by the `index`-th dropout's numbers, and doubled otherwise; the same in evaluation. */
export function dropout(x: tf.Tensor2D, index: number, pass: Pass, drops?: Drops): tf.Tensor2D {
	if (!pass.training) return x;
	const numbers = drops?.(index);
	if (numbers?.length !== x.size) {
		throw new RangeError(`dropout: draws must hold ${x.size} numbers, got ${numbers?.length ?? "none"}`);
	}
	return tf.tidy(() => {
		const kept = Float32Array.from(numbers, (value) => (value < 0.5 ? 0 : 2));
		return tf.mul(x, tf.tensor2d(kept, x.shape));
	});
}
