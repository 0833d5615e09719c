import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Adam, type AdamOptions, gradients, inputGradient } from "../../engine/adam.ts";
import { startEngine } from "../../engine/engine.ts";
import { normalInit, Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { enginesHere, onEngines } from "../helpers/engines.ts";
import { load, near } from "../helpers/ops.ts";

const torchRuns: Readonly<Record<string, AdamOptions>> = {
	default: { rate: 1e-2 },
	gan: { rate: 2e-3, beta1: 0.5, beta2: 0.999 },
	epsilon: { rate: 1e-1, beta1: 0, beta2: 0.9, epsilon: 1e-2 },
};

for (const engine of enginesHere()) {
	for (const [name, options] of Object.entries(torchRuns)) {
		test.serial(`five steps equal PyTorch's, a missing gradient included: ${name} on ${engine}`, async (t) => {
			await startEngine({ engine });
			const before = tf.memory().numTensors;
			const variables = ["a", "b"].map((key) => tf.tidy(() => tf.variable(load(`adam/${name}/${key}.start`))));
			const adam = new Adam(variables, options);
			for (let step = 0; step < 5; step += 1) {
				tf.tidy(() => {
					const [a, b] = ["a", "b"].map((key) =>
						// PyTorch was given no gradient for b in step 2.
						key === "b" && step === 2 ? undefined : load(`adam/${name}/${key}.gradient.${step}`),
					);
					adam.apply([a, b]);
				});
				near(t, variables[0] as tf.Tensor, `adam/${name}/a.after.${step}`);
				near(t, variables[1] as tf.Tensor, `adam/${name}/b.after.${step}`);
			}
			adam[Symbol.dispose]();
			tf.dispose(variables);
			t.is(tf.memory().numTensors, before);
		});
	}
}

/** A small regression whose gradients change from step to step. */
function problem(seed: number) {
	const parameters = new Parameters(Random.seed(seed));
	const weights = parameters.create("weights", [4, 3], normalInit(1));
	const bias = parameters.create("bias", [3], normalInit(1));
	const inputs = tf.tensor2d(Random.seed(seed).split("inputs").normals(32), [8, 4]);
	const loss = () =>
		tf.tidy(() => tf.mean(tf.square(tf.add(tf.matMul(inputs, weights as tf.Tensor2D), bias)))) as tf.Scalar;
	return { parameters, inputs, loss };
}

function bytes(parameters: Parameters): number[][] {
	return parameters.trainable().map((variable) => [...variable.dataSync()]);
}

test.serial("a restored optimiser goes on bit for bit", (t) =>
	onEngines(() => {
		const { parameters, inputs, loss } = problem(3);
		using adam = new Adam(parameters, { rate: 0.01 });
		for (let step = 0; step < 3; step += 1) adam.minimize(loss);
		const state = adam.state();
		const saved = parameters.entries().map(({ name }) => [name, parameters.read(name)] as const);
		for (let step = 0; step < 3; step += 1) adam.minimize(loss);
		const expected = bytes(parameters);
		for (const [name, array] of saved) parameters.write(name, array);
		using other = new Adam(parameters, { rate: 1 });
		other.restore(state);
		t.is(other.rate, 0.01);
		for (let step = 0; step < 3; step += 1) other.minimize(loss);
		t.deepEqual(bytes(parameters), expected);
		parameters[Symbol.dispose]();
		inputs.dispose();
	}),
);

test.serial("goes on from values that others assign to its variables", (t) =>
	onEngines(() => {
		const variable = tf.variable(tf.tensor1d([1, 2]));
		using adam = new Adam([variable], { rate: 0.5 });
		const gradient = tf.tensor1d([1, -1]);
		adam.apply([gradient]);
		variable.assign(tf.tensor1d([10, 20]));
		adam.apply([gradient]);
		// Two equal gradients: both corrected moments are exactly the gradient's, so a step is the rate; epsilon 1e-8.
		const [left, right] = variable.dataSync();
		t.true(Math.abs((left as number) - 9.5) < 1e-5 && Math.abs((right as number) - 20.5) < 1e-5);
		tf.dispose([variable, gradient]);
	}),
);

test.serial("200 steps leave as many tensors as the first", (t) =>
	onEngines(() => {
		const { parameters, inputs, loss } = problem(5);
		using adam = new Adam(parameters, { rate: 0.01 });
		const first = adam.minimize(loss);
		const { numTensors } = tf.memory();
		let last = first;
		for (let step = 0; step < 200; step += 1) last = adam.minimize(loss);
		t.is(tf.memory().numTensors, numTensors);
		t.true(last < first);
		parameters[Symbol.dispose]();
		inputs.dispose();
	}),
);

test.serial("gradients keep the order, and say undefined where the loss does not depend on a variable", (t) =>
	onEngines(() => {
		const [a, b, c] = [1, 2, 3].map((value) => tf.variable(tf.scalar(value))) as [
			tf.Variable,
			tf.Variable,
			tf.Variable,
		];
		const { value, gradients: parts } = gradients(() => tf.mul(a, tf.square(c)) as tf.Scalar, [c, b, a]);
		t.is(value.dataSync()[0], 9);
		t.deepEqual(
			parts.map((part) => part?.dataSync()[0]),
			[6, undefined, 9],
		);
		tf.dispose([a, b, c, value, ...parts.filter((part) => part !== undefined)]);
	}),
);

test.serial("a penalty on an input gradient has the parameter gradient of its closed form", (t) =>
	onEngines(() => {
		// f(x) = w x³ gives f' = 3 w x²; the penalty (f' − 1)² has slope 2 (3 w x² − 1) 3 x² in w: at w = 2, x = 1, 30.
		const w = tf.variable(tf.scalar(2));
		const x = tf.scalar(1);
		const { value, gradients: parts } = gradients(() => {
			const slope = inputGradient((at: tf.Scalar) => tf.mul(w, tf.pow(at, 3)), x);
			return tf.square(tf.sub(slope, 1)) as tf.Scalar;
		}, [w]);
		t.true(Math.abs((value.dataSync()[0] as number) - 25) < 1e-4);
		t.true(Math.abs((parts[0]?.dataSync()[0] as number) - 30) < 1e-4);
		tf.dispose([w, x, value, ...(parts as tf.Tensor[])]);
	}),
);

test.serial("refuses gradients and states of other sizes", (t) =>
	onEngines(() => {
		const variable = tf.variable(tf.tensor1d([1, 2]));
		using adam = new Adam([variable], { rate: 0.5 });
		const wrong = tf.tensor1d([1]);
		t.throws(() => adam.apply([]), { message: "adam: must have 1 gradients, got 0" });
		t.throws(() => adam.apply([wrong]), { message: "adam: gradient of 0 must have shape [2], got [1]" });
		t.throws(() => adam.restore({ rate: 1, moments: {} }), {
			message: "adam: state of 0 must have 2 values, got none",
		});
		tf.dispose([variable, wrong]);
	}),
);

test.serial("counting calls, a parameter's first step is corrected as the calls before it say", (t) =>
	onEngines(() => {
		// Keras' shared optimiser: at call t, step = rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / √v, whoever was moved before.
		const variables = [tf.variable(tf.scalar(0)), tf.variable(tf.scalar(0))];
		using adam = new Adam(variables, { rate: 0.1, counting: "calls" });
		const one = tf.scalar(1);
		for (const gradients of [
			[one, undefined],
			[one, undefined],
			[undefined, one],
		])
			adam.apply(gradients);
		const second = variables[1]?.dataSync()[0] as number;
		const [m, v] = [1 - 0.9, 1 - 0.999];
		const expected = -(0.1 * Math.sqrt(1 - 0.999 ** 3) * m) / ((1 - 0.9 ** 3) * Math.sqrt(v));
		// Float32 of a value near 0.2.
		t.true(Math.abs(second - expected) < 1e-6, `${second} ${expected}`);
		const { moments } = adam.state();
		t.deepEqual(
			Object.values(moments).map(({ steps }) => steps),
			[3, 3],
		);
		tf.dispose([one, ...variables]);
	}),
);

test.serial("a reset optimiser steps as a new one", (t) =>
	onEngines(() => {
		const used = problem(3);
		const fresh = problem(3);
		using old = new Adam(used.parameters, { rate: 0.01 });
		const start = used.parameters.entries().map(({ name }) => [name, used.parameters.read(name)] as const);
		for (let step = 0; step < 3; step += 1) old.minimize(used.loss);
		for (const [name, array] of start) used.parameters.write(name, array);
		old.reset();
		using young = new Adam(fresh.parameters, { rate: 0.01 });
		for (const [adam, { loss }] of [
			[old, used],
			[young, fresh],
		] as const)
			adam.minimize(loss);
		t.deepEqual(bytes(used.parameters), bytes(fresh.parameters));
		for (const { parameters, inputs } of [used, fresh]) {
			parameters[Symbol.dispose]();
			inputs.dispose();
		}
	}),
);

test.serial("epsilon beside the running root of v follows the formula of the paper's section 2", async (t) => {
	await onEngines(() => {
		const [rate, beta1, beta2, epsilon] = [0.1, 0.9, 0.999, 1e-3];
		// Gradients about epsilon, where it matters what it is added to.
		const slopes = [2e-3, -5e-4, 1e-3, 3e-3];
		const variable = tf.variable(tf.tensor1d([0.5]));
		const adam = new Adam([variable], { rate, beta1, beta2, epsilon, epsilonAt: "running" });
		let [theta, m, v] = [0.5, 0, 0];
		for (const [index, slope] of slopes.entries()) {
			tf.tidy(() => adam.apply([tf.tensor1d([slope])]));
			m = beta1 * m + (1 - beta1) * slope;
			v = beta2 * v + (1 - beta2) * slope * slope;
			const step = (rate * Math.sqrt(1 - beta2 ** (index + 1))) / (1 - beta1 ** (index + 1));
			theta -= (step * m) / (Math.sqrt(v) + epsilon);
			// Float32 against float64, of steps of about a hundredth.
			t.true(Math.abs((variable.dataSync()[0] as number) - theta) < 1e-6, `step ${index}`);
		}
		adam[Symbol.dispose]();
		variable.dispose();
	});
});
