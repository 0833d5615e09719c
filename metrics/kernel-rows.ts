/** Rows of two sets and their inner products, in float32 or in float64. */
import type { Matrix } from "../engine/float64/matrix.ts";
import { InnerProducts } from "../engine/inner-products.ts";
import { matmul } from "../engine/linear-algebra.ts";
import type { Features } from "./metric.ts";

/** `rows` × `columns` numbers. */
export interface RowsOf<Data> {
	readonly data: Data;
	readonly rows: number;
	readonly columns: number;
}

/** Rows of both sets in float64, or of both in float32 where their products are to be made in that. */
export type Rows = RowsOf<Features["data"]>;

/** The rows numbered, in their order. */
export function gather({ data, columns }: Rows, numbers: Int32Array): Rows {
	const size = numbers.length * columns;
	const gathered = data instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
	for (const [to, from] of numbers.entries()) {
		gathered.set(data.subarray(from * columns, (from + 1) * columns), to * columns);
	}
	return { data: gathered, rows: numbers.length, columns };
}

/** Rows `start` to `end`, not copied. */
export function slice<Data extends Features["data"]>(all: RowsOf<Data>, start: number, end: number): RowsOf<Data> {
	const last = Math.min(end, all.rows);
	const data = all.data.subarray(start * all.columns, last * all.columns) as Data;
	return { data, rows: last - start, columns: all.columns };
}

export interface Products extends Disposable {
	/** Inner products with the rows of `left`, [left.rows, right.rows]. */
	of(left: Rows): Features["data"];
}

/** The inner products of rows with those of `right`, which are uploaded once. */
export function productsWith(right: Rows): Products {
	const { data, rows, columns } = right;
	if (data instanceof Float32Array) {
		const products = new InnerProducts(data, rows, columns);
		return {
			of: (left) => products.of(left.data as Float32Array, left.rows),
			[Symbol.dispose]: () => products[Symbol.dispose](),
		};
	}
	return {
		of: (left) => matmul(left as Matrix, { data, rows, columns }, { transposeB: true }).data,
		[Symbol.dispose]() {},
	};
}

/**
 * Both sets as matrices. The products of large sets of float32 rows are made in float32: an inner product is then off by some
 * 1e-7 of itself, at random, which a sum over millions of kernel values averages to about 1e-9. Everything else is float64.
 */
export function rowsFor(real: Features, fake: Features): [Rows, Rows] {
	const work = (real.count + fake.count) ** 2 * real.dimensions;
	const large = work >= largeWork && real.data instanceof Float32Array && fake.data instanceof Float32Array;
	const rows = ({ data, count, dimensions }: Features): Rows => ({
		data: large || data instanceof Float64Array ? data : new Float64Array(data),
		rows: count,
		columns: dimensions,
	});
	return [rows(real), rows(fake)];
}

/** Multiplications from which float64 products take more than seconds: 2 × 2,048 rows of 2,048. */
const largeWork = 2 ** 35;
