import { largestSize } from "./matrix.ts";

/** QL needs two or three rounds per eigenvalue; one that needs this many will never end. */
const mostRounds = 60;

/**
 * Eigenvalues of the symmetric tridiagonal matrix with `diagonal` and the values `beside` it, by implicit QL with
 * Wilkinson's shift. `diagonal` is overwritten by the eigenvalues, in no order; each row of `rows` (square, where given) is a
 * vector that turns with them.
 */
export function tridiagonalEigenvalues(diagonal: Float64Array, beside: Float64Array, rows?: Float64Array): void {
	const size = diagonal.length;
	const d = diagonal;
	const e = new Float64Array(size);
	e.set(beside);
	const largest = Math.max(largestSize(d), largestSize(e));
	// Rounding alone puts this much into every value of a block that holds the largest: smaller ones say nothing.
	const nothing = Number.EPSILON * largest;
	for (let low = 0; low < size; low += 1) {
		for (let round = 0; ; round += 1) {
			const high = endOfBlock(d, e, low, nothing);
			if (high === low) break;
			if (round === mostRounds) throw new Error(`internal: eigenvalue ${low} did not converge in ${mostRounds} rounds`);
			chase(d, e, low, high, rows, size);
		}
	}
}

/** The last index of the unreduced block that starts at `low`. */
function endOfBlock(d: Float64Array, e: Float64Array, low: number, nothing: number): number {
	let high = low;
	for (; high + 1 < d.length; high += 1) {
		const around = Math.abs(d[high] as number) + Math.abs(d[high + 1] as number);
		if (Math.abs(e[high] as number) <= Math.max(Number.EPSILON * around, nothing)) break;
	}
	return high;
}

/** One round: the shift goes in at `high` and the bulge is driven up to `low`. */
function chase(
	d: Float64Array,
	e: Float64Array,
	low: number,
	high: number,
	rows: Float64Array | undefined,
	size: number,
): void {
	const next = d[low + 1] as number;
	const first = d[low] as number;
	const off = e[low] as number;
	const ratio = (next - first) / (2 * off);
	const root = Math.hypot(ratio, 1);
	let g = (d[high] as number) - first + off / (ratio + (ratio >= 0 ? root : -root));
	let sine = 1;
	let cosine = 1;
	let shift = 0;
	for (let index = high - 1; index >= low; index -= 1) {
		const f = sine * (e[index] as number);
		const b = cosine * (e[index] as number);
		const length = Math.hypot(f, g);
		e[index + 1] = length;
		if (length === 0) {
			// The rotation is lost to underflow: the block falls apart here.
			d[index + 1]! -= shift;
			e[high] = 0;
			return;
		}
		sine = f / length;
		cosine = g / length;
		g = (d[index + 1] as number) - shift;
		const turned = ((d[index] as number) - g) * sine + 2 * cosine * b;
		shift = sine * turned;
		d[index + 1] = g + shift;
		g = cosine * turned - b;
		if (rows !== undefined) rotate(rows, size, index, cosine, sine);
	}
	d[low]! -= shift;
	e[low] = g;
	e[high] = 0;
}

/** Turns rows `index` and `index + 1` of `rows`. */
function rotate(rows: Float64Array, size: number, index: number, cosine: number, sine: number): void {
	const upper = index * size;
	const lower = upper + size;
	for (let k = 0; k < size; k += 1) {
		const above = rows[upper + k] as number;
		const below = rows[lower + k] as number;
		rows[lower + k] = sine * above + cosine * below;
		rows[upper + k] = cosine * above - sine * below;
	}
}
