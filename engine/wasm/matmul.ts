import * as tf from "@tensorflow/tfjs";
import { gemm, transposeInto } from "./gemm.ts";
import { type KernelCall, Scope } from "./scope.ts";

/**
 * BatchMatMul: a [batch…, m, k] or its transpose, b [batch…, k, n] or its transpose → [batch…, m, n].
 *
 * The backend's own kernel multiplies transposed operands, and all but single matrices, by a scalar loop (2 GFLOP/s
 * instead of 40), and a second product with the same values of b under another shape gives wrong numbers: it takes the
 * form packed for the first. Here every matrix is laid out plainly and packed anew.
 */
export function batchMatMul({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
	const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
	if (a.dtype !== "float32" || b.dtype !== "float32") {
		throw new TypeError(`matMul: operands must be float32 on the WASM engine, got ${a.dtype} and ${b.dtype}`);
	}
	const [left, right] = [operand(a, attrs["transposeA"] === true), operand(b, attrs["transposeB"] === true)];
	if (left.columns !== right.rows) {
		throw new RangeError(`matMul: inner sizes must be equal, got [${a.shape}] and [${b.shape}]`);
	}
	const batch = tf.broadcast_util.assertAndGetBroadcastShape(left.batch, right.batch);
	const count = tf.util.sizeFromShape(batch);
	using scope = new Scope(backend);
	const out = scope.empty([...batch, left.rows, right.columns]);
	const size = left.rows * right.columns;
	if (left.columns === 0) scope.view(out).fill(0);
	else {
		const [aAt, bAt] = [positions(left.batch, batch), positions(right.batch, batch)];
		for (let index = 0; index < count; index += 1) {
			using inner = new Scope(backend);
			const product = inner.window(out, [left.rows, right.columns], index * size);
			gemm(backend, plain(inner, left, aAt(index)), plain(inner, right, bAt(index)), product);
		}
	}
	return scope.keep(out);
}

/** _FusedMatMul: a product, plus a bias, through an activation. */
export function fusedMatMul({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
	const { a, b, bias, preluActivationWeights } = inputs as Record<string, tf.TensorInfo | undefined>;
	using scope = new Scope(backend);
	let result = scope.call("BatchMatMul", { a: a as tf.TensorInfo, b: b as tf.TensorInfo }, attrs);
	if (bias !== undefined && bias !== null) result = scope.call("Add", { a: result, b: bias });
	const activation = attrs["activation"] as string;
	if (activation === "prelu") {
		result = scope.call("Prelu", { x: result, alpha: preluActivationWeights as tf.TensorInfo });
	} else if (activation !== "linear" && activation !== undefined && activation !== null) {
		const kernel = activations[activation];
		if (kernel === undefined) throw new RangeError(`fused.matMul: activation must be known, got ${activation}`);
		result = scope.call(kernel, { x: result }, { alpha: attrs["leakyreluAlpha"] as number });
	}
	return scope.keep(result);
}

const activations: Readonly<Record<string, string>> = {
	relu: "Relu",
	relu6: "Relu6",
	elu: "Elu",
	sigmoid: "Sigmoid",
	leakyrelu: "LeakyRelu",
};

/** A stack of matrices; rows and columns are those of the matrices as multiplied. */
interface Operand {
	readonly info: tf.TensorInfo;
	readonly transposed: boolean;
	readonly batch: number[];
	readonly rows: number;
	readonly columns: number;
}

function operand(info: tf.TensorInfo, transposed: boolean): Operand {
	const [first, second] = info.shape.slice(-2) as [number, number];
	const [rows, columns] = transposed ? [second, first] : [first, second];
	return { info, transposed, batch: info.shape.slice(0, -2), rows, columns };
}

/** One matrix of a stack, row by row. */
function plain(scope: Scope, { info, transposed, rows, columns }: Operand, index: number): tf.TensorInfo {
	if (!transposed) return scope.window(info, [rows, columns], index * rows * columns);
	const result = scope.empty([rows, columns]);
	const source = scope.view(info).subarray(index * rows * columns, (index + 1) * rows * columns);
	transposeInto(source, columns, rows, scope.view(result));
	return result;
}

/** Which matrix of a stack of shape `own` is meant by the index into the stack of shape `all` that it is spread over. */
function positions(own: readonly number[], all: readonly number[]): (index: number) => number {
	return (index) => {
		let rest = index;
		let position = 0;
		let stride = 1;
		for (let axis = 1; axis <= own.length; axis += 1) {
			const [length, spread] = [own[own.length - axis] as number, all[all.length - axis] as number];
			position += length === 1 ? 0 : (rest % spread) * stride;
			stride *= length;
			rest = Math.floor(rest / spread);
		}
		return position;
	};
}
