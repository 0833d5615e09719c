/** Runs goldens of training: iterations from stored weights on stored batches and draws. */
import * as tf from "@tensorflow/tfjs";
import { type TorchArray, tensorToTorch } from "../../engine/parameters.ts";
import type { Draws, Gan } from "../../models/paper.ts";
import type { Results } from "./compare.ts";
import { type Golden, loadWeights, stored, storedUnder, toTensor, toTorch, UnsupportedError } from "./golden.ts";

export interface TrainingCase<Batch> {
	readonly gan: Gan<Batch>;
	/** The batch of one iteration; disposed after it. */
	readonly batch: (iteration: number) => Batch;
	readonly draws: (iteration: number) => Draws;
	/**
	 * Names of an iteration's optimiser steps in order, where the file keeps the gradients of each apart
	 * (`grad/0/D_step/…`): a network may be in two of them. @default they are kept by network
	 */
	readonly steps?: readonly string[];
}

/** Loads `before/`, trains `config.iterations` iterations, and gives losses, first gradients, outputs and `after/`. */
export function runTraining<Batch>(golden: Golden, { gan, batch, draws, steps = [] }: TrainingCase<Batch>): Results {
	using system = gan;
	const epsilon = epsilonOf(golden);
	for (const optimizer of Object.values(system.optimizers)) optimizer.epsilon = epsilon;
	const results = new Map<string, TorchArray>();
	const before = storedUnder(golden, "before/");
	for (const [network, parameters] of Object.entries(system.networks)) {
		const own = [...before].filter(([name]) => name.startsWith(`${network}.`));
		loadWeights(parameters, new Map(own.map(([name, array]) => [name.slice(network.length + 1), array])));
	}
	for (let iteration = 0; iteration < golden.config.count("iterations"); iteration += 1) {
		const given = batch(iteration);
		let optimized = 0;
		const losses = system.step(given, draws(iteration), iteration, {
			gradients: (gradients) => {
				if (iteration > 0) return;
				const step = steps[optimized];
				optimized += 1;
				for (const { network, parameter, value } of gradients) {
					const place = step === undefined ? network : `${step}/${network}`;
					results.set(`grad/0/${place}.${parameter.name}`, tensorToTorch(value, parameter.layout));
				}
			},
			output: (name, value) => results.set(`output/${iteration}/${name}`, toTorch(value)),
		});
		tf.dispose(given as tf.TensorContainer);
		for (const [name, value] of Object.entries(losses)) {
			results.set(`loss/${iteration}/${name}`, { shape: [1], data: Float32Array.of(value) });
		}
	}
	for (const [network, parameters] of Object.entries(system.networks)) {
		for (const { name } of parameters.entries()) results.set(`after/${network}.${name}`, parameters.read(name));
	}
	return results;
}

/** Epsilon of Adam, which no system has as an option: the authors' codes leave all but rate and betas at PyTorch's defaults. */
function epsilonOf({ config }: Golden): number {
	config.choice("optimizer", ["Adam"], "Adam");
	const decay = config.number("weight_decay", 0);
	if (decay !== 0) throw new UnsupportedError(`config.weight_decay must be 0, got ${decay}`);
	return config.number("eps", 1e-8);
}

/** The stored input of one iteration as a tensor. */
export function inputOf<T extends tf.Tensor>(golden: Golden, name: string, iteration: number): T {
	return toTensor(stored(golden, `input/${name}/${iteration}`)) as T;
}

/** The stored numbers of one iteration. */
export function drawOf(golden: Golden, name: string, iteration: number): Float32Array {
	return stored(golden, `input/${name}/${iteration}`).data;
}

/** Draws that two pools of `size` have taken before iteration `iteration`: one for each picture shown to a full pool. */
export function drawsUsed({ config }: Golden, iteration: number, size: number): number {
	return size === 0 ? 0 : 2 * Math.max(0, iteration * config.count("batch") - size);
}

/** What is left of a row of draws that serves all iterations. */
export function restOfDraws(golden: Golden, name: string, iteration: number, size: number): Float32Array {
	return stored(golden, `input/${name}`).data.subarray(drawsUsed(golden, iteration, size));
}
