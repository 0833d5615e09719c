import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { convTranspose2d } from "../../../engine/ops/conv-transpose.ts";
import { conv2d } from "../../../engine/ops/conv2d.ts";
import { Random } from "../../../engine/random.ts";
import { onEngines } from "../../helpers/engines.ts";

interface Shape {
	readonly batch: number;
	readonly size: readonly [number, number];
	readonly kernel: readonly [number, number];
	readonly stride: readonly [number, number];
	/** [[top, bottom], [left, right]] */
	readonly pad: readonly [readonly [number, number], readonly [number, number]];
	readonly padMode: "zero" | "reflect";
	readonly input: number;
	readonly output: number;
}

/** Every kind of geometry: tiles that are whole and not, steps larger than the filter, pads on one side, mirrors twice as deep. */
// biome-ignore format: one shape, one line
const shapes: readonly Shape[] = [
	{ batch: 2, size: [16, 16], kernel: [3, 3], stride: [1, 1], pad: [[1, 1], [1, 1]], padMode: "reflect", input: 16, output: 32 },
	{ batch: 1, size: [13, 29], kernel: [3, 3], stride: [1, 1], pad: [[1, 1], [1, 1]], padMode: "zero", input: 5, output: 64 },
	{ batch: 3, size: [9, 7], kernel: [4, 2], stride: [2, 3], pad: [[2, 0], [0, 3]], padMode: "zero", input: 3, output: 17 },
	{ batch: 2, size: [7, 12], kernel: [5, 3], stride: [2, 1], pad: [[3, 4], [0, 2]], padMode: "reflect", input: 7, output: 33 },
	{ batch: 2, size: [11, 5], kernel: [7, 7], stride: [1, 1], pad: [[3, 3], [4, 4]], padMode: "reflect", input: 3, output: 1 },
	{ batch: 1, size: [8, 9], kernel: [1, 1], stride: [2, 2], pad: [[0, 0], [0, 0]], padMode: "zero", input: 40, output: 10 },
	{ batch: 2, size: [10, 10], kernel: [2, 2], stride: [3, 3], pad: [[1, 0], [1, 0]], padMode: "zero", input: 20, output: 48 },
	{ batch: 1, size: [1, 1], kernel: [1, 1], stride: [1, 1], pad: [[0, 0], [0, 0]], padMode: "zero", input: 70, output: 70 },
];

// A product and a sum each round by 2^-24, in some hundred steps: 1e-5 of the sum of the absolute terms.
const tolerance = 1e-5;

for (const shape of shapes) {
	const name = `[${shape.size}] by [${shape.kernel}] in steps of [${shape.stride}], ${shape.padMode} pads`;
	test.serial(`a convolution of ${name} and its gradients equal their definition`, (t) =>
		onEngines((engine) => {
			const { x, filter, bias, dy } = values(shape);
			const expected = definition(shape, x, filter, dy);
			const { stride, pad, padMode } = shape;
			const actual = tf.tidy(() => {
				const run = (at: tf.Tensor, by: tf.Tensor, plus: tf.Tensor) =>
					conv2d(at as tf.Tensor4D, by as tf.Tensor4D, { stride, pad, padMode, bias: plus as tf.Tensor1D });
				const inputs = [x, filter, bias].map(({ data, shape }) => tf.tensor(data, shape));
				const slope = tf.tensor(dy.data, dy.shape);
				const gradients = tf.grads((...at: tf.Tensor[]) =>
					tf.sum(tf.mul(run(...(at as [tf.Tensor, tf.Tensor, tf.Tensor])), slope)),
				)(inputs);
				const y = run(...(inputs as [tf.Tensor, tf.Tensor, tf.Tensor]));
				return [y, ...gradients].map((tensor) => Float32Array.from(tensor.dataSync()));
			});
			for (const [index, { sums, sizes }] of expected.entries()) {
				const of = ["y", "dx", "dfilter", "dbias"][index];
				const worst = sums.reduce((most, sum, at) => {
					const plus = index === 0 ? (bias.data[at % shape.output] as number) : 0;
					const error = Math.abs((actual[index]?.[at] as number) - sum - plus);
					return Math.max(most, error / (1 + (sizes[at] as number)));
				}, 0);
				t.is(actual[index]?.length, sums.length);
				t.true(worst < tolerance, `${of} on ${engine} is off by ${worst}`);
			}
		}),
	);
}

// Slopes of slopes by central differences: 1e-2 of them, as rounding over the step and the step's square leave.
test.serial("gradients of gradients of a mirrored convolution with a bias equal finite differences", (t) =>
	onEngines((engine) => {
		const shape = shapes[3] as Shape;
		tf.tidy(() => {
			const { x, filter, bias, dy } = values(shape);
			const inputs = [x, filter, bias].map(({ data, shape }) => tf.tensor(data, shape));
			const directions = inputs.map((input, index) =>
				tf.tensor(Random.seed(index).normals(input.size, 0, 1), input.shape),
			);
			const slope = tf.tensor(dy.data, dy.shape);
			const { stride, pad, padMode } = shape;
			/** Σ dy · y², whose gradient depends on every input. */
			const loss = (...at: tf.Tensor[]) => {
				const [from, by, plus] = at as [tf.Tensor4D, tf.Tensor4D, tf.Tensor1D];
				return tf.sum(tf.mul(slope, tf.square(conv2d(from, by, { stride, pad, padMode, bias: plus }))));
			};
			const along = (parts: tf.Tensor[]) =>
				tf.addN(parts.map((part, index) => tf.sum(tf.mul(part, directions[index] as tf.Tensor))));
			const slopeAt = (...at: tf.Tensor[]) => along(tf.grads(loss)(at));
			const exact = along(tf.grads(slopeAt)(inputs)).dataSync()[0] as number;
			const step = 1e-2;
			const moved = (by: number) => {
				const at = inputs.map((input, index) => tf.add(input, tf.mul(directions[index] as tf.Tensor, by)));
				return slopeAt(...at).dataSync()[0] as number;
			};
			const difference = (moved(step) - moved(-step)) / (2 * step);
			t.true(Math.abs(exact - difference) < 1e-2 * Math.abs(exact), `${exact} against ${difference} on ${engine}`);
		});
	}),
);

test.serial("a transposed convolution with a bias is the convolution's gradient for its input", (t) =>
	onEngines((engine) => {
		tf.tidy(() => {
			const random = Random.seed(3);
			const x = tf.tensor4d(random.normals(2 * 5 * 7 * 12, 0, 1), [2, 5, 7, 12]);
			const filter = tf.tensor4d(random.normals(3 * 3 * 9 * 12, 0, 1), [3, 3, 9, 12]);
			const bias = tf.tensor1d(random.normals(9, 0, 1));
			const y = convTranspose2d(x, filter, { stride: 2, pad: 1, outputPad: 1, bias });
			const gradient = tf.grad((at) => tf.sum(tf.mul(conv2d(at as tf.Tensor4D, filter, { stride: 2, pad: 1 }), x)))(
				tf.zeros([2, 10, 14, 9]),
			);
			const error = tf.max(tf.abs(tf.sub(y, tf.add(gradient, bias)))).dataSync()[0] as number;
			// The bias is added before or after a sum of some hundred terms of size 1.
			t.true(error < 1e-4, `off by ${error} on ${engine}`);
		});
	}),
);

interface Array4 {
	readonly shape: number[];
	readonly data: Float32Array;
}

function values({ batch, size, kernel, stride, pad, input, output }: Shape) {
	const random = Random.seed(1);
	const of = (name: string, shape: number[]): Array4 => {
		const count = shape.reduce((product, length) => product * length, 1);
		return { shape, data: random.split(name).normals(count, 0, 1) };
	};
	const [height, width] = ([0, 1] as const).map(
		(axis) => Math.floor((size[axis] + pad[axis][0] + pad[axis][1] - kernel[axis]) / stride[axis]) + 1,
	) as [number, number];
	return {
		x: of("x", [batch, ...size, input]),
		filter: of("filter", [...kernel, input, output]),
		bias: of("bias", [output]),
		dy: of("dy", [batch, height, width, output]),
	};
}

interface Sums {
	/** In float64. */
	readonly sums: Float64Array;
	/** Of the terms' absolute values. */
	readonly sizes: Float64Array;
}

/** y without its bias, and the gradients of Σ y · dy for x, filter and bias, term by term. */
function definition(
	{ size, kernel, stride, pad, padMode, input, output }: Shape,
	x: Array4,
	filter: Array4,
	dy: Array4,
) {
	const sumsOf = (count: number): Sums => ({ sums: new Float64Array(count), sizes: new Float64Array(count) });
	const [y, dx, dfilter, dbias] = [dy, x, filter].map(({ data }) => sumsOf(data.length)).concat([sumsOf(output)]) as [
		Sums,
		Sums,
		Sums,
		Sums,
	];
	const add = ({ sums, sizes }: Sums, at: number, term: number) => {
		sums[at] = (sums[at] as number) + term;
		sizes[at] = (sizes[at] as number) + Math.abs(term);
	};
	/** Where pixel `index` of the padded axis is seen; undefined where it is zero. */
	const source = (index: number, length: number) => {
		if (index >= 0 && index < length) return index;
		if (padMode === "zero") return undefined;
		return index < 0 ? -index : 2 * (length - 1) - index;
	};
	const [batch, height, width] = dy.shape as [number, number, number];
	for (let n = 0; n < batch; n += 1) {
		for (let h = 0; h < height; h += 1) {
			for (let w = 0; w < width; w += 1) {
				const pixel = ((n * height + h) * width + w) * output;
				for (let o = 0; o < output; o += 1) add(dbias, o, dy.data[pixel + o] as number);
				for (let i = 0; i < kernel[0]; i += 1) {
					for (let j = 0; j < kernel[1]; j += 1) {
						const row = source(h * stride[0] + i - pad[0][0], size[0]);
						const column = source(w * stride[1] + j - pad[1][0], size[1]);
						if (row === undefined || column === undefined) continue;
						for (let c = 0; c < input; c += 1) {
							const from = ((n * size[0] + row) * size[1] + column) * input + c;
							for (let o = 0; o < output; o += 1) {
								const weight = ((i * kernel[1] + j) * input + c) * output + o;
								const [value, by, slope] = [x.data[from], filter.data[weight], dy.data[pixel + o]] as [
									number,
									number,
									number,
								];
								add(y, pixel + o, value * by);
								add(dx, from, slope * by);
								add(dfilter, weight, value * slope);
							}
						}
					}
				}
			}
		}
	}
	return [y, dx, dfilter, dbias];
}
