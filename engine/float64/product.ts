/** Side of the blocks that are worked on while they lie in the processor's cache: 64 × 256 float64 are 128 KB. */
const rowBlock = 64;
const innerBlock = 256;

/**
 * result[rows, columns] = A[rows, inner] · B[columns, inner]′, all row-major. Both operands are read along their rows, four rows
 * of each at once, so every value read is used four times.
 */
export function multiplyByTransposed(
	a: Float64Array,
	b: Float64Array,
	rows: number,
	columns: number,
	inner: number,
	result: Float64Array,
): void {
	for (let start = 0; start < inner; start += innerBlock) {
		const end = Math.min(inner, start + innerBlock);
		for (let top = 0; top < rows; top += rowBlock) {
			const bottom = Math.min(rows, top + rowBlock);
			let column = 0;
			for (; column + 4 <= columns; column += 4) {
				let row = top;
				for (; row + 2 <= bottom; row += 2) twoByFour(a, b, row, column, columns, inner, start, end, result);
				for (; row < bottom; row += 1) {
					for (let one = column; one < column + 4; one += 1)
						oneByOne(a, b, row, one, columns, inner, start, end, result);
				}
			}
			for (; column < columns; column += 1) {
				for (let row = top; row < bottom; row += 1) oneByOne(a, b, row, column, columns, inner, start, end, result);
			}
		}
	}
}

function twoByFour(
	a: Float64Array,
	b: Float64Array,
	row: number,
	column: number,
	columns: number,
	inner: number,
	start: number,
	end: number,
	result: Float64Array,
): void {
	const a0 = row * inner;
	const a1 = a0 + inner;
	const b0 = column * inner;
	const b1 = b0 + inner;
	const b2 = b1 + inner;
	const b3 = b2 + inner;
	let s00 = 0;
	let s01 = 0;
	let s02 = 0;
	let s03 = 0;
	let s10 = 0;
	let s11 = 0;
	let s12 = 0;
	let s13 = 0;
	for (let k = start; k < end; k += 1) {
		const x0 = a[a0 + k] as number;
		const x1 = a[a1 + k] as number;
		const y0 = b[b0 + k] as number;
		const y1 = b[b1 + k] as number;
		const y2 = b[b2 + k] as number;
		const y3 = b[b3 + k] as number;
		s00 += x0 * y0;
		s01 += x0 * y1;
		s02 += x0 * y2;
		s03 += x0 * y3;
		s10 += x1 * y0;
		s11 += x1 * y1;
		s12 += x1 * y2;
		s13 += x1 * y3;
	}
	const top = row * columns + column;
	const under = top + columns;
	result[top]! += s00;
	result[top + 1]! += s01;
	result[top + 2]! += s02;
	result[top + 3]! += s03;
	result[under]! += s10;
	result[under + 1]! += s11;
	result[under + 2]! += s12;
	result[under + 3]! += s13;
}

function oneByOne(
	a: Float64Array,
	b: Float64Array,
	row: number,
	column: number,
	columns: number,
	inner: number,
	start: number,
	end: number,
	result: Float64Array,
): void {
	let sum = 0;
	for (let k = start; k < end; k += 1) sum += (a[row * inner + k] as number) * (b[column * inner + k] as number);
	result[row * columns + column]! += sum;
}

/** result[columns, rows] = A[rows, columns]′, in blocks so that both sides stay in cache. */
export function transposeInto(a: Float64Array, rows: number, columns: number, result: Float64Array): void {
	const block = 32;
	for (let top = 0; top < rows; top += block) {
		for (let left = 0; left < columns; left += block) {
			for (let row = top; row < Math.min(rows, top + block); row += 1) {
				for (let column = left; column < Math.min(columns, left + block); column += 1) {
					result[column * rows + row] = a[row * columns + column] as number;
				}
			}
		}
	}
}
