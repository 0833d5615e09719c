import { type Matrix, matmul } from "../engine/linear-algebra.ts";
import type { Features } from "./metric.ts";

/**
 * Mean and scatter of feature rows in float64, added batch by batch or merged (Chan, Golub and LeVeque, "Updating
 * formulae", 1979). Each batch is centred on its own mean first, so large means cost no digits, and the memory is
 * d² whatever the number of rows.
 */
export class Moments {
	readonly dimensions: number;
	#count = 0;
	readonly #mean: Float64Array;
	readonly #scatter: Float64Array;

	constructor(dimensions: number) {
		this.dimensions = dimensions;
		this.#mean = new Float64Array(dimensions);
		this.#scatter = new Float64Array(dimensions * dimensions);
	}

	static of(features: Features): Moments {
		const moments = new Moments(features.dimensions);
		for (let start = 0; start < features.count; start += rowsPerBatch) {
			moments.add(rows(features, start, Math.min(features.count, start + rowsPerBatch)));
		}
		return moments;
	}

	get count(): number {
		return this.#count;
	}

	get mean(): Float64Array {
		return this.#mean;
	}

	/** Covariance [d, d] with divisor count - 1. Throws below two rows. */
	covariance(): Matrix {
		if (this.#count < 2) throw new RangeError(`covariance: needs at least 2 rows, got ${this.#count}`);
		const divisor = this.#count - 1;
		return {
			data: this.#scatter.map((value) => value / divisor),
			rows: this.dimensions,
			columns: this.dimensions,
		};
	}

	/** Adds rows; their order and how they are cut into batches matter only by rounding. */
	add(batch: Features): void {
		if (batch.dimensions !== this.dimensions) {
			throw new RangeError(`moments: rows must have ${this.dimensions} values, got ${batch.dimensions}`);
		}
		if (batch.count === 0) return;
		const mean = columnMeans(batch);
		const centred = centredRows(batch, mean);
		this.#combine(batch.count, mean, matmul(centred, centred, true, false).data);
	}

	merge(other: Moments): void {
		if (other.dimensions !== this.dimensions) {
			throw new RangeError(`moments: must have ${this.dimensions} dimensions, got ${other.dimensions}`);
		}
		this.#combine(other.#count, other.#mean, other.#scatter);
	}

	#combine(count: number, mean: Float64Array, scatter: Float64Array): void {
		const total = this.#count + count;
		if (total === 0) return;
		const shift = mean.map((value, column) => value - (this.#mean[column] as number));
		const weight = (this.#count * count) / total;
		for (let row = 0, at = 0; row < this.dimensions; row += 1) {
			const scaled = weight * (shift[row] as number);
			for (let column = 0; column < this.dimensions; column += 1, at += 1) {
				this.#scatter[at] =
					(this.#scatter[at] as number) + (scatter[at] as number) + scaled * (shift[column] as number);
			}
		}
		for (let column = 0; column < this.dimensions; column += 1) {
			this.#mean[column] = (this.#mean[column] as number) + ((shift[column] as number) * count) / total;
		}
		this.#count = total;
	}
}

/** Rows `start` to `end` of a feature matrix, not copied. */
export function rows(features: Features, start: number, end: number): Features {
	const { dimensions } = features;
	return { data: features.data.subarray(start * dimensions, end * dimensions), count: end - start, dimensions };
}

/** Mean of each column, in float64. */
export function columnMeans({ data, count, dimensions }: Features): Float64Array {
	const mean = new Float64Array(dimensions);
	for (let row = 0, at = 0; row < count; row += 1) {
		for (let column = 0; column < dimensions; column += 1, at += 1) {
			mean[column] = (mean[column] as number) + (data[at] as number);
		}
	}
	return mean.map((value) => value / count);
}

/** Rows less `mean`, times `scale`, in float64: [count, d]. */
export function centredRows({ data, count, dimensions }: Features, mean: Float64Array, scale = 1): Matrix {
	const centred = new Float64Array(count * dimensions);
	for (let row = 0, at = 0; row < count; row += 1) {
		for (let column = 0; column < dimensions; column += 1, at += 1) {
			centred[at] = ((data[at] as number) - (mean[column] as number)) * scale;
		}
	}
	return { data: centred, rows: count, columns: dimensions };
}

/** Throws unless both sets have rows of one length and finite values only. `metric` and the sets are named. */
export function requireFeatures(metric: string, real: Features, fake: Features, least: number): void {
	if (real.dimensions !== fake.dimensions) {
		throw new RangeError(
			`${metric}: real and fake rows must have equal lengths, got ${real.dimensions} and ${fake.dimensions}`,
		);
	}
	requireRows(metric, "real", real, least);
	requireRows(metric, "fake", fake, least);
}

/** Throws unless a set has at least `least` rows of finite values. */
export function requireRows(metric: string, name: string, { data, count, dimensions }: Features, least: number): void {
	if (count < least) throw new RangeError(`${metric}: ${name} must have at least ${least} rows, got ${count}`);
	for (let at = 0; at < data.length; at += 1) {
		if (!Number.isFinite(data[at])) {
			const row = Math.floor(at / dimensions);
			throw new RangeError(`${metric}: ${name} features must be finite, got ${data[at]} in row ${row}`);
		}
	}
}

/** Large enough for a fast matrix product, small enough that a batch's float64 copy stays below 80 MB at d = 2048. */
const rowsPerBatch = 4096;
