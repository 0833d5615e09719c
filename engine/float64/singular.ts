import { transposeInto } from "./product.ts";
import { tridiagonalEigenvalues } from "./tridiagonal.ts";

/**
 * Singular values (descending) of a row-major matrix. Householder reflections from both sides make it bidiagonal (Golub &
 * Kahan 1965); the bidiagonal's singular values are the positive eigenvalues of the tridiagonal matrix with zeros on the
 * diagonal and the bidiagonal's values, in turn, beside it. Nothing is squared, so small values keep their digits.
 */
export function bidiagonalSingularValues(matrix: Float64Array, rows: number, columns: number): Float64Array {
	let [m, n] = [rows, columns];
	const a = new Float64Array(matrix.length);
	if (m >= n) {
		a.set(matrix);
	} else {
		transposeInto(matrix, rows, columns, a);
		[m, n] = [n, m];
	}
	const diagonal = new Float64Array(n);
	const above = new Float64Array(Math.max(0, n - 1));
	const v = new Float64Array(m);
	const w = new Float64Array(n);
	for (let k = 0; k < n; k += 1) {
		diagonal[k] = reflectColumn(a, m, n, k, v, w);
		if (k + 1 < n) above[k] = reflectRow(a, m, n, k, v);
	}
	const beside = new Float64Array(Math.max(0, 2 * n - 1));
	for (let k = 0; k < n; k += 1) {
		beside[2 * k] = diagonal[k] as number;
		if (k + 1 < n) beside[2 * k + 1] = above[k] as number;
	}
	const values = new Float64Array(2 * n);
	tridiagonalEigenvalues(values, beside);
	// They come in pairs ±s; rounding may leave the smallest of the upper half a hair below zero.
	return values
		.sort()
		.subarray(n)
		.reverse()
		.map((value) => Math.max(0, value));
}

/** Clears column `k` below the diagonal, from the left; gives what is left on the diagonal. */
function reflectColumn(a: Float64Array, m: number, n: number, k: number, v: Float64Array, w: Float64Array): number {
	let scale = 0;
	for (let row = k; row < m; row += 1) scale = Math.max(scale, Math.abs(a[row * n + k] as number));
	if (scale === 0) return 0;
	let squares = 0;
	for (let row = k; row < m; row += 1) {
		const value = (a[row * n + k] as number) / scale;
		v[row] = value;
		squares += value * value;
	}
	const first = v[k] as number;
	const length = first > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
	v[k] = first - length;
	const beta = 1 / (squares - first * length);
	w.fill(0, k + 1);
	for (let row = k; row < m; row += 1) {
		const value = v[row] as number;
		const at = row * n;
		for (let column = k + 1; column < n; column += 1) w[column]! += value * (a[at + column] as number);
	}
	for (let row = k; row < m; row += 1) {
		const value = beta * (v[row] as number);
		const at = row * n;
		for (let column = k + 1; column < n; column += 1) a[at + column]! -= value * (w[column] as number);
	}
	return length * scale;
}

/** Clears row `k` after the value beside the diagonal, from the right; gives that value. */
function reflectRow(a: Float64Array, m: number, n: number, k: number, v: Float64Array): number {
	const own = k * n;
	let scale = 0;
	for (let column = k + 1; column < n; column += 1) scale = Math.max(scale, Math.abs(a[own + column] as number));
	if (scale === 0) return 0;
	let squares = 0;
	for (let column = k + 1; column < n; column += 1) {
		const value = (a[own + column] as number) / scale;
		v[column] = value;
		squares += value * value;
	}
	const first = v[k + 1] as number;
	const length = first > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
	v[k + 1] = first - length;
	const beta = 1 / (squares - first * length);
	for (let row = k + 1; row < m; row += 1) {
		const at = row * n;
		let sum = 0;
		for (let column = k + 1; column < n; column += 1) sum += (a[at + column] as number) * (v[column] as number);
		sum *= beta;
		for (let column = k + 1; column < n; column += 1) a[at + column]! -= sum * (v[column] as number);
	}
	return length * scale;
}
