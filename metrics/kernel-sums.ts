/** Sums of a polynomial kernel over parts of two sets: what KID is made of. */

import type { Matrix } from "../engine/float64/matrix.ts";
import { matmul, native64 } from "../engine/linear-algebra.ts";
import { gather, productsWith, type Rows, slice } from "./kernel-rows.ts";
import type { Features } from "./metric.ts";

/** Row numbers of the real and of the fake set that make one estimate. */
export type Part = readonly [real: Int32Array, fake: Int32Array];

/** Sums of one part's kernel matrices, and their diagonals. */
export interface PartSums {
	readonly m: number;
	readonly n: number;
	xx: number;
	yy: number;
	xy: number;
	diagonalX: number;
	diagonalY: number;
	diagonalXY: number;
}

export interface Kernel {
	readonly degree: number;
	readonly gamma: number;
	readonly coefficient: number;
}

/** Mean kernel value of each row with the other rows of its set (off the diagonal), and with the rows of the other. */
interface Sums {
	readonly parts: PartSums[];
	readonly rowsXX: Float64Array;
	readonly rowsXY: Float64Array;
	readonly rowsYY: Float64Array;
	readonly rowsYX: Float64Array;
}

/**
 * Kernel sums of every part. One whole kernel matrix serves all parts where that is less work than a matrix per part:
 * it is made tile by tile, and each tile multiplied by the parts' indicator columns.
 */
export function kernelSums(x: Rows, y: Rows, parts: readonly Part[], kernel: Kernel, paired: boolean): Sums {
	const work = parts.reduce((total, [a, b]) => total + (a.length + b.length) ** 2, 0);
	const shared = parts.length > 1 && work > (x.rows + y.rows) ** 2;
	const diagonalX = diagonal(x, kernel);
	const diagonalY = diagonal(y, kernel);
	const sums = parts.map(([a, b]): PartSums => {
		const diagonalXY = paired && a.length === b.length ? pairedDiagonal(x, a, y, b, kernel) : 0;
		const [inX, inY] = [gatherSum(diagonalX, a), gatherSum(diagonalY, b)];
		return { m: a.length, n: b.length, xx: 0, yy: 0, xy: 0, diagonalX: inX, diagonalY: inY, diagonalXY };
	});
	const rows = {
		xx: new RowMeans(x.rows),
		xy: new RowMeans(x.rows),
		yy: new RowMeans(y.rows),
		yx: new RowMeans(y.rows),
	};
	if (shared) {
		const inX = indicators(
			parts.map(([a]) => a),
			x.rows,
		);
		const inY = indicators(
			parts.map(([, b]) => b),
			y.rows,
		);
		const add = (key: "xx" | "yy" | "xy", totals: Float64Array) => {
			for (const [part, sum] of sums.entries()) sum[key] += totals[part] as number;
		};
		add("xx", tiled(x, x, inX, inX, kernel, rows.xx, rows.xx));
		add("yy", tiled(y, y, inY, inY, kernel, rows.yy, rows.yy));
		add("xy", tiled(x, y, inX, inY, kernel, rows.xy, rows.yx));
		rows.xx.leaveOut(diagonalX);
		rows.yy.leaveOut(diagonalY);
	} else {
		for (const [index, [a, b]] of parts.entries()) {
			const sum = sums[index] as PartSums;
			const [partX, partY] = [gather(x, a), gather(y, b)];
			sum.xx = whole(partX, partX, kernel, rows.xx, a);
			sum.yy = whole(partY, partY, kernel, rows.yy, b);
			sum.xy = whole(partX, partY, kernel, rows.xy, a, rows.yx, b);
			rows.xx.leaveOut(diagonalX, a);
			rows.yy.leaveOut(diagonalY, b);
		}
	}
	return {
		parts: sums,
		rowsXX: rows.xx.means(),
		rowsXY: rows.xy.means(),
		rowsYY: rows.yy.means(),
		rowsYX: rows.yx.means(),
	};
}

/** Mean kernel value per row over what was computed of it; rows never met take the mean of the others. */
class RowMeans {
	readonly #totals: Float64Array;
	readonly #counts: Float64Array;

	constructor(rows: number) {
		this.#totals = new Float64Array(rows);
		this.#counts = new Float64Array(rows);
	}

	add(row: number, total: number, count: number): void {
		this.#totals[row] = (this.#totals[row] as number) + total;
		this.#counts[row] = (this.#counts[row] as number) + count;
	}

	/** Takes the diagonal value out of each row, or of the rows named. */
	leaveOut(diagonal: Float64Array, rows?: Int32Array): void {
		if (rows !== undefined) for (const row of rows) this.add(row, -(diagonal[row] as number), -1);
		else for (const [row, value] of diagonal.entries()) this.add(row, -value, -1);
	}

	means(): Float64Array {
		const met = this.#totals.map((total, row) => total / (this.#counts[row] as number));
		const known = met.filter(Number.isFinite);
		const centre = known.length === 0 ? 0 : known.reduce((total, one) => total + one, 0) / known.length;
		return met.map((value) => (Number.isFinite(value) ? value : centre));
	}
}

/** Sum of the kernel over a × b; its row (and column) sums go to the means of the rows numbered. */
function whole(
	a: Rows,
	b: Rows,
	kernel: Kernel,
	rowMeans: RowMeans,
	rowNumbers: Int32Array,
	columnMeans?: RowMeans,
	columnNumbers?: Int32Array,
): number {
	using right = productsWith(b);
	const { data } = kernelOf({ data: new Float64Array(right.of(a)), rows: a.rows, columns: b.rows }, kernel);
	const columns = new Float64Array(b.rows);
	let total = 0;
	for (let row = 0, at = 0; row < a.rows; row += 1) {
		let sum = 0;
		for (let column = 0; column < b.rows; column += 1, at += 1) {
			const value = data[at] as number;
			sum += value;
			columns[column] = (columns[column] as number) + value;
		}
		total += sum;
		rowMeans.add(rowNumbers[row] as number, sum, b.rows);
	}
	if (columnMeans !== undefined && columnNumbers !== undefined) {
		for (const [column, sum] of columns.entries()) columnMeans.add(columnNumbers[column] as number, sum, a.rows);
	}
	return total;
}

/**
 * Sum of the kernel over every part's rows of a × its rows of b. The last indicator column is one everywhere, so that
 * row sums come with the rest. Where a is b, a tile below the diagonal is the mirror image of one above.
 */
function tiled(
	a: Rows,
	b: Rows,
	inA: Matrix,
	inB: Matrix,
	kernel: Kernel,
	rowMeans: RowMeans,
	columnMeans: RowMeans,
): Float64Array {
	const width = inA.columns;
	const totals = new Float64Array(width - 1);
	for (let left = 0; left < b.rows; left += tile) {
		const columns = slice(b, left, left + tile);
		const columnsIn = slice(inB, left, left + tile);
		using products = productsWith(columns);
		// Where a is b, tiles below the diagonal are left out.
		for (let top = 0; top < (a === b ? left + 1 : a.rows); top += tile) {
			const rows = slice(a, top, top + tile);
			const rowsIn = slice(inA, top, top + tile);
			const mirrored = a === b && left > top;
			const { sums, below } = tileSums(products.of(rows), rows.rows, columns.rows, kernel, columnsIn);
			for (let row = 0, at = 0; row < rows.rows; row += 1) {
				for (let part = 0; part < width - 1; part += 1, at += 1) {
					const one = (sums[at] as number) * (rowsIn.data[at] as number);
					totals[part] = (totals[part] as number) + (mirrored ? 2 * one : one);
				}
				rowMeans.add(top + row, sums[at] as number, columns.rows);
				at += 1;
			}
			if (a !== b || mirrored) {
				for (const [column, sum] of below.entries()) columnMeans.add(left + column, sum, rows.rows);
			}
		}
	}
	return totals;
}

/** Sums over a tile's kernel matrix k [rows, columns]: k · weights [rows, width], and those of its columns. */
function tileSums(
	products: Features["data"],
	rows: number,
	columns: number,
	kernel: Kernel,
	weights: Matrix,
): { readonly sums: Float64Array; readonly below: Float64Array } {
	const native = native64();
	if (native !== undefined && products instanceof Float32Array) {
		const [sums, below] = [new Float64Array(rows * weights.columns), new Float64Array(columns)];
		const { degree, gamma, coefficient } = kernel;
		const width = weights.columns;
		native.kernelSums(products, rows, columns, degree, gamma, coefficient, weights.data, width, sums, below);
		return { sums, below };
	}
	const block = kernelOf({ data: new Float64Array(products), rows, columns }, kernel);
	return { sums: matmul(block, weights).data, below: columnSums(block) };
}

function columnSums({ data, rows, columns }: Matrix): Float64Array {
	const sums = new Float64Array(columns);
	for (let row = 0, at = 0; row < rows; row += 1) {
		for (let column = 0; column < columns; column += 1, at += 1) {
			sums[column] = (sums[column] as number) + (data[at] as number);
		}
	}
	return sums;
}

/** Turns inner products into kernel values in place. */
function kernelOf(products: Matrix, { degree, gamma, coefficient }: Kernel): Matrix {
	const { data } = products;
	for (let at = 0; at < data.length; at += 1) {
		const base = gamma * (data[at] as number) + coefficient;
		let value = base;
		for (let power = 1; power < degree; power += 1) value *= base;
		data[at] = value;
	}
	return products;
}

function diagonal({ data, rows, columns }: Rows, kernel: Kernel): Float64Array {
	const products = Float64Array.from({ length: rows }, (_, row) =>
		dot(data, row * columns, data, row * columns, columns),
	);
	return kernelOf({ data: products, rows, columns: 1 }, kernel).data;
}

function pairedDiagonal(x: Rows, a: Int32Array, y: Rows, b: Int32Array, kernel: Kernel): number {
	const products = Float64Array.from(a, (row, at) =>
		dot(x.data, row * x.columns, y.data, (b[at] as number) * y.columns, x.columns),
	);
	return kernelOf({ data: products, rows: a.length, columns: 1 }, kernel).data.reduce((total, one) => total + one, 0);
}

function dot(a: Features["data"], fromA: number, b: Features["data"], fromB: number, length: number): number {
	let total = 0;
	for (let at = 0; at < length; at += 1) total += (a[fromA + at] as number) * (b[fromB + at] as number);
	return total;
}

/** Column per part, 1 where it has the row, and a last column of ones. */
function indicators(parts: readonly Int32Array[], rows: number): Matrix {
	const columns = parts.length + 1;
	const data = new Float64Array(rows * columns);
	for (const [part, numbers] of parts.entries()) for (const row of numbers) data[row * columns + part] = 1;
	for (let row = 0; row < rows; row += 1) data[row * columns + columns - 1] = 1;
	return { data, rows, columns };
}

function gatherSum(values: Float64Array, numbers: Int32Array): number {
	let total = 0;
	for (const row of numbers) total += values[row] as number;
	return total;
}

/** Rows of a tile: its products fit the cache of one core, and few enough calls remain. */
const tile = 1024;
