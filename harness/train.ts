/**
 * The training loop: a generator of progress events over any system of models/.
 */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../engine/random.ts";
import type { Gan, Losses } from "../models/paper.ts";

/** A system that can learn to reproduce its input before the adversarial game begins. */
export interface WarmUp<Batch> {
	warmUp(batch: Batch): Losses;
}

export interface TrainOptions<Batch> {
	/** Endless stream of batches that continues at batch `start`; the loop disposes each batch. */
	readonly data: AsyncIterable<Batch>;
	/** Iterations in all, the warm-up's included. */
	readonly steps: number;
	/** Decides the noise, label orders and penalty draws of every step. */
	readonly seed: number;
	/** Iterations already done. @default 0 */
	readonly start?: number;
	/** The first `steps` iterations train the generator to reproduce its input (see `WarmUp`). @default none */
	readonly warmUp?: { readonly steps: number };
	/** Fraction of the base rate at an iteration. @default 1 */
	readonly rate?: (iteration: number) => number;
	readonly signal?: AbortSignal;
}

export interface Progress {
	readonly kind: "warm-up" | "adversarial";
	/** Iterations done, from 1. */
	readonly step: number;
	readonly steps: number;
	readonly losses: Losses;
	/** Seconds this iteration took, waiting for data included. */
	readonly seconds: number;
}

/**
 * Trains `gan`, yielding after every iteration. Ending the loop early (break, or the signal) leaves the system at a whole
 * iteration. Throws when a loss is no longer finite, naming it and the iteration.
 */
export async function* train<Batch extends object>(
	gan: Gan<Batch> & Partial<WarmUp<Batch>>,
	{ data, steps, seed, start = 0, warmUp, rate = () => 1, signal }: TrainOptions<Batch>,
): AsyncGenerator<Progress, void, void> {
	const random = Random.seed(seed).split("train");
	const warmUpSteps = warmUp?.steps ?? 0;
	if (warmUpSteps > 0 && gan.warmUp === undefined) {
		throw new TypeError(`train: ${gan.id} must have a warm-up to take ${warmUpSteps} steps of it, got none`);
	}
	let iteration = start;
	let before = performance.now();
	if (iteration >= steps) return;
	for await (const batch of data) {
		signal?.throwIfAborted();
		let losses: Losses;
		const isWarmUp = iteration < warmUpSteps;
		try {
			gan.setRate(rate(iteration));
			if (isWarmUp) {
				losses = (gan as WarmUp<Batch>).warmUp(batch);
			} else {
				const adversarial = iteration - warmUpSteps;
				losses = gan.step(batch, gan.draw(random.split(iteration), batch, adversarial), adversarial);
			}
		} finally {
			tf.dispose(batch as unknown as tf.TensorContainer);
		}
		for (const [name, value] of Object.entries(losses)) {
			if (!Number.isFinite(value)) {
				throw new RangeError(
					`train: ${gan.id}'s ${name} must stay finite, got ${value} at iteration ${iteration}; lower the learning rate`,
				);
			}
		}
		iteration += 1;
		const now = performance.now();
		yield {
			kind: isWarmUp ? "warm-up" : "adversarial",
			step: iteration,
			steps,
			losses,
			seconds: (now - before) / 1000,
		};
		before = performance.now();
		if (iteration >= steps) return;
	}
	throw new RangeError(`train: data must last for ${steps} iterations, got ${iteration}`);
}

/** Constant rate, then linear to zero over the last `share` of the iterations. */
export function linearDecay(steps: number, share: number, start = 0): (iteration: number) => number {
	const decayFrom = start + (steps - start) * (1 - share);
	return (iteration) => (iteration < decayFrom ? 1 : (steps - iteration) / (steps - decayFrom));
}
