import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import { close, normals, on, runKernel, startWasm, tensor, type Values } from "../../helpers/wasm.ts";

test.before(startWasm);

// Sums of a few hundred float32 products in another order: 1e-5 of the largest value.
const tolerance = 1e-5;

function equalsCpu(t: ExecutionContext, aShape: number[], bShape: number[], transposeA: boolean, transposeB: boolean) {
	const [a, b] = [normals("a", aShape), normals("b", bShape)];
	const actual = runKernel("BatchMatMul", { a, b }, { transposeA, transposeB });
	// The pure JavaScript backend pairs matrices of two differently spread stacks wrongly, so both are spread first.
	const batch = tf.broadcast_util.assertAndGetBroadcastShape(aShape.slice(0, -2), bShape.slice(0, -2));
	const spread = (values: Values) => tf.broadcastTo(tensor(values), [...batch, ...values.shape.slice(-2)]);
	const expected = on("cpu", () => tf.matMul(spread(a), spread(b), transposeA, transposeB));
	t.deepEqual(actual.shape, expected.shape);
	close(t, actual.values, expected.values, tolerance, "product");
}

for (const [a, b, transposeA, transposeB] of [
	[[3, 4], [4, 5], false, false],
	[[40, 30], [40, 50], true, false],
	[[30, 40], [50, 40], false, true],
	[[40, 30], [50, 40], true, true],
	[[3, 7, 5], [3, 5, 6], false, false],
	[[3, 5, 70], [3, 60, 5], true, true],
	[[2, 3, 7, 5], [2, 3, 5, 6], false, false],
	[[1, 7, 5], [4, 5, 6], false, false],
	[[4, 7, 5], [1, 6, 5], false, true],
	[[2, 1, 7, 5], [1, 3, 5, 6], false, false],
	[[2, 3, 1, 1], [2, 3, 1, 1], false, false],
	[[1, 300], [300, 1], false, false],
] as [number[], number[], boolean, boolean][]) {
	const title = `[${a}]${transposeA ? "ᵀ" : ""} · [${b}]${transposeB ? "ᵀ" : ""} equals the product of the pure JavaScript backend`;
	test(title, equalsCpu, a, b, transposeA, transposeB);
}

test("the same values multiplied under two shapes give two right products", (t) => {
	// The backend's own kernel gives [[6, 8]] for the second.
	const [first, second] = tf.tidy(() => {
		const b = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]);
		const wide = tf.matMul(tf.ones([1, 2]), b);
		return [wide.arraySync(), tf.matMul(tf.ones([1, 4]), b.reshape([4, 2])).arraySync()];
	});
	t.deepEqual(first, [[6, 8, 10, 12]]);
	t.deepEqual(second, [[16, 20]]);
});

test("a fused product equals product, bias and activation", (t) => {
	const [a, b, bias] = [normals("a", [2, 3, 100]), normals("b", [2, 4, 100]), normals("bias", [4])];
	for (const activation of ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu"] as const) {
		const compute = () =>
			tf.fused.matMul({
				a: tensor(a),
				b: tensor(b),
				bias: tensor(bias),
				transposeB: true,
				activation,
				leakyreluAlpha: 0.3,
			});
		close(t, on("wasm", compute).values, on("cpu", compute).values, tolerance, activation);
	}
});

test("operands that do not fit are named", (t) => {
	const [a, b] = [normals("a", [2, 3]), normals("b", [4, 2])];
	t.throws(() => runKernel("BatchMatMul", { a, b }, {}), {
		message: /inner sizes must be equal, got \[2,3\] and \[4,2\]/,
	});
});
