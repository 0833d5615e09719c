import { covariance, type Moments } from "../engine/covariance.ts";
import { largestSize, type Matrix } from "../engine/float64/matrix.ts";
import {
	cholesky,
	matmul,
	nuclearNorm,
	productEigenvalues,
	symmetricEigen,
	symmetricEigenvalues,
	trace,
	transpose,
} from "../engine/linear-algebra.ts";
import { centredRows, columnMeans, requireFeatures } from "./feature-sets.ts";
import type { DistributionMetric, Features, Measurement, Resampling } from "./metric.ts";
import { linearReplicates } from "./statistics/bootstrap.ts";

/** Mean [d] and covariance [d, d] of a set of features. */
export interface Gaussian {
	readonly mean: Float64Array;
	readonly covariance: Matrix;
}

export interface FidOptions {
	/** What the value is multiplied by: 0.01 for the tables of papers that print FID/100. @default 1 */
	readonly scale?: number;
}

/**
 * Fréchet distance |μ₁ - μ₂|² + tr S₁ + tr S₂ - 2 tr (S₁ S₂)^½ between two feature sets, covariances with divisor N - 1
 * (Heusel et al., "GANs trained by a two time-scale update rule", 2017), all in float64.
 *
 * Where N > d, tr (S₁ S₂)^½ is the sum of the roots of the eigenvalues of the symmetric L' S₂ L, with S₁ = LL'. Where N ≤ d, or
 * a covariance is as good as singular, it is the nuclear norm of F₁ F₂', F the centred rows themselves: then no root of a singular matrix is taken, which in d × d form adds up to 1e-4.
 */
export function fid({ scale = 1 }: FidOptions = {}): DistributionMetric {
	return {
		kind: "distribution",
		id: "fid",
		better: "lower",
		unit: "",
		rows: "features",
		compares: "both",
		protocol: { ddof: 1, precision: "float64", scale },
		measure: (real, fake, resampling) => measure(real, fake, scale, resampling),
	};
}

function measure(real: Features, fake: Features, scale: number, resampling?: Resampling): Measurement {
	requireFeatures("fid", real, fake, 2);
	const power = extremePower(real, fake);
	if (power !== 0) return measure(timesPower(real, -power), timesPower(fake, -power), scale * 4 ** power, resampling);
	const sides = [sideOf(real), sideOf(fake)] as const;
	const value = scale * distance(...sides);
	if (value === Number.POSITIVE_INFINITY)
		throw new RangeError("fid: result must be finite, got Infinity: the features are too large");
	const fewest = Math.min(real.count, fake.count);
	const notes =
		fewest <= real.dimensions
			? [
					`fewer samples than dimensions (${fewest} ≤ ${real.dimensions}): the value is far above that of large sets; ` +
						"compare it with values of equal counts only",
				]
			: [];
	if (resampling === undefined) return { value, notes };
	const influence = influences(...sides, real, fake);
	const replicates = linearReplicates(
		value,
		influence.map((rows) => rows.map((row) => scale * row)),
		resampling,
	);
	return { value, notes, replicates, method: `linearised bootstrap, ${resampling.resamples} resamples` };
}

/** The power of two of the largest feature where products of features could overflow or vanish, which float32 cannot reach; else 0. */
function extremePower(...sets: readonly Features[]): number {
	const largest = Math.max(...sets.map(({ data }) => (data instanceof Float64Array ? largestSize(data) : 0)));
	return largest === 0 || (largest > 1e-60 && largest < 1e60) ? 0 : Math.floor(Math.log2(largest));
}

function timesPower(features: Features, power: number): Features {
	// In two steps: 2 ** 1030 is infinite.
	const [first, second] = [2 ** Math.floor(power / 2), 2 ** Math.ceil(power / 2)];
	return { ...features, data: features.data.map((value) => value * first * second) };
}

/**
 * Fréchet distance between two Gaussians given as mean and covariance. Singular covariances are no special case: then S₁ is
 * taken by its symmetric root R, negative eigenvalues as zeros, and tr (S₁ S₂)^½ from the eigenvalues of R S₂ R, as in the
 * reference libraries, whose roots of the zeros' rounding (some 1e-7) are kept so that values from the same file agree.
 */
export function frechetDistance(a: Gaussian, b: Gaussian): number {
	const sides = [gaussianSide(a), gaussianSide(b)] as const;
	if (sides.every(({ lower }) => lower !== undefined)) return distance(...sides);
	return joined(a.mean, b.mean, sides[0].trace + sides[1].trace, symmetricRootTrace(a.covariance, b.covariance));
}

function symmetricRootTrace(a: Matrix, b: Matrix): number {
	const { values, vectors } = symmetricEigen(a);
	const roots = values.map((value) => Math.sqrt(Math.max(0, value)));
	const root = matmul(scaledColumns(vectors, roots), vectors, { transposeB: true });
	const eigenvalues = symmetricEigenvalues(symmetrised(matmul(matmul(root, b), root)));
	return eigenvalues.reduce((total, value) => total + Math.sqrt(Math.max(0, value)), 0);
}

/** The mean of a matrix and its transpose: products of symmetric matrices differ from that by rounding. */
function symmetrised({ data, rows, columns }: Matrix): Matrix {
	const result = Float64Array.from(data, (value, at) => {
		const mirrored = (at % columns) * columns + Math.floor(at / columns);
		return (value + (data[mirrored] as number)) / 2;
	});
	return { data: result, rows, columns };
}

/** Fréchet distance between two streamed sets; the route for sets too large to hold. */
export function frechetDistanceOf(a: Moments, b: Moments): number {
	return distance(streamedSide(a), streamedSide(b));
}

function streamedSide(moments: Moments): Side {
	return gaussianSide({ mean: moments.mean(), covariance: moments.covariance() });
}

/** One side of the distance. */
interface Side {
	readonly mean: Float64Array;
	readonly trace: number;
	/** Where N > d. */
	readonly covariance?: Matrix;
	/** The Cholesky factor of the covariance, where that is well conditioned. */
	readonly lower?: Matrix | undefined;
	/** F [rank, d] with F'F = covariance. */
	readonly factor: Matrix;
}

/** Factors are made when they are first asked for: most distances need one side's alone. */
function gaussianSide({ mean, covariance }: Gaussian): Side {
	let lower: { readonly made: Matrix | undefined } | undefined;
	let factor: Matrix | undefined;
	return {
		mean,
		covariance,
		trace: trace(covariance),
		get lower() {
			lower ??= { made: definiteFactor(covariance) };
			return lower.made;
		},
		get factor() {
			factor ??= this.lower === undefined ? pivotedFactor(covariance) : transpose(this.lower);
			return factor;
		},
	};
}

function sideOf(features: Features): Side {
	if (features.count > features.dimensions) {
		const { count: rows, dimensions: columns, data } = features;
		return gaussianSide(covariance({ rows, columns, data }));
	}
	const mean = columnMeans(features);
	const factor = centredRows(features, mean, 1 / Math.sqrt(features.count - 1));
	return { mean, trace: squares(factor.data), factor };
}

function distance(a: Side, b: Side): number {
	return joined(a.mean, b.mean, a.trace + b.trace, rootTrace(a, b));
}

function joined(meanA: Float64Array, meanB: Float64Array, traces: number, root: number): number {
	let means = 0;
	for (let column = 0; column < meanA.length; column += 1) {
		means += ((meanA[column] as number) - (meanB[column] as number)) ** 2;
	}
	// A distance is never negative; rounding leaves some -1e-14 for equal sets.
	return Math.max(0, means + traces - 2 * root);
}

/** tr (S₁ S₂)^½: the roots of the eigenvalues of L₁' S₂ L₁, or the nuclear norm of F₁ F₂'. */
function rootTrace(a: Side, b: Side): number {
	if (b.covariance !== undefined && a.lower !== undefined) {
		const eigenvalues = productEigenvalues(a.lower, b.covariance);
		const largest = eigenvalues.reduce((most, value) => Math.max(most, value), 0);
		// A root of an eigenvalue λ carries the error ε λmax / √λ: below this ratio singular values are taken instead.
		if (eigenvalues.every((value) => value > leastRatio * largest)) {
			return eigenvalues.reduce((total, value) => total + Math.sqrt(value), 0);
		}
	}
	return nuclearNorm(matmul(a.factor, b.factor, { transposeB: true }));
}

/** The Cholesky factor, or undefined where the matrix is not positive definite, or so nearly not that digits are lost. */
function definiteFactor(covariance: Matrix): Matrix | undefined {
	try {
		const lower = cholesky(covariance);
		return wellConditioned(lower) ? lower : undefined;
	} catch (error) {
		if (error instanceof RangeError && error.message.includes("positive definite")) return undefined;
		throw error;
	}
}

function wellConditioned({ data, rows }: Matrix): boolean {
	let [least, most] = [Number.POSITIVE_INFINITY, 0];
	for (let index = 0; index < rows; index += 1) {
		const pivot = (data[index * rows + index] as number) ** 2;
		least = Math.min(least, pivot);
		most = Math.max(most, pivot);
	}
	return least > leastRatio * most;
}

/** Pivoted Cholesky (Higham, "Accuracy and stability", §10.3): rows of F until what is left is rounding. */
function pivotedFactor({ data, rows: size }: Matrix): Matrix {
	const left = Float64Array.from({ length: size }, (_, index) => data[index * size + index] as number);
	const tolerance = size * Number.EPSILON * left.reduce((most, value) => Math.max(most, value), 0);
	const factor: Float64Array[] = [];
	while (factor.length < size) {
		let pivot = 0;
		for (let index = 1; index < size; index += 1) {
			if ((left[index] as number) > (left[pivot] as number)) pivot = index;
		}
		const most = left[pivot] as number;
		if (!(most > tolerance)) break;
		const row = data.slice(pivot * size, (pivot + 1) * size);
		for (const earlier of factor) {
			const weight = earlier[pivot] as number;
			if (weight === 0) continue;
			for (let column = 0; column < size; column += 1) {
				row[column] = (row[column] as number) - weight * (earlier[column] as number);
			}
		}
		const root = Math.sqrt(most);
		for (let column = 0; column < size; column += 1) {
			const value = (row[column] as number) / root;
			row[column] = value;
			left[column] = (left[column] as number) - value * value;
		}
		left[pivot] = 0;
		factor.push(row);
	}
	if (factor.length === 0) factor.push(new Float64Array(size));
	const joined = new Float64Array(factor.length * size);
	for (const [index, row] of factor.entries()) joined.set(row, index * size);
	return { data: joined, rows: factor.length, columns: size };
}

/**
 * First-order influence of each row on the distance, per set: 2 (μ₁ - μ₂)·x + |x|² - x'T x for a centred row x, less its
 * mean, where T = F₂'(F₂ S₁ F₂')^-½ F₂ is the optimal map from the first Gaussian to the second.
 */
function influences(a: Side, b: Side, real: Features, fake: Features): [Float64Array, Float64Array] {
	if (a.factor.rows < b.factor.rows) {
		const [second, first] = influences(b, a, fake, real);
		return [first, second];
	}
	const product = matmul(a.factor, b.factor, { transposeB: true }); // [rank a, rank b]
	const { values, vectors } = symmetricEigen(matmul(product, product, { transposeA: true }));
	const largest = values.reduce((most, value) => Math.max(most, value), 0);
	const power = (exponent: number) =>
		values.map((value) => (value > noise * largest && value > 0 ? value ** exponent : 0));
	const mapA = matmul(b.factor, scaledColumns(vectors, power(-1 / 4)), { transposeA: true });
	const mapB = matmul(a.factor, matmul(product, scaledColumns(vectors, power(-3 / 4))), { transposeA: true });
	return [influence(real, a.mean, b.mean, mapA), influence(fake, b.mean, a.mean, mapB)];
}

function influence(features: Features, own: Float64Array, other: Float64Array, map: Matrix): Float64Array {
	const centred = centredRows(features, own);
	const mapped = matmul(centred, map);
	const values = Float64Array.from({ length: features.count }, (_, row) => {
		let value = 0;
		for (let column = 0; column < features.dimensions; column += 1) {
			const x = centred.data[row * features.dimensions + column] as number;
			value += x * x + 2 * x * ((own[column] as number) - (other[column] as number));
		}
		for (let column = 0; column < map.columns; column += 1) {
			value -= (mapped.data[row * map.columns + column] as number) ** 2;
		}
		return value;
	});
	const mean = values.reduce((total, value) => total + value, 0) / values.length;
	return values.map((value) => value - mean);
}

function scaledColumns({ data, rows, columns }: Matrix, scales: Float64Array): Matrix {
	return { data: data.map((value, at) => value * (scales[at % columns] as number)), rows, columns };
}

function squares(values: Float64Array): number {
	return values.reduce((total, value) => total + value * value, 0);
}

/** Below this ratio to the largest, a pivot or an eigenvalue has lost half its digits. */
const leastRatio = 1e-11;

/** Eigenvalues below this ratio are rounding of a zero. */
const noise = 1e-14;
