import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import { startEngine } from "../../../engine/engine.ts";
import { enginesHere } from "../../helpers/engines.ts";
import { close, normals, on, runKernel, startWasm, tensor } from "../../helpers/wasm.ts";

test.before(startWasm);

// Sums of at most a few hundred float32 products in another order: 1e-5 of the largest value.
const tolerance = 1e-5;

type Pad = "same" | "valid" | number | [[number, number], [number, number], [number, number], [number, number]];

interface Case {
	readonly input: readonly [number, number, number, number];
	readonly filter: readonly [number, number, number, number];
	readonly stride: readonly [number, number];
	readonly dilation: readonly [number, number];
	readonly pad: Pad;
	readonly rounding?: "floor" | "round" | "ceil";
}

/** Every combination that a convolution accepts. */
function cases(): Case[] {
	const pads: Pad[] = [
		"same",
		"valid",
		0,
		1,
		3,
		[
			[0, 0],
			[2, 0],
			[1, 3],
			[0, 0],
		],
		[
			[0, 0],
			[0, 1],
			[3, 0],
			[0, 0],
		],
	];
	const inputs = [
		[1, 7, 8, 3],
		[2, 9, 6, 1],
		[3, 8, 11, 4],
	] as const;
	const filters = [
		[1, 1],
		[2, 3],
		[3, 3],
		[4, 4],
		[5, 2],
		[7, 7],
	] as const;
	const all: Case[] = [];
	for (const input of inputs) {
		for (const [index, [height, width]] of filters.entries()) {
			for (const stride of [
				[1, 1],
				[2, 2],
				[3, 3],
				[2, 1],
			] as const) {
				for (const dilation of [
					[1, 1],
					[2, 2],
					[1, 2],
				] as const) {
					for (const pad of pads) {
						const filter = [height, width, input[3], 1 + ((index * 2) % 5)] as const;
						all.push({ input, filter, stride, dilation, pad });
					}
				}
			}
		}
	}
	return all.filter((one) => {
		const { rows, columns } = sizes(one);
		return rows.output > 0 && columns.output > 0;
	});
}

/** The sizes of both axes, worked out here from the definition of each padding. */
function sizes({ input, filter, stride, dilation, pad, rounding = "floor" }: Case) {
	const axis = (which: 0 | 1) => {
		const length = input[which + 1] as number;
		const reach = ((filter[which] as number) - 1) * (dilation[which] as number) + 1;
		const step = stride[which] as number;
		if (pad === "same") {
			const output = Math.ceil(length / step);
			const zeros = Math.max(0, (output - 1) * step + reach - length);
			return { output, before: Math.floor(zeros / 2) };
		}
		const [before, after] =
			pad === "valid" ? [0, 0] : typeof pad === "number" ? [pad, pad] : (pad[which + 1] as [number, number]);
		return { output: Math[rounding]((length + before + after - reach) / step + 1), before };
	};
	return { rows: axis(0), columns: axis(1) };
}

/** Both gradients by their definition, one product after the other, in float64. */
function byDefinition(one: Case, x: Float32Array, filter: Float32Array, dy: Float32Array) {
	const { rows, columns } = sizes(one);
	const [batch, height, width, inChannels] = one.input;
	const [kernelHeight, kernelWidth, , outChannels] = one.filter;
	const dx = new Float64Array(x.length);
	const dw = new Float64Array(filter.length);
	for (let n = 0; n < batch; n += 1)
		for (let i = 0; i < rows.output; i += 1)
			for (let j = 0; j < columns.output; j += 1)
				for (let a = 0; a < kernelHeight; a += 1)
					for (let b = 0; b < kernelWidth; b += 1) {
						const u = i * one.stride[0] + a * one.dilation[0] - rows.before;
						const v = j * one.stride[1] + b * one.dilation[1] - columns.before;
						if (u < 0 || v < 0 || u >= height || v >= width) continue;
						for (let c = 0; c < inChannels; c += 1)
							for (let o = 0; o < outChannels; o += 1) {
								const at = ((n * height + u) * width + v) * inChannels + c;
								const tap = ((a * kernelWidth + b) * inChannels + c) * outChannels + o;
								const out = ((n * rows.output + i) * columns.output + j) * outChannels + o;
								dx[at] = (dx[at] as number) + (filter[tap] as number) * (dy[out] as number);
								dw[tap] = (dw[tap] as number) + (x[at] as number) * (dy[out] as number);
							}
					}
	return { dx, dw };
}

function outputShape(one: Case): [number, number, number, number] {
	const { rows, columns } = sizes(one);
	return [one.input[0], rows.output, columns.output, one.filter[3]];
}

function attributes({ stride, dilation, pad, rounding }: Case) {
	return { strides: [...stride], dilations: [...dilation], pad, dataFormat: "NHWC", dimRoundingMode: rounding };
}

/** Both gradient kernels against the definition. */
function check(t: ExecutionContext, one: Case): void {
	const what = JSON.stringify(one);
	const [x, filter, dy] = [normals("x", one.input), normals("filter", one.filter), normals("dy", outputShape(one))];
	const expected = byDefinition(one, x.values, filter.values, dy.values);
	const dx = runKernel("Conv2DBackpropInput", { dy, filter }, { ...attributes(one), inputShape: one.input });
	t.deepEqual(dx.shape, [...one.input], what);
	close(t, dx.values, expected.dx, tolerance, `dx ${what}`);
	const dw = runKernel("Conv2DBackpropFilter", { x, dy }, { ...attributes(one), filterShape: one.filter });
	t.deepEqual(dw.shape, [...one.filter], what);
	close(t, dw.values, expected.dw, tolerance, `dw ${what}`);
}

test("conv2d gradients equal their definition for every stride, dilation, padding and size", (t) => {
	const all = cases();
	t.true(all.length > 700, `${all.length} cases`);
	for (const one of all) check(t, one);
});

const plain = { stride: [1, 1], dilation: [1, 1], pad: "same" } as const;

// Sizes at which the kernels go other ways: gradients of a picture in parts, of few output or input channels, few pixels.
for (const one of [
	{ ...plain, input: [1, 50, 49, 3], filter: [3, 3, 3, 64] },
	{ ...plain, input: [3, 30, 25, 2], filter: [3, 3, 2, 64] },
	{ ...plain, input: [1, 9, 10, 24], filter: [3, 3, 24, 3] },
	{ ...plain, input: [2, 9, 10, 24], filter: [7, 5, 24, 2], pad: 2 },
	{ ...plain, input: [1, 9, 10, 24], filter: [3, 3, 24, 3], dilation: [2, 1] },
	{ ...plain, input: [2, 4, 5, 17], filter: [4, 4, 17, 33], stride: [2, 2] },
	{ ...plain, input: [1, 3, 3, 20], filter: [3, 3, 20, 40], stride: [3, 2], dilation: [1, 2], pad: 2 },
	{ ...plain, input: [1, 8, 8, 24], filter: [3, 3, 24, 24], stride: [2, 2] },
	{ ...plain, input: [1, 7, 9, 40], filter: [1, 1, 40, 20] },
	{ ...plain, input: [2, 7, 9, 3], filter: [3, 3, 3, 4], stride: [2, 2], pad: 1, rounding: "ceil" },
	{ ...plain, input: [2, 7, 9, 3], filter: [2, 2, 3, 4], stride: [3, 3], pad: 0, rounding: "round" },
] satisfies Case[]) {
	test(`conv2d gradients equal their definition for ${JSON.stringify(one)}`, check, one);
}

test("the kernels name a gradient whose shape is not that of the output", (t) => {
	const [x, filter, dy] = [normals("x", [1, 4, 4, 2]), normals("f", [3, 3, 2, 2]), normals("dy", [1, 5, 4, 2])];
	const attrs = { strides: 1, pad: "same", dataFormat: "NHWC" };
	t.throws(() => runKernel("Conv2DBackpropFilter", { x, dy }, { ...attrs, filterShape: [3, 3, 2, 2] }), {
		instanceOf: RangeError,
		message: "conv2d filter gradient: dy must have shape [1,4,4,2], got [1,5,4,2]",
	});
	t.throws(() => runKernel("Conv2DBackpropInput", { dy, filter }, { ...attrs, inputShape: [1, 4, 4, 2] }), {
		message: /input gradient: dy must have shape/,
	});
	t.throws(
		() => runKernel("Conv2DBackpropFilter", { x, dy }, { ...attrs, dataFormat: "NCHW", filterShape: [3, 3, 2, 2] }),
		{ message: /must be NHWC/ },
	);
});

test.serial("conv2d and its transpose have the gradients of the other engines", async (t) => {
	const [x, filter] = [normals("x", [2, 9, 8, 3]), normals("filter", [4, 4, 3, 5])];
	const narrow = normals("narrow", [2, 5, 4, 5]);
	const gradients = [1, 2].flatMap((stride) =>
		(["same", "valid"] as const).flatMap((pad) => {
			const conv = (images: tf.Tensor, taps: tf.Tensor) =>
				tf.conv2d(images as tf.Tensor4D, taps as tf.Tensor4D, stride, pad).square();
			const shape: [number, number, number, number] =
				pad === "same" ? [2, 5 * stride, 4 * stride, 3] : [2, 4 + 4 * stride, 4 + 3 * stride, 3];
			if (pad === "valid" && stride === 1) shape.splice(1, 2, 8, 7);
			const transposed = (images: tf.Tensor, taps: tf.Tensor) =>
				tf.conv2dTranspose(images as tf.Tensor4D, taps as tf.Tensor4D, shape, stride, pad).square();
			return [
				() => tf.grads(conv)([tensor(x), tensor(filter)])[0] as tf.Tensor,
				() => tf.grads(conv)([tensor(x), tensor(filter)])[1] as tf.Tensor,
				() => tf.grads(transposed)([tensor(narrow), tensor(filter)])[0] as tf.Tensor,
				() => tf.grads(transposed)([tensor(narrow), tensor(filter)])[1] as tf.Tensor,
			];
		}),
	);
	const others: ("cpu" | "tensorflow")[] = ["cpu"];
	if (enginesHere().includes("tensorflow")) {
		await startEngine({ engine: "tensorflow" });
		others.push("tensorflow");
	}
	await startWasm();
	for (const [index, gradient] of gradients.entries()) {
		const actual = on("wasm", gradient);
		for (const other of others) {
			const expected = on(other, gradient);
			t.deepEqual(actual.shape, expected.shape);
			close(t, actual.values, expected.values, tolerance, `${other} ${index}`);
		}
	}
});
