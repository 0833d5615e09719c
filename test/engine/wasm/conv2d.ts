import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import { close, normals, on, runKernel, startWasm, tensor } from "../../helpers/wasm.ts";

test.before(startWasm);

// Sums of at most 1200 float32 products in another order: 1e-5 of the largest value.
const tolerance = 1e-5;

interface Case {
	readonly input: readonly [number, number, number, number];
	readonly filter: readonly [number, number, number, number];
	readonly stride?: readonly [number, number];
	readonly dilation?: number;
	readonly pad?: "same" | "valid" | number;
}

function equalsCpu(t: ExecutionContext, { input, filter, stride = [1, 1], dilation = 1, pad = "same" }: Case) {
	const [x, taps] = [normals("x", input), normals("filter", filter)];
	const attrs = { strides: [...stride], dilations: [dilation, dilation], pad, dataFormat: "NHWC" };
	const actual = runKernel("Conv2D", { x, filter: taps }, attrs);
	// tfjs sizes the width by the filter's height where the padding is a number: padded first, it has nothing to size.
	const sides: [number, number] = typeof pad === "number" ? [pad, pad] : [0, 0];
	const expected = on("cpu", () => {
		const padded = tf.pad(tensor(x), [[0, 0], sides, sides, [0, 0]]) as tf.Tensor4D;
		const how = typeof pad === "number" ? "valid" : pad;
		return tf.conv2d(padded, tensor(taps) as tf.Tensor4D, [...stride], how, "NHWC", dilation);
	});
	t.deepEqual(actual.shape, expected.shape);
	close(t, actual.values, expected.values, tolerance, "convolution");
}

for (const one of [
	// Few output channels: several pixels at a time, as many as divide the width.
	{ input: [2, 9, 10, 5], filter: [7, 7, 5, 3], pad: 3 },
	{ input: [1, 5, 16, 4], filter: [3, 3, 4, 1] },
	{ input: [2, 5, 15, 4], filter: [3, 3, 4, 2] },
	{ input: [1, 5, 7, 4], filter: [3, 3, 4, 1], pad: "valid" },
	{ input: [1, 12, 16, 4], filter: [4, 4, 4, 3], stride: [2, 2], pad: 1 },
	{ input: [1, 12, 18, 4], filter: [3, 5, 4, 1], stride: [1, 3] },
	{ input: [1, 9, 16, 4], filter: [3, 3, 4, 1], dilation: 2 },
	{ input: [1, 4, 11, 4], filter: [1, 1, 4, 1] },
	// Few pixels and many weights.
	{ input: [1, 2, 2, 64], filter: [4, 4, 64, 72] },
	{ input: [2, 4, 3, 64], filter: [4, 4, 64, 80], stride: [2, 2], pad: 1 },
	{ input: [1, 4, 4, 128], filter: [3, 3, 128, 64], dilation: 2, pad: 1 },
	// One number for the padding, and a filter or a stride that is not square.
	{ input: [1, 8, 6, 3], filter: [2, 3, 3, 8], pad: 1 },
	{ input: [1, 8, 7, 3], filter: [3, 3, 3, 8], stride: [2, 1], pad: 1 },
	// Winograd's form, with tiles that reach over the edges.
	{ input: [2, 11, 9, 32], filter: [3, 3, 32, 36] },
	{ input: [1, 16, 13, 36], filter: [3, 3, 36, 32], pad: "valid" },
	{ input: [4, 7, 6, 64], filter: [3, 3, 64, 32], pad: 2 },
	// The ordinary.
	{ input: [2, 8, 7, 3], filter: [3, 3, 3, 8] },
	{ input: [2, 8, 7, 3], filter: [4, 4, 3, 9], stride: [2, 2], pad: 1 },
] satisfies Case[]) {
	test(`conv2d equals the pure JavaScript backend's for ${JSON.stringify(one)}`, equalsCpu, one);
}
