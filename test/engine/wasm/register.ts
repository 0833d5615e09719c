import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import { registerWasmKernels } from "../../../engine/wasm/register.ts";
import { close, normals, on, startWasm, tensor, type Values } from "../../helpers/wasm.ts";

test.before(startWasm);

// Float32 sums of some dozens of products in another order.
const tolerance = 1e-5;
// Central differences over 2 · 5e-3 of float32 results: rounding of 1e-7 of the values, curvature of the order h².
const step = 5e-3;
const differenceTolerance = 5e-3;

type Function = (...inputs: tf.Tensor[]) => tf.Tensor;

interface Case {
	readonly compute: Function;
	readonly inputs: readonly (readonly number[])[];
	/** False where the gradient of the pure JavaScript backend is known to be wrong or to fail. */
	readonly cpu?: boolean;
}

const images = [2, 7, 6, 2] as const;
const four = (x: tf.Tensor) => x as tf.Tensor4D;

const cases: Record<string, Case> = {
	gather: { compute: (x) => tf.gather(x, [2, 0, 2, 1]), inputs: [[3, 4]] },
	"gather along axis 1": { compute: (x) => tf.gather(x, [2, 0, 2], 1), inputs: [[3, 4]] },
	unsortedSegmentSum: { compute: (x) => tf.unsortedSegmentSum(x, [1, -1, 1, 0], 2), inputs: [[4, 3]] },
	"matMul of transposed stacks": {
		compute: (a, b) => tf.matMul(a, b, true, true),
		inputs: [
			[2, 4, 3],
			[2, 5, 4],
		],
	},
	"separable convolution": {
		compute: (x, depth, point) => tf.separableConv2d(four(x), four(depth), four(point), 1, "same"),
		inputs: [images, [3, 3, 2, 2], [1, 1, 4, 3]],
	},
};
for (const [stride, pad] of [
	[1, "same"],
	[2, "same"],
	[2, "valid"],
	[1, 1],
	[3, 2],
] as [number, "same" | "valid" | number][]) {
	cases[`conv2d, stride ${stride}, pad ${pad}`] = {
		compute: (x, filter) => tf.conv2d(four(x), four(filter), stride, pad),
		inputs: [images, [3, 3, 2, 3]],
	};
	cases[`depthwise convolution, stride ${stride}, pad ${pad}`] = {
		compute: (x, filter) => tf.depthwiseConv2d(four(x), four(filter), stride, pad),
		inputs: [images, [3, 3, 2, 2]],
	};
	if (pad === 2) continue;
	cases[`avgPool, stride ${stride}, pad ${pad}`] = {
		compute: (x) => tf.avgPool(four(x), 3, stride, pad),
		inputs: [images],
		cpu: false,
	};
	cases[`maxPool, stride ${stride}, pad ${pad}`] = {
		// Far below 0, where a maximum that starts at 0 would be none of the values.
		compute: (x) => tf.maxPool(four(tf.sub(x, 10)), 3, stride, pad),
		inputs: [images],
	};
}
for (const size of [
	[9, 10],
	[3, 2],
	[7, 5],
	[1, 1],
] as [number, number][]) {
	for (const [alignCorners, halfPixelCenters] of [
		[false, false],
		[true, false],
		[false, true],
	] as [boolean, boolean][]) {
		const how = `to ${size}, alignCorners ${alignCorners}, halfPixelCenters ${halfPixelCenters}`;
		cases[`resizeBilinear ${how}`] = {
			compute: (x) => tf.image.resizeBilinear(four(x), size, alignCorners, halfPixelCenters),
			inputs: [images],
			cpu: false,
		};
		cases[`resizeNearestNeighbor ${how}`] = {
			compute: (x) => tf.image.resizeNearestNeighbor(four(x), size, alignCorners, halfPixelCenters),
			inputs: [images],
			cpu: false,
		};
	}
}

/** Gradients of Σ weight · compute(inputs). */
function gradients(compute: Function, inputs: readonly tf.Tensor[]): tf.Tensor[] {
	return tf.grads((...values) => weighted(compute(...values)))([...inputs]);
}

function weighted(y: tf.Tensor): tf.Scalar {
	return tf.sum(tf.mul(y, tensor(normals("weight", y.shape))));
}

/** Σ weight · compute(inputs), summed in float64. */
function value(compute: Function, inputs: readonly Values[]): number {
	const y = on("wasm", () => compute(...inputs.map(tensor)));
	const { values } = normals("weight", y.shape);
	return y.values.reduce((sum, entry, index) => sum + entry * (values[index] as number), 0);
}

function check(t: ExecutionContext, name: string, { compute, inputs, cpu = true }: Case): void {
	// Values apart from each other by more than the step, so that no maximum changes within it.
	const values = inputs.map((shape, index) => apart(`${name} ${index}`, shape));
	for (const [index, input] of values.entries()) {
		const run = () => gradients(compute, values.map(tensor))[index] as tf.Tensor;
		const actual = on("wasm", run);
		t.deepEqual(actual.shape, input.shape);
		if (cpu) close(t, actual.values, on("cpu", run).values, tolerance, `cpu, input ${index}`);
		const direction = normals(`direction ${index}`, input.shape).values;
		const moved = (factor: number) =>
			values.map((one, other) =>
				other === index
					? { shape: one.shape, values: one.values.map((entry, at) => entry + factor * (direction[at] as number)) }
					: one,
			);
		const difference = (value(compute, moved(step)) - value(compute, moved(-step))) / (2 * step);
		const slope = actual.values.reduce((sum, entry, at) => sum + entry * (direction[at] as number), 0);
		const scale = Math.max(1, Math.hypot(...actual.values));
		t.true(
			Math.abs(slope - difference) / scale < differenceTolerance,
			`input ${index}: ${slope}, differences ${difference}`,
		);
	}
}

/** Values in a random order, 0.05 apart, about 0. */
function apart(label: string, shape: readonly number[]): Values {
	const { values } = normals(label, shape);
	const order = Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
	const result = new Float32Array(values.length);
	for (const [rank, index] of order.entries()) result[index] = 0.05 * (rank - values.length / 2);
	return { shape, values: result };
}

for (const [name, one] of Object.entries(cases)) {
	test.serial(`gradients of ${name} equal differences and the pure JavaScript backend`, check, name, one);
}

test.serial("gradients leave no tensor and no data behind", (t) => {
	for (const [name, { compute, inputs }] of Object.entries(cases)) {
		const once = () =>
			tf.tidy(() => {
				gradients(
					compute,
					inputs.map((shape) => tensor(normals("x", shape))),
				);
			});
		once();
		const before = { tensors: tf.memory().numTensors, data: tf.backend().numDataIds() };
		once();
		t.deepEqual({ tensors: tf.memory().numTensors, data: tf.backend().numDataIds() }, before, name);
	}
});

test.serial("registering again changes nothing", (t) => {
	const before = tf.getKernelsForBackend("wasm").map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc] as const);
	registerWasmKernels();
	const after = new Map(tf.getKernelsForBackend("wasm").map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]));
	t.true(before.length > 157);
	for (const [name, kernel] of before) t.is(after.get(name), kernel, name);
});

test.serial("parameter gradients of a gradient penalty equal differences", (t) => {
	// WGAN-GP on two convolutions with composed leaky ReLU and instance norm: second derivatives of every kernel.
	const leaky = (x: tf.Tensor) => tf.sub(tf.relu(x), tf.mul(tf.relu(tf.neg(x)), 0.01));
	const norm = (x: tf.Tensor) => {
		const centred = tf.sub(x, tf.mean(x, [1, 2], true));
		return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), [1, 2], true), 1e-3)));
	};
	const penalty: Function = (x, first, second) => {
		const critic = (images: tf.Tensor) =>
			tf.sum(
				tf.conv2d(four(leaky(norm(tf.conv2d(four(images), four(first), 2, 1)))), four(second), 1, "same").square(),
			);
		const slope = tf.grad(critic)(x as tf.Tensor);
		const lengths = tf.sqrt(tf.add(tf.sum(tf.square(slope), [1, 2, 3]), 1e-8));
		return tf.mean(tf.square(tf.sub(lengths, 1)));
	};
	const inputs = [
		normals("x", [2, 6, 6, 2]),
		...[normals("first", [4, 4, 2, 3]), normals("second", [3, 3, 3, 2])].map(({ shape, values }) => ({
			shape,
			values: values.map((entry) => entry * 0.2),
		})),
	] as const;
	for (const index of [1, 2]) {
		const actual = on("wasm", () => tf.grads(penalty)(inputs.map(tensor))[index] as tf.Tensor).values;
		const direction = normals(`direction ${index}`, inputs[index]?.shape ?? []).values;
		const at = (factor: number) =>
			on("wasm", () =>
				penalty(
					...inputs.map(({ shape, values }, other) =>
						tensor({
							shape,
							values: other === index ? values.map((v, i) => v + factor * (direction[i] as number)) : values,
						}),
					),
				),
			).values[0] as number;
		// A norm of sums of squares: steeper than the rest, so a smaller step.
		const difference = (at(1e-3) - at(-1e-3)) / 2e-3;
		const slope = actual.reduce((sum, entry, i) => sum + entry * (direction[i] as number), 0);
		t.true(Math.abs(slope) > 1e-3);
		t.true(
			Math.abs(slope - difference) / Math.abs(slope) < 1e-2,
			`parameter ${index}: ${slope}, differences ${difference}`,
		);
	}
});
