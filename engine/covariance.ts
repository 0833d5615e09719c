import { type Features, finite, type Matrix, matrix, mirrorLower, requireFinite } from "./float64/matrix.ts";
import { gram, native64 } from "./linear-algebra.ts";

/** Mean and covariance of features [rows, columns] in float64, divided by rows - 1. Needs two rows or more. */
export function covariance(features: Features): { readonly mean: Float64Array; readonly covariance: Matrix } {
	const moments = new Moments(features.columns);
	moments.add(features);
	return { mean: moments.mean(), covariance: moments.spend() };
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
	/** Sum of (row - mean)(row - mean)′ over the blocks that are done; the lower triangle alone. */
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
			if (taken === blockRows) {
				this.#take(features.data.subarray(row * this.columns, (row + taken) * this.columns), taken);
				row += taken;
				continue;
			}
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
		return this.#covariance(new Float64Array(this.columns ** 2));
	}

	/** The covariance in the memory of the moments, which are without rows from here on. */
	spend(): Matrix {
		const covariance = this.#covariance(this.#scatter);
		this.#count = 0;
		this.#mean = new Float64Array(this.columns);
		this.#scatter = new Float64Array(this.columns ** 2);
		return covariance;
	}

	#covariance(to: Float64Array): Matrix {
		this.#close();
		if (this.#count < 2) throw new RangeError(`moments: covariance must have two rows or more, got ${this.#count}`);
		const mirror = native64()?.mirror ?? mirrorLower;
		mirror(this.#scatter, this.columns, this.#count - 1, to);
		return finite("covariance", matrix(this.columns, this.columns, to));
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
		this.#take(this.#block.subarray(0, rows * this.columns), rows);
	}

	/** Takes a block of rows. */
	#take(data: Features["data"], rows: number): void {
		const { columns } = this;
		const native = native64();
		if (native !== undefined) {
			native.addMoments(data, rows, columns, this.#count, this.#mean, this.#scatter);
			this.#count += rows;
			return;
		}
		const mean = new Float64Array(columns);
		for (let row = 0, at = 0; row < rows; row += 1) {
			for (let column = 0; column < columns; column += 1, at += 1) mean[column]! += data[at]!;
		}
		for (let column = 0; column < columns; column += 1) mean[column]! /= rows;
		const centred = new Float64Array(data);
		for (let row = 0, at = 0; row < rows; row += 1) {
			for (let column = 0; column < columns; column += 1, at += 1) centred[at]! -= mean[column]!;
		}
		this.#join(rows, mean, gram(matrix(rows, columns, centred)).data);
	}

	/** Adds `count` rows of which the mean and the scatter about it are given. */
	#join(count: number, mean: Float64Array, scatter: Float64Array): void {
		if (count === 0) return;
		const total = this.#count + count;
		const { columns } = this;
		const apart = mean.map((value, column) => value - this.#mean[column]!);
		const weight = (this.#count / total) * count;
		for (let row = 0; row < columns; row += 1) {
			const scaled = weight * apart[row]!;
			const from = row * columns;
			for (let column = 0; column <= row; column += 1) {
				this.#scatter[from + column]! += scaled * apart[column]! + scatter[from + column]!;
			}
		}
		for (let column = 0; column < columns; column += 1) this.#mean[column]! += (apart[column]! * count) / total;
		this.#count = total;
	}
}
