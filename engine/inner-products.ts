import * as tf from "@tensorflow/tfjs";
import { binding } from "./tensorflow/binding.ts";
import { attribute } from "./tensorflow/execute.ts";
import { valuesOf } from "./values.ts";

/**
 * Inner products of float32 rows with the rows of one matrix, which stays on the engine; owns it. On TensorFlow the op is called
 * as MatMul: what tf.matMul makes of a transposed second side there takes ten to a thousand times as long.
 */
export class InnerProducts implements Disposable {
	readonly #columns: number;
	readonly #inner: number;
	readonly #right: { readonly id: number } | { readonly tensor: tf.Tensor2D };

	/** `right` [columns, inner] row-major. */
	constructor(right: Float32Array, columns: number, inner: number) {
		this.#columns = columns;
		this.#inner = inner;
		this.#right =
			tf.getBackend() === "tensorflow"
				? { id: upload(right, columns, inner) }
				: { tensor: tf.tensor2d(right, [columns, inner]) };
	}

	/** `left` [rows, inner] with the matrix: [rows, columns]. */
	of(left: Float32Array, rows: number): Float32Array {
		const right = this.#right;
		if ("tensor" in right) {
			return valuesOf(() => tf.matMul(tf.tensor2d(left, [rows, this.#inner]), right.tensor, false, true));
		}
		const addon = binding();
		const ids = [upload(left, rows, this.#inner), right.id] as const;
		const [product] = addon.executeOp("MatMul", matmul, ids, 1);
		addon.deleteTensor(ids[0]);
		if (product === undefined) throw new Error("internal: MatMul has one output");
		const values = addon.tensorDataSync(product.id) as Float32Array;
		addon.deleteTensor(product.id);
		if (values.length !== rows * this.#columns) throw new Error("internal: a product must fill its shape");
		return values;
	}

	[Symbol.dispose](): void {
		if ("tensor" in this.#right) this.#right.tensor.dispose();
		else binding().deleteTensor(this.#right.id);
	}
}

const matmul = [
	attribute.dtype("T", "float32"),
	attribute.bool("transpose_a", false),
	attribute.bool("transpose_b", true),
];

function upload(values: Float32Array, rows: number, columns: number): number {
	const addon = binding();
	return addon.createTensor([rows, columns], addon.TF_FLOAT, values);
}
