import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import { startEngine } from "../../engine/engine.ts";
import { enginesHere } from "./engines.ts";
import { Golden } from "./golden.ts";

interface Case {
	readonly op: string;
	readonly name: string;
	readonly inputs: readonly string[];
	readonly options: unknown;
}

export const opsGolden = new Golden<{ readonly cases: readonly Case[] }>("fixtures/ops", "ops");

type Tensors = Record<string, tf.Tensor>;

// PyTorch computed in float64. Float32 sums of a few hundred products in any order stay within this of the largest value.
const tolerance = 2e-5;
// Central differences of float32 values over 2 · 2e-3: rounding 1e-7 · Σ|values| / 4e-3, curvature h².
const step = 2e-3;
const differenceTolerance = 1e-2;

/**
 * Declares the tests of one op on every engine: values, gradients and gradients of gradients against PyTorch's, both
 * orders against finite differences, and no tensor left behind.
 */
export function testOp<Options>(op: string, run: (inputs: Tensors, options: Options) => tf.Tensor): void {
	for (const engine of enginesHere()) {
		for (const { name, inputs, options } of opsGolden.document.cases.filter((one) => one.op === op)) {
			const key = `${op}/${name}`;
			const apply = (tensors: Tensors) => run(tensors, options as Options);
			test.serial(`${key}: equals PyTorch to the second derivative on ${engine}`, async (t) => {
				await startEngine({ engine });
				const before = tf.memory().numTensors;
				tf.tidy(() => matchesTorch(t, key, inputs, apply));
				t.is(tf.memory().numTensors, before, "tensors must not leak");
			});
			test.serial(`${key}: derivatives equal finite differences on ${engine}`, async (t) => {
				await startEngine({ engine });
				tf.tidy(() => matchesDifferences(t, key, inputs, apply));
			});
		}
	}
}

function matchesTorch(
	t: ExecutionContext,
	key: string,
	names: readonly string[],
	apply: (inputs: Tensors) => tf.Tensor,
) {
	const inputs = Object.fromEntries(names.map((name) => [name, load(`${key}/${name}`)]));
	near(t, apply(inputs), `${key}/y`);
	const first = derivatives(inputs, load(`${key}/y.weight`), apply);
	for (const name of names) near(t, first[name] as tf.Tensor, `${key}/${name}.gradient`);
	const second = secondDerivatives(key, inputs, load(`${key}/y.weight`), apply);
	for (const name of names) near(t, second[name] as tf.Tensor, `${key}/${name}.second`);
	near(t, second["weight"] as tf.Tensor, `${key}/y.second`);
}

function matchesDifferences(
	t: ExecutionContext,
	key: string,
	names: readonly string[],
	apply: (inputs: Tensors) => tf.Tensor,
) {
	const inputs = Object.fromEntries(names.map((name) => [name, load(`${key}/${name}`)]));
	const weight = load(`${key}/y.weight`);
	const moved = (factor: number): Tensors =>
		Object.fromEntries(
			names.map((name) => [name, inputs[name]?.add(load(`${key}/${name}.direction`).mul(factor)) as tf.Tensor]),
		);
	const value = (at: Tensors) => dot(apply(at), weight);
	const slope = (at: Tensors) => along(key, names, derivatives(at, weight, apply));
	const first = derivatives(inputs, weight, apply);
	const second = secondDerivatives(key, inputs, weight, apply);
	const rows = [
		["first", along(key, names, first), (value(moved(step)) - value(moved(-step))) / (2 * step), first],
		["second", along(key, names, second), (slope(moved(step)) - slope(moved(-step))) / (2 * step), second],
	] as const;
	for (const [order, exact, difference, parts] of rows) {
		const scale = Math.max(
			1,
			...names.map((name) => Math.sqrt(dot(parts[name] as tf.Tensor, parts[name] as tf.Tensor))),
		);
		const error = Math.abs(exact - difference) / scale;
		t.true(error < differenceTolerance, `${order} derivative ${exact} against ${difference}`);
	}
}

/** Gradients of Σ weight · y for every input. */
function derivatives(inputs: Tensors, weight: tf.Tensor, apply: (inputs: Tensors) => tf.Tensor): Tensors {
	const names = Object.keys(inputs);
	const loss = (...values: tf.Tensor[]) =>
		tf.sum(tf.mul(weight, apply(Object.fromEntries(names.map((name, index) => [name, values[index] as tf.Tensor])))));
	const parts = tf.grads(loss)(Object.values(inputs));
	return Object.fromEntries(names.map((name, index) => [name, parts[index] as tf.Tensor]));
}

/** Gradients of Σ direction · gradient for every input and the weight. */
function secondDerivatives(key: string, inputs: Tensors, weight: tf.Tensor, apply: (inputs: Tensors) => tf.Tensor) {
	const names = Object.keys(inputs);
	const directions = names.map((name) => load(`${key}/${name}.direction`));
	const slope = (...values: tf.Tensor[]): tf.Tensor => {
		const at = Object.fromEntries(names.map((name, index) => [name, values[index] as tf.Tensor]));
		const parts = derivatives(at, values[names.length] as tf.Tensor, apply);
		return tf.addN(
			names.map((name, index) => tf.sum(tf.mul(parts[name] as tf.Tensor, directions[index] as tf.Tensor))),
		);
	};
	const { grads } = tf
		.engine()
		.gradients(
			() => slope(...Object.values(inputs), weight) as tf.Scalar,
			[...Object.values(inputs), weight],
			undefined,
			true,
		);
	const all = [...names, "weight"];
	// Where the op is linear in an input, its second derivative is zero and the engine gives none.
	return Object.fromEntries(all.map((name, index) => [name, grads[index] ?? tf.zerosLike(inputs[name] ?? weight)]));
}

function along(key: string, names: readonly string[], parts: Tensors): number {
	return names.reduce((sum, name) => sum + dot(parts[name] as tf.Tensor, load(`${key}/${name}.direction`)), 0);
}

/** Σ a · b in float64. */
function dot(a: tf.Tensor, b: tf.Tensor): number {
	const [left, right] = [a.dataSync<"float32">(), b.dataSync<"float32">()];
	return left.reduce((sum, value, index) => sum + value * (right[index] as number), 0);
}

export function load(name: string): tf.Tensor {
	const { shape, data } = opsGolden.array(name);
	return tf.tensor(data as Float32Array, [...shape], "float32");
}

/** Fails where a value is further than the tolerance times the largest expected value (or 1) from PyTorch's. */
export function near(t: ExecutionContext, actual: tf.Tensor, name: string): void {
	const { shape, data } = opsGolden.array(name);
	const expected = data as Float32Array;
	t.deepEqual(actual.shape, [...shape], `shape of ${name}`);
	const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
	const worst = actual.dataSync<"float32">().reduce((most, value, index) => {
		const error = Math.abs(value - (expected[index] as number)) / scale;
		return error > most || Number.isNaN(error) ? error : most;
	}, 0);
	t.true(worst <= tolerance, `${name}: off by ${worst} of its largest value`);
}
