import { choleskyFactor } from "./float64/cholesky.ts";
import {
	finite,
	finiteValues,
	type Matrix,
	matrix,
	mirrorLower,
	requireFinite,
	requireSquare,
	requireSymmetric,
} from "./float64/matrix.ts";
import { type NativeFloat64, nativeFloat64 } from "./float64/native.ts";
import { multiplyByTransposed, transposeInto } from "./float64/product.ts";
import { bidiagonalSingularValues } from "./float64/singular.ts";
import { eigenDecomposition } from "./float64/symmetric-eigen.ts";
import { Float64Scope, tensorflowComputes } from "./tensorflow/float64.ts";

/**
 * Linear algebra in float64, which tfjs lacks. On the TensorFlow engine the large cases run on our own code in C++, or on
 * TensorFlow's float64 kernels where that is not built; elsewhere, and for small matrices everywhere, on the plain code of float64/. Inputs must be finite, and no
 * result is ever handed out with a NaN in it: what cannot be computed throws.
 */

/** Below this many multiplications the way to TensorFlow and back costs more than it saves. */
const smallWork = 64 ** 3;

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
	const native = rows * inner * columns >= smallWork ? native64() : undefined;
	if (native !== undefined) {
		const result = matrix(rows, columns);
		native.multiply(a.data, transposeA ? 1 : 0, b.data, transposeB ? 1 : 0, rows, columns, inner, result.data);
		return finite("matmul", result);
	}
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
	const native = native64();
	if (native !== undefined) {
		const lower = matrix(size, size);
		if (native.cholesky(a.data, size, lower.data)) return lower;
		throw new RangeError("cholesky: matrix must be positive definite, got one that is not");
	}
	using scope = new Float64Scope();
	const factor = scope.download(scope.cholesky(scope.upload(a)));
	// TensorFlow's kernel answers a matrix that is not positive definite with NaN.
	if (!factor.every(Number.isFinite))
		throw new RangeError("cholesky: matrix must be positive definite, got one that is not");
	return matrix(size, size, factor);
}

/** Eigenvalues of L L′ S in ascending order, L lower triangular with zeros above its diagonal, S symmetric: those of L′ S L. */
export function productEigenvalues(lower: Matrix, symmetric: Matrix): Float64Array {
	requireSquare("productEigenvalues", lower);
	requireSquare("productEigenvalues", symmetric);
	const size = lower.rows;
	if (symmetric.rows !== size) {
		throw new RangeError(`productEigenvalues: matrices must be of one size, got ${size} and ${symmetric.rows}`);
	}
	const native = size ** 3 >= smallWork ? native64() : undefined;
	if (native === undefined) {
		const product = matmul(lower, matmul(symmetric, lower), { transposeA: true });
		mirrorLower(product.data, size, 1, product.data);
		return symmetricEigenvalues(product);
	}
	const values = new Float64Array(size);
	if (native.productEigenvalues(lower.data, symmetric.data, size, values)) return values;
	requireFinite("productEigenvalues", lower);
	requireFinite("productEigenvalues", symmetric);
	throw new RangeError("productEigenvalues: result must be finite, got values that are too large");
}

/** Eigenvalues of a symmetric A in ascending order. */
export function symmetricEigenvalues(a: Matrix): Float64Array {
	requireSymmetric("symmetricEigenvalues", a);
	if (a.rows ** 3 < smallWork || !tensorflowComputes()) return eigenDecomposition(a.data, a.rows, false).values;
	const native = native64();
	if (native !== undefined) {
		const values = new Float64Array(a.rows);
		if (!native.eigenvalues(a.data, a.rows, values)) throw new Error("internal: an eigenvalue did not converge");
		return values;
	}
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

/** Our own code in C++, where the TensorFlow engine computes and it is built. */
export function native64(): NativeFloat64 | undefined {
	return tensorflowComputes() ? nativeFloat64() : undefined;
}
