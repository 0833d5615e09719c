import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** The backend's module binds C functions by name; its published type leaves that out. */
interface Emscripten {
	cwrap(name: string, result: null, parameters: readonly string[]): Multiply;
}

const signature = ["number", "array", "number", "number", "array", "number", "number", "number", "number"] as const;

type Multiply = (
	a: number,
	aShape: Uint8Array,
	aRank: number,
	b: number,
	bShape: Uint8Array,
	bRank: number,
	transposeA: boolean,
	transposeB: boolean,
	out: number,
) => void;

const bindings = new WeakMap<object, Multiply>();

/**
 * out = a · b for a [rows, inner], b [inner, columns], out [rows, columns], all float32 and row by row in memory.
 *
 * The backend packs `b` at its first use and keeps the packed form under b's id, whatever its shape, until b is disposed
 * of: give it a tensor or a window made for the product.
 */
export function gemm(backend: BackendWasm, a: tf.TensorInfo, b: tf.TensorInfo, out: tf.TensorInfo): void {
	let multiply = bindings.get(backend);
	if (multiply === undefined) {
		const { cwrap } = backend.wasm as unknown as Emscripten;
		multiply = cwrap("BatchMatMul", null, signature);
		bindings.set(backend, multiply);
	}
	const [rows, inner] = a.shape as [number, number];
	const [depth, columns] = b.shape as [number, number];
	if (inner !== depth || out.shape[0] !== rows || out.shape[1] !== columns) {
		throw new RangeError(`wasm: shapes of a product must fit, got [${a.shape}] · [${b.shape}] → [${out.shape}]`);
	}
	const id = ({ dataId }: tf.TensorInfo) => backend.dataIdMap.get(dataId).id;
	multiply(id(a), bytes([1, rows, inner]), 3, id(b), bytes([1, inner, columns]), 3, false, false, id(out));
}

function bytes(shape: readonly number[]): Uint8Array {
	return new Uint8Array(Int32Array.from(shape).buffer);
}

/** target[c, r] = source[r, c], by square blocks: either side alone would miss the cache at every step. */
export function transposeInto(source: Float32Array, rows: number, columns: number, target: Float32Array): void {
	const block = 16;
	for (let top = 0; top < rows; top += block) {
		const bottom = Math.min(rows, top + block);
		for (let left = 0; left < columns; left += block) {
			const right = Math.min(columns, left + block);
			for (let column = left; column < right; column += 1) {
				for (let row = top; row < bottom; row += 1) {
					target[column * rows + row] = source[row * columns + column] as number;
				}
			}
		}
	}
}
