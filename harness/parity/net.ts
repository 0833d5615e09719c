/** Runs goldens of single networks: one pass, its losses, every gradient, the buffers afterwards. */
import * as tf from "@tensorflow/tfjs";
import { Parameters, type TorchArray, tensorToTorch } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { evaluation, type Pass, training } from "../../models/layers/layer.ts";
import type { Results } from "./compare.ts";
import { type Golden, loadWeights, storedUnder, toTensor, toTorch } from "./golden.ts";

export type Tensors = Readonly<Record<string, tf.Tensor>>;

/** From the tensors under `input/` to those under `output/`. */
export type Forward = (inputs: Tensors, pass: Pass) => Tensors;

/** A loss of a network, whose outputs it may ask for. */
export type NetLoss = (inputs: Tensors, forward: (inputs: Tensors) => Tensors) => tf.Scalar;

export interface NetOptions {
	/** Losses by the name they have in the file. @default `total`: Σ over outputs of mean(output · cotangent) */
	readonly losses?: Readonly<Record<string, NetLoss>>;
	/** @default in training */
	readonly pass?: Pass;
}

/** Builds the network, loads `weight/`, and gives every result that such a file can hold. */
export function runNet(golden: Golden, build: (parameters: Parameters) => Forward, options: NetOptions = {}): Results {
	const { losses = { total: cotangentLoss }, pass = training } = options;
	using parameters = new Parameters(Random.seed(0));
	const forward = build(parameters);
	loadWeights(parameters, storedUnder(golden, "weight/"));
	const results = new Map<string, TorchArray>();
	tf.tidy(() => {
		const inputs = Object.fromEntries(
			[...storedUnder(golden, "input/")].map(([name, array]) => [name, toTensor(array)]),
		);
		const weights = parameters.entries().map(({ name }) => [name, parameters.read(name)] as const);
		if ([...golden.tensors.keys()].some((name) => /^output\/.*_evalmode$/.test(name))) {
			put(results, forward(inputs, evaluation), "_evalmode");
		}
		put(results, forward(inputs, pass));
		for (const { name, trainable } of parameters.entries()) {
			if (!trainable) results.set(`after/${name}`, parameters.read(name));
		}
		for (const [name, loss] of Object.entries(losses)) {
			// Each loss starts from the stored buffers, which every pass in training moves.
			for (const [key, array] of weights) parameters.write(key, array);
			differentiate(results, golden, parameters, inputs, name, (given) => loss(given, (x) => forward(x, pass)));
		}
	});
	return results;
}

/** Adds one loss with its gradients for parameters and inputs. */
export function differentiate(
	results: Map<string, TorchArray>,
	golden: Golden,
	parameters: Parameters,
	inputs: Tensors,
	name: string,
	loss: (inputs: Tensors) => tf.Scalar,
): void {
	const part = golden.tensors.has("loss/total") ? "" : `${name}/`;
	const names = Object.keys(inputs).filter((input) => golden.tensors.has(`grad_input/${part}${input}`));
	const entries = parameters.entries().filter(({ trainable }) => trainable);
	// Inputs become variables for the time of one differentiation, so that one pass gives all gradients.
	const points = Object.fromEntries(names.map((input) => [input, tf.variable(inputs[input] as tf.Tensor)]));
	const variables = [...entries.map(({ variable }) => variable), ...Object.values(points)];
	const { value, grads } = tf.variableGrads(() => loss({ ...inputs, ...points }), variables);
	results.set(`loss/${name}`, toTorch(value));
	for (const { name: key, variable, layout } of entries) {
		results.set(`grad/${part}${key}`, tensorToTorch(grads[variable.name] ?? tf.zerosLike(variable), layout));
	}
	for (const [input, point] of Object.entries(points)) {
		results.set(`grad_input/${part}${input}`, toTorch(grads[point.name] ?? tf.zerosLike(point)));
		point.dispose();
	}
}

/** Σ over outputs of mean(output · cotangent). */
export function cotangentLoss(inputs: Tensors, forward: (inputs: Tensors) => Tensors): tf.Scalar {
	const terms = Object.entries(forward(inputs)).flatMap(([name, output]) => {
		const cotangent = inputs[`cotangent_${name}`];
		return cotangent === undefined ? [] : [tf.mean(tf.mul(output, cotangent))];
	});
	return tf.addN(terms) as tf.Scalar;
}

function put(results: Map<string, TorchArray>, tensors: Tensors, suffix = ""): void {
	for (const [name, tensor] of Object.entries(tensors)) results.set(`output/${name}${suffix}`, toTorch(tensor));
}
