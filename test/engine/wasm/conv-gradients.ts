import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { close, normals, on, startWasm } from "../../helpers/wasm.ts";

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

/** Runs one of the two gradient kernels as tfjs's own gradients do. */
function run(
	backend: "cpu" | "wasm",
	kernel: string,
	inputs: Record<string, [Float32Array, readonly number[]]>,
	attrs: object,
) {
	return on(backend, () => {
		const tensors = Object.entries(inputs).map(([name, [values, shape]]) => [name, tf.tensor(values, [...shape])]);
		return tf.engine().runKernel(kernel, Object.fromEntries(tensors), attrs as tf.NamedAttrMap) as tf.Tensor;
	});
}

function attributes({ stride, dilation, pad, rounding }: Case) {
	return { strides: [...stride], dilations: [...dilation], pad, dataFormat: "NHWC", dimRoundingMode: rounding };
}

test("conv2d gradients equal their definition for every stride, dilation, padding and size", (t) => {
	const all = cases();
	t.true(all.length > 700, `${all.length} cases`);
	for (const one of all) {
		const what = JSON.stringify(one);
		const shape = outputShape(one);
		const [x, filter, dy] = [normals("x", one.input), normals("filter", one.filter), normals("dy", shape)];
		const expected = byDefinition(one, x, filter, dy);
		const dx = run(
			"wasm",
			"Conv2DBackpropInput",
			{ dy: [dy, shape], filter: [filter, one.filter] },
			{ ...attributes(one), inputShape: one.input },
		);
		t.deepEqual(dx.shape, [...one.input], what);
		close(t, dx.values, expected.dx, tolerance, `dx ${what}`);
		const dw = run(
			"wasm",
			"Conv2DBackpropFilter",
			{ x: [x, one.input], dy: [dy, shape] },
			{ ...attributes(one), filterShape: one.filter },
		);
		t.deepEqual(dw.shape, [...one.filter], what);
		close(t, dw.values, expected.dw, tolerance, `dw ${what}`);
	}
});
