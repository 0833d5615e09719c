import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import { close, normals, on, startWasm, tensor } from "../../helpers/wasm.ts";

test.before(startWasm);

// Float32 sums of a hundred values in another order.
const tolerance = 1e-6;

function equalsCpu(t: ExecutionContext, shape: number[], axes: number[] | undefined, keepDims: boolean) {
	const x = normals("x", shape);
	for (const reduce of [tf.sum, tf.mean]) {
		const compute = () => reduce(tensor(x), axes, keepDims);
		const [actual, expected] = [on("wasm", compute), on("cpu", compute)];
		t.deepEqual(actual.shape, expected.shape);
		close(t, actual.values, expected.values, tolerance, reduce.name);
	}
}

for (const [shape, axes, keepDims] of [
	[[2, 5, 7, 3], [1, 2], true],
	[[2, 5, 7, 3], [2, 1], false],
	[[2, 5, 7, 3], [0, 1, 2], false],
	[[2, 5, 7, 3], [-3], true],
	[[3, 4], [0], false],
	[[1, 4], [0], true],
	[[2, 5, 7, 3], [0, 2], true],
	[[2, 5, 7, 3], [2, 3], false],
	[[2, 5, 7, 3], undefined, false],
	[[6], [0], false],
] as [number[], number[] | undefined, boolean][]) {
	const title = `sum and mean of [${shape}] over ${axes ?? "all"} equal the pure JavaScript backend's, keepDims ${keepDims}`;
	test(title, equalsCpu, shape, axes, keepDims);
}

test("whole numbers are summed as whole numbers", (t) => {
	const sum = tf.tidy(() => {
		const result = tf.sum(tf.tensor([1, 2, 3, 4, 5, 6], [3, 2], "int32"), 0);
		return { dtype: result.dtype, values: result.arraySync() };
	});
	t.deepEqual(sum, { dtype: "int32", values: [9, 12] });
});
