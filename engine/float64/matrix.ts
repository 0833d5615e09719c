/** Matrices of float64, and what is asked of them. */

import { nativeFloat64 } from "./native.ts";

/** `rows` × `columns` numbers, row after row. */
export interface Matrix {
	readonly rows: number;
	readonly columns: number;
	readonly data: Float64Array;
}

/** As `Matrix`, or in float32, as features come from a network. */
export interface Features {
	readonly rows: number;
	readonly columns: number;
	readonly data: Float64Array | Float32Array;
}

/** A matrix over `data` (not copied), or of zeros. */
export function matrix(rows: number, columns: number, data: Float64Array = new Float64Array(rows * columns)): Matrix {
	const fits = Number.isSafeInteger(rows) && Number.isSafeInteger(columns) && rows >= 0 && columns >= 0;
	if (!fits || data.length !== rows * columns) {
		throw new RangeError(`matrix: data must hold rows × columns values, got ${data.length} for ${rows} × ${columns}`);
	}
	return { rows, columns, data };
}

/** result = the symmetric matrix whose lower triangle is that of `lower` over `divisor`; may be `lower` itself. */
export function mirrorLower(lower: Float64Array, size: number, divisor: number, result: Float64Array): void {
	for (let top = 0; top < size; top += block) {
		for (let left = 0; left <= top; left += block) {
			for (let row = top; row < Math.min(size, top + block); row += 1) {
				for (let column = left; column < Math.min(row + 1, left + block); column += 1) {
					const value = (lower[row * size + column] as number) / divisor;
					result[row * size + column] = value;
					result[column * size + row] = value;
				}
			}
		}
	}
}

/** Side of a block of a matrix that is read along its columns. */
const block = 32;

export function largestSize(values: Float64Array): number {
	let largest = 0;
	for (let at = 0; at < values.length; at += 1) largest = Math.max(largest, Math.abs(values[at] as number));
	return largest;
}

export function requireSquare(where: string, a: Matrix): void {
	if (a.rows !== a.columns) throw new RangeError(`${where}: matrix must be square, got ${a.rows} × ${a.columns}`);
}

/** Rounding may make the two triangles differ in the last digits, not more: then the matrix is another one than meant. */
export function requireSymmetric(where: string, a: Matrix): void {
	requireSquare(where, a);
	requireFinite(where, a);
	const { rows: size, data } = a;
	if (nativeFloat64()?.isSymmetric(data, size, asymmetry)) return;
	let largest = 0;
	let apart = 0;
	for (let top = 0; top < size; top += block) {
		for (let left = 0; left <= top; left += block) {
			for (let row = top; row < Math.min(size, top + block); row += 1) {
				for (let column = left; column < Math.min(row + 1, left + block); column += 1) {
					const lower = data[row * size + column] as number;
					largest = Math.max(largest, Math.abs(lower));
					apart = Math.max(apart, Math.abs(lower - (data[column * size + row] as number)));
				}
			}
		}
	}
	if (apart > asymmetry * largest)
		throw new RangeError(`${where}: matrix must be symmetric, got triangles that differ by ${apart}`);
}

/** Gap between the two triangles of a symmetric matrix, over its largest value, that rounding may leave. */
const asymmetry = 1e-9;

export function requireFinite(where: string, { data }: Features): void {
	const at = firstNotFinite(data);
	if (at >= 0) throw new RangeError(`${where}: values must be finite, got ${data[at]}`);
}

/** -1 where all are finite. */
export function firstNotFinite(values: Float64Array | Float32Array): number {
	const good = nativeFloat64()?.allFinite(values) ?? allFinite(values);
	return good ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

/** Looks at the bits of the exponent, all ones where a value is not finite: that goes fastest. */
function allFinite(values: Float64Array | Float32Array): boolean {
	const single = values instanceof Float32Array;
	const words = new Int32Array(values.buffer, values.byteOffset, values.byteLength / Int32Array.BYTES_PER_ELEMENT);
	// The exponent is in the high word, the second one of a float64.
	const [step, exponent, last] = single ? [1, 0x7f800000, 0x00800000] : [2, 0x7ff00000, 0x00100000];
	let overflows = 0;
	for (let at = step - 1; at < words.length; at += step) overflows |= ((words[at] as number) & exponent) + last;
	return overflows >= 0;
}

export function finite(where: string, result: Matrix): Matrix {
	finiteValues(where, result.data);
	return result;
}

export function finiteValues(where: string, values: Float64Array): Float64Array {
	const at = firstNotFinite(values);
	if (at >= 0)
		throw new RangeError(`${where}: result must be finite, got ${values[at]}: the input's values are too large`);
	return values;
}
