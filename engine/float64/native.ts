/**
 * What engine/native/float64.cc exports. Matrices are row-major and must have the sizes that are said.
 */
export interface NativeFloat64 {
	/** Whether no value is infinite or not a number. */
	allFinite(values: Float64Array | Float32Array): boolean;
	/** Whether a [size, size] and its transpose differ by no more than `tolerance` times the largest size of a value. */
	isSymmetric(a: Float64Array, size: number, tolerance: number): boolean;
	/**
	 * mean [columns] and scatter [columns, columns], its lower triangle alone, of `count` earlier rows become those with x
	 * [rows, columns] among them.
	 */
	addMoments(
		x: Float64Array | Float32Array,
		rows: number,
		columns: number,
		count: number,
		mean: Float64Array,
		scatter: Float64Array,
	): void;
	/** c [rows, columns] = a b from zeros on; a 1 says that the matrix lies in memory transposed. */
	multiply(
		a: Float64Array,
		aTransposed: 0 | 1,
		b: Float64Array,
		bTransposed: 0 | 1,
		rows: number,
		columns: number,
		inner: number,
		c: Float64Array,
	): void;
	/**
	 * With k = (gamma products + coefficient)^degree of products [rows, columns]: sums [rows, width] = k weights, weights
	 * [columns, width], and columnSums [columns] of k.
	 */
	kernelSums(
		products: Float32Array,
		rows: number,
		columns: number,
		degree: number,
		gamma: number,
		coefficient: number,
		weights: Float64Array,
		width: number,
		sums: Float64Array,
		columnSums: Float64Array,
	): void;
	/** result = the symmetric matrix whose lower triangle is that of `lower` over `divisor`; may be `lower` itself. */
	mirror(lower: Float64Array, size: number, divisor: number, result: Float64Array): void;
	/** The lower L of A = L L′, zeros above its diagonal; false where A is not positive definite. */
	cholesky(symmetric: Float64Array, size: number, lower: Float64Array): boolean;
	/** Eigenvalues of a symmetric A, ascending; false where they cannot be had. */
	eigenvalues(symmetric: Float64Array, size: number, values: Float64Array): boolean;
	/** Eigenvalues of L L′ S, ascending, L lower triangular and S symmetric; false where they cannot be had. */
	productEigenvalues(lower: Float64Array, symmetric: Float64Array, size: number, values: Float64Array): boolean;
}

let loaded: NativeFloat64 | undefined;

/** Computes with the addon of an engine from here on. */
export function useNativeFloat64(addon: NativeFloat64): void {
	loaded = addon;
}

/** Undefined where it is not installed or the engine computes on a GPU. */
export function nativeFloat64(): NativeFloat64 | undefined {
	return loaded;
}
