import { choleskyFactor } from "./float64/cholesky.ts";
import { multiplyByTransposed, transposeInto } from "./float64/product.ts";
import { bidiagonalSingularValues } from "./float64/singular.ts";
import { eigenDecomposition } from "./float64/symmetric-eigen.ts";
import { Float64Scope, tensorflowComputes } from "./tensorflow/float64.ts";

/**
 * Linear algebra in float64, which tfjs lacks. On the TensorFlow engine the large cases run on TensorFlow's own float64
 * kernels; elsewhere, and for small matrices everywhere, on the plain code of float64/. Inputs must be finite, and no
 * result is ever handed out with a NaN in it: what cannot be computed throws.
 */

/** `rows` × `columns` numbers, row after row. */
export interface Matrix {
	readonly rows: number;
	readonly columns: number;
	readonly data: Float64Array;
}

/** As `Matrix`, or in float32, as features come from a network. */
export interface Features {
	readonly rows: number;
	readonly columns: number;
	readonly data: Float64Array | Float32Array;
}

/** Below this many multiplications the way to TensorFlow and back costs more than it saves. */
const smallWork = 64 ** 3;

/** A matrix over `data` (not copied), or of zeros. */
export function matrix(rows: number, columns: number, data: Float64Array = new Float64Array(rows * columns)): Matrix {
	const fits = Number.isSafeInteger(rows) && Number.isSafeInteger(columns) && rows >= 0 && columns >= 0;
	if (!fits || data.length !== rows * columns) {
		throw new RangeError(`matrix: data must hold rows × columns values, got ${data.length} for ${rows} × ${columns}`);
	}
	return { rows, columns, data };
}

/** A′. */
export function transpose(a: Matrix): Matrix {
	const result = matrix(a.columns, a.rows);
	transposeInto(a.data, a.rows, a.columns, result.data);
	return result;
}

/** A B, with A or B transposed first where said. */
export function matmul(
	a: Matrix,
	b: Matrix,
	{ transposeA = false, transposeB = false }: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {},
): Matrix {
	const [rows, inner] = transposeA ? [a.columns, a.rows] : [a.rows, a.columns];
	const [innerB, columns] = transposeB ? [b.columns, b.rows] : [b.rows, b.columns];
	if (inner !== innerB) throw new RangeError(`matmul: inner sizes must be equal, got ${inner} and ${innerB}`);
	requireFinite("matmul", a);
	if (b !== a) requireFinite("matmul", b);
	if (inner > 0 && rows * inner * columns >= smallWork && tensorflowComputes()) {
		using scope = new Float64Scope();
		const left = scope.upload(a);
		const right = a === b ? left : scope.upload(b);
		return finite("matmul", matrix(rows, columns, scope.download(scope.matmul(left, right, transposeA, transposeB))));
	}
	const left = transposeA ? transpose(a) : a;
	const right = transposeB ? b : transpose(b);
	const result = matrix(rows, columns);
	multiplyByTransposed(left.data, right.data, rows, columns, inner, result.data);
	return finite("matmul", result);
}

/** A′A. */
export function gram(a: Matrix): Matrix {
	return matmul(a, a, { transposeA: true });
}

/** The lower triangle L of A = L L′, A symmetric and positive definite. Throws where A is not. */
export function cholesky(a: Matrix): Matrix {
	requireSymmetric("cholesky", a);
	const size = a.rows;
	if (size ** 3 < smallWork * 3 || !tensorflowComputes()) return matrix(size, size, choleskyFactor(a.data, size));
	using scope = new Float64Scope();
	const factor = scope.download(scope.cholesky(scope.upload(a)));
	// TensorFlow's kernel answers a matrix that is not positive definite with NaN.
	if (!factor.every(Number.isFinite))
		throw new RangeError("cholesky: matrix must be positive definite, got one that is not");
	return matrix(size, size, factor);
}

/** Eigenvalues of a symmetric A in ascending order. */
export function symmetricEigenvalues(a: Matrix): Float64Array {
	requireSymmetric("symmetricEigenvalues", a);
	if (a.rows ** 3 < smallWork || !tensorflowComputes()) return eigenDecomposition(a.data, a.rows, false).values;
	using scope = new Float64Scope();
	const [values] = scope.symmetricEigen(scope.upload(a), false);
	return finiteValues("symmetricEigenvalues", scope.download(values));
}

/** Eigenvalues in ascending order, and the eigenvectors as the columns of `vectors`: A = V diag(values) V′. */
export function symmetricEigen(a: Matrix): { readonly values: Float64Array; readonly vectors: Matrix } {
	requireSymmetric("symmetricEigen", a);
	const size = a.rows;
	if (size ** 3 < smallWork || !tensorflowComputes()) {
		const { values, vectors } = eigenDecomposition(a.data, size, true);
		return { values, vectors: transpose(matrix(size, size, vectors)) };
	}
	using scope = new Float64Scope();
	const [values, vectors] = scope.symmetricEigen(scope.upload(a), true);
	return {
		values: finiteValues("symmetricEigen", scope.download(values)),
		vectors: finite("symmetricEigen", matrix(size, size, scope.download(vectors))),
	};
}

/** Singular values of any A in descending order, min(rows, columns) of them, each to about 1e-15 of the largest. */
export function singularValues(a: Matrix): Float64Array {
	requireFinite("singularValues", a);
	const work = Math.max(a.rows, a.columns) * Math.min(a.rows, a.columns) ** 2;
	if (work < smallWork || !tensorflowComputes()) return bidiagonalSingularValues(a.data, a.rows, a.columns);
	using scope = new Float64Scope();
	return finiteValues("singularValues", scope.download(scope.singularValues(scope.upload(a))));
}

/** The nuclear norm of A: the sum of its singular values. */
export function nuclearNorm(a: Matrix): number {
	return sum(singularValues(a));
}

/** The sum of the diagonal. */
export function trace(a: Matrix): number {
	requireSquare("trace", a);
	let total = 0;
	for (let index = 0; index < a.rows; index += 1) total += a.data[index * a.rows + index] as number;
	return total;
}

function sum(values: Float64Array): number {
	return values.reduce((total, value) => total + value, 0);
}

function requireSquare(where: string, a: Matrix): void {
	if (a.rows !== a.columns) throw new RangeError(`${where}: matrix must be square, got ${a.rows} × ${a.columns}`);
}

/** Rounding may make the two triangles differ in the last digits, not more: then the matrix is another one than meant. */
function requireSymmetric(where: string, a: Matrix): void {
	requireSquare(where, a);
	requireFinite(where, a);
	const { rows: size, data } = a;
	let largest = 0;
	let apart = 0;
	for (let row = 0; row < size; row += 1) {
		for (let column = 0; column <= row; column += 1) {
			const lower = data[row * size + column] as number;
			largest = Math.max(largest, Math.abs(lower));
			apart = Math.max(apart, Math.abs(lower - (data[column * size + row] as number)));
		}
	}
	if (apart > 1e-9 * largest)
		throw new RangeError(`${where}: matrix must be symmetric, got triangles that differ by ${apart}`);
}

function requireFinite(where: string, { data }: Features): void {
	const at = firstNotFinite(data);
	if (at >= 0) throw new RangeError(`${where}: values must be finite, got ${data[at]}`);
}

/** -1 where all are finite. A plain loop: the matrices have millions of values. */
function firstNotFinite(values: Float64Array | Float32Array): number {
	for (let at = 0; at < values.length; at += 1) if (!Number.isFinite(values[at])) return at;
	return -1;
}

function finite(where: string, result: Matrix): Matrix {
	finiteValues(where, result.data);
	return result;
}

function finiteValues(where: string, values: Float64Array): Float64Array {
	const at = firstNotFinite(values);
	if (at >= 0)
		throw new RangeError(`${where}: result must be finite, got ${values[at]}: the input's values are too large`);
	return values;
}

/** Mean and covariance of features [rows, columns] in float64, divided by rows - 1. Needs two rows or more. */
export function covariance(features: Features): { readonly mean: Float64Array; readonly covariance: Matrix } {
	const moments = new Moments(features.columns);
	moments.add(features);
	return { mean: moments.mean(), covariance: moments.covariance() };
}

/** Rows that are gathered before they are multiplied: many small products cost more than one large one. */
const blockRows = 2048;

/**
 * Mean and covariance of rows that come in batches. Each block is centred on its own mean before it is multiplied, and blocks
 * are joined by the exact formula (Chan, Golub, LeVeque 1979), so a far-off mean costs no digits. The result depends on the
 * rows and their order, not on how they were cut into batches.
 */
export class Moments {
	readonly columns: number;
	#count = 0;
	#mean: Float64Array;
	/** Sum of (row - mean)(row - mean)′ over the blocks that are done. */
	#scatter: Float64Array;
	#block: Float64Array;
	#waiting = 0;

	constructor(columns: number) {
		this.columns = columns;
		this.#mean = new Float64Array(columns);
		this.#scatter = new Float64Array(columns * columns);
		this.#block = new Float64Array(0);
	}

	/** Number of rows so far. */
	get count(): number {
		return this.#count + this.#waiting;
	}

	/** Takes the rows of `features`. Throws on a value that is not finite. */
	add(features: Features): void {
		if (features.columns !== this.columns) {
			throw new RangeError(`moments: features must have ${this.columns} columns, got ${features.columns}`);
		}
		if (features.data.length !== features.rows * features.columns) {
			throw new RangeError(`moments: data must hold rows × columns values, got ${features.data.length}`);
		}
		requireFinite("moments", features);
		for (let row = 0; row < features.rows; ) {
			const taken = Math.min(blockRows - this.#waiting, features.rows - row);
			this.#reserve(this.#waiting + taken);
			const rows = features.data.subarray(row * this.columns, (row + taken) * this.columns);
			this.#block.set(rows, this.#waiting * this.columns);
			this.#waiting += taken;
			row += taken;
			if (this.#waiting === blockRows) this.#close();
		}
	}

	/** Takes what another set of moments has seen, as if its rows followed. */
	merge(other: Moments): void {
		if (other.columns !== this.columns) {
			throw new RangeError(`moments: features must have ${this.columns} columns, got ${other.columns}`);
		}
		this.#close();
		other.#close();
		this.#join(other.#count, other.#mean, other.#scatter);
	}

	mean(): Float64Array {
		this.#close();
		if (this.#count === 0) throw new RangeError("moments: mean must have one row or more, got 0");
		return this.#mean.slice();
	}

	/** The covariance, divided by count - 1. */
	covariance(): Matrix {
		this.#close();
		if (this.#count < 2) throw new RangeError(`moments: covariance must have two rows or more, got ${this.#count}`);
		const divisor = this.#count - 1;
		return matrix(
			this.columns,
			this.columns,
			this.#scatter.map((value) => value / divisor),
		);
	}

	#reserve(rows: number): void {
		if (this.#block.length >= rows * this.columns) return;
		const larger = new Float64Array(Math.min(blockRows, Math.max(rows, 2 * this.#waiting)) * this.columns);
		larger.set(this.#block.subarray(0, this.#waiting * this.columns));
		this.#block = larger;
	}

	#close(): void {
		const rows = this.#waiting;
		if (rows === 0) return;
		this.#waiting = 0;
		const { columns } = this;
		const block = matrix(rows, columns, this.#block.subarray(0, rows * columns));
		const mean = new Float64Array(columns);
		for (let row = 0; row < rows; row += 1) {
			for (let column = 0; column < columns; column += 1) mean[column]! += block.data[row * columns + column]!;
		}
		for (let column = 0; column < columns; column += 1) mean[column]! /= rows;
		for (let row = 0; row < rows; row += 1) {
			for (let column = 0; column < columns; column += 1) block.data[row * columns + column]! -= mean[column]!;
		}
		this.#join(rows, mean, gram(block).data);
	}

	#join(count: number, mean: Float64Array, scatter: Float64Array): void {
		if (count === 0) return;
		const total = this.#count + count;
		const { columns } = this;
		const apart = mean.map((value, column) => value - this.#mean[column]!);
		const weight = (this.#count / total) * count;
		for (let row = 0; row < columns; row += 1) {
			const scaled = weight * apart[row]!;
			for (let column = 0; column < columns; column += 1) {
				this.#scatter[row * columns + column]! += scatter[row * columns + column]! + scaled * apart[column]!;
			}
		}
		for (let column = 0; column < columns; column += 1) this.#mean[column]! += (apart[column]! * count) / total;
		this.#count = total;
	}
}
