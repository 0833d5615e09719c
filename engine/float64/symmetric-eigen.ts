import { tridiagonalEigenvalues } from "./tridiagonal.ts";

/**
 * Eigenvalues (ascending) of a symmetric matrix, and eigenvectors as the ROWS of `vectors`: Householder reflections to
 * tridiagonal form, then implicit QL (Golub & Van Loan, Matrix Computations, 4th edition, §8.3). Reads the lower triangle.
 */
export function eigenDecomposition(
	matrix: Float64Array,
	size: number,
	wantVectors: boolean,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
	const a = matrix.slice();
	const diagonal = new Float64Array(size);
	const beside = new Float64Array(Math.max(0, size - 1));
	/** Reflection k acts on rows k + 1 …: I - beta v v′; v is kept in column k below the diagonal. */
	const betas = new Float64Array(size);
	const v = new Float64Array(size);
	const w = new Float64Array(size);
	for (let k = 0; k + 2 < size; k += 1) {
		beside[k] = reflect(a, size, k, v, betas);
		const beta = betas[k] as number;
		if (beta !== 0) updateBelow(a, size, k, beta, v, w);
	}
	for (let index = 0; index < size; index += 1) diagonal[index] = a[index * size + index] as number;
	if (size > 1) beside[size - 2] = a[(size - 1) * size + size - 2] as number;
	const vectors = wantVectors ? accumulate(a, size, betas) : new Float64Array(0);
	tridiagonalEigenvalues(diagonal, beside, wantVectors ? vectors : undefined);
	return sortAscending(diagonal, vectors, size);
}

/** Makes the reflection that takes column `k` below the diagonal to a multiple of e₁; gives that multiple. */
function reflect(a: Float64Array, size: number, k: number, v: Float64Array, betas: Float64Array): number {
	let scale = 0;
	for (let row = k + 1; row < size; row += 1) scale = Math.max(scale, Math.abs(a[row * size + k] as number));
	if (scale === 0) return 0;
	let squares = 0;
	for (let row = k + 1; row < size; row += 1) {
		const value = (a[row * size + k] as number) / scale;
		v[row] = value;
		squares += value * value;
	}
	const first = v[k + 1] as number;
	const length = first > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
	v[k + 1] = first - length;
	// v′v = 2 (squares - first · length), so beta = 2 / v′v.
	betas[k] = 1 / (squares - first * length);
	for (let row = k + 1; row < size; row += 1) a[row * size + k] = v[row] as number;
	return length * scale;
}

/** A ← H A H on the rows and columns after `k`, lower triangle alone: a symmetric rank-two update. */
function updateBelow(a: Float64Array, size: number, k: number, beta: number, v: Float64Array, w: Float64Array): void {
	w.fill(0, k + 1);
	for (let row = k + 1; row < size; row += 1) {
		const at = row * size;
		const vRow = v[row] as number;
		let sum = (a[at + row] as number) * vRow;
		for (let column = k + 1; column < row; column += 1) {
			const value = a[at + column] as number;
			sum += value * (v[column] as number);
			w[column]! += value * vRow;
		}
		w[row]! += sum;
	}
	let product = 0;
	for (let row = k + 1; row < size; row += 1) product += (w[row] as number) * (v[row] as number);
	const half = (beta * beta * product) / 2;
	for (let row = k + 1; row < size; row += 1) w[row] = beta * (w[row] as number) - half * (v[row] as number);
	for (let row = k + 1; row < size; row += 1) {
		const at = row * size;
		const vRow = v[row] as number;
		const wRow = w[row] as number;
		for (let column = k + 1; column <= row; column += 1) {
			a[at + column]! -= vRow * (w[column] as number) + wRow * (v[column] as number);
		}
	}
}

/** Q′ of A = Q T Q′, the reflections multiplied out from the last to the first. */
function accumulate(a: Float64Array, size: number, betas: Float64Array): Float64Array {
	const q = new Float64Array(size * size);
	for (let index = 0; index < size; index += 1) q[index * size + index] = 1;
	const v = new Float64Array(size);
	for (let k = size - 3; k >= 0; k -= 1) {
		const beta = betas[k] as number;
		if (beta === 0) continue;
		for (let row = k + 1; row < size; row += 1) v[row] = a[row * size + k] as number;
		// Rows of q are columns of Q: each is reflected by itself.
		for (let row = k + 1; row < size; row += 1) {
			const at = row * size;
			let sum = 0;
			for (let column = k + 1; column < size; column += 1) sum += (q[at + column] as number) * (v[column] as number);
			sum *= beta;
			for (let column = k + 1; column < size; column += 1) q[at + column]! -= sum * (v[column] as number);
		}
	}
	return q;
}

function sortAscending(
	values: Float64Array,
	vectors: Float64Array,
	size: number,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
	if (vectors.length === 0) return { values: values.sort(), vectors };
	const order = Array.from(values.keys()).sort((one, other) => (values[one] as number) - (values[other] as number));
	const sorted = new Float64Array(vectors.length);
	for (const [to, from] of order.entries()) sorted.set(vectors.subarray(from * size, (from + 1) * size), to * size);
	return { values: Float64Array.from(order, (index) => values[index] as number), vectors: sorted };
}
