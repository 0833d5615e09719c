/**
 * Means of two planes over a moving window, row by row. Both windows are separable: the uniform one is kept as running
 * sums (constant work a pixel whatever its size), the Gaussian one folds its mirrored taps. Four moments are filtered in
 * place of five: only x² + y² is needed of the squares.
 */
import type { Plane } from "./planes.ts";

/** Receives one row of means: of x, of y, of x² + y², of x y. */
export type RowSink = (
	row: number,
	meanX: Float64Array,
	meanY: Float64Array,
	squares: Float64Array,
	products: Float64Array,
) => void;

/** Window means by running sums: down the columns, then along the row. */
export function uniformMoments(x: Plane, y: Plane, size: number, sink: RowSink): void {
	const { width, height } = x;
	const out = width - size + 1;
	const [a, b] = [x.data, y.data];
	const columnX = new Float64Array(width);
	const columnY = new Float64Array(width);
	const columnS = new Float64Array(width);
	const columnP = new Float64Array(width);
	const rowX = new Float64Array(out);
	const rowY = new Float64Array(out);
	const rowS = new Float64Array(out);
	const rowP = new Float64Array(out);
	const scale = 1 / (size * size);
	for (let row = 0; row < height; row += 1) {
		const enter = row * width;
		const leave = enter - size * width;
		for (let at = 0; at < width; at += 1) {
			const p = a[enter + at] as number;
			const q = b[enter + at] as number;
			// Nothing leaves while the first window still fills.
			const r = leave < 0 ? 0 : (a[leave + at] as number);
			const s = leave < 0 ? 0 : (b[leave + at] as number);
			columnX[at] = (columnX[at] as number) + p - r;
			columnY[at] = (columnY[at] as number) + q - s;
			columnS[at] = (columnS[at] as number) + (p * p + q * q) - (r * r + s * s);
			columnP[at] = (columnP[at] as number) + p * q - r * s;
		}
		if (row < size - 1) continue;
		let [sumX, sumY, sumS, sumP] = [0, 0, 0, 0];
		for (let at = 0; at < size; at += 1) {
			sumX += columnX[at] as number;
			sumY += columnY[at] as number;
			sumS += columnS[at] as number;
			sumP += columnP[at] as number;
		}
		rowX[0] = sumX * scale;
		rowY[0] = sumY * scale;
		rowS[0] = sumS * scale;
		rowP[0] = sumP * scale;
		for (let at = 1; at < out; at += 1) {
			const last = at + size - 1;
			sumX += (columnX[last] as number) - (columnX[at - 1] as number);
			sumY += (columnY[last] as number) - (columnY[at - 1] as number);
			sumS += (columnS[last] as number) - (columnS[at - 1] as number);
			sumP += (columnP[last] as number) - (columnP[at - 1] as number);
			rowX[at] = sumX * scale;
			rowY[at] = sumY * scale;
			rowS[at] = sumS * scale;
			rowP[at] = sumP * scale;
		}
		sink(row - size + 1, rowX, rowY, rowS, rowP);
	}
}

/** The taps of a normalised Gaussian of odd size. */
export function gaussianTaps(size: number, sigma: number): Float64Array {
	if (!(sigma > 0)) throw new RangeError(`window: sigma must be above 0, got ${sigma}`);
	const centre = (size - 1) / 2;
	const taps = Float64Array.from({ length: size }, (_, at) => Math.exp(-((at - centre) ** 2) / (2 * sigma ** 2)));
	const sum = taps.reduce((total, tap) => total + tap, 0);
	return taps.map((tap) => tap / sum);
}

/** Window means under a Gaussian: folded taps down the columns, then along the row. */
export function gaussianMoments(x: Plane, y: Plane, taps: Float64Array, sink: RowSink): void {
	const { width, height } = x;
	const size = taps.length;
	const out = width - size + 1;
	const [a, b] = [x.data, y.data];
	const s = new Float64Array(a.length);
	const p = new Float64Array(a.length);
	for (let at = 0; at < a.length; at += 1) {
		const [u, v] = [a[at] as number, b[at] as number];
		s[at] = u * u + v * v;
		p[at] = u * v;
	}
	const columns = [a, b, s, p].map((plane) => ({ plane, column: new Float64Array(width), row: new Float64Array(out) }));
	const [rowX, rowY, rowS, rowP] = columns.map(({ row }) => row) as [
		Float64Array,
		Float64Array,
		Float64Array,
		Float64Array,
	];
	for (let row = 0; row <= height - size; row += 1) {
		for (const { plane, column, row: along } of columns) {
			foldTaps(plane, row * width, width, taps, column, width);
			foldTaps(column, 0, 1, taps, along, out);
		}
		sink(row, rowX, rowY, rowS, rowP);
	}
}

/** `target[at] = Σ taps[k] source[start + at + k step]` for mirrored taps of odd number. */
function foldTaps(
	source: Float64Array,
	start: number,
	step: number,
	taps: Float64Array,
	target: Float64Array,
	count: number,
): void {
	const size = taps.length;
	if (size === 11) {
		foldEleven(source, start, step, taps, target, count);
		return;
	}
	const half = (size - 1) / 2;
	const middle = start + half * step;
	const centre = taps[half] as number;
	for (let at = 0; at < count; at += 1) target[at] = centre * (source[middle + at] as number);
	for (let k = 0; k < half; k += 1) {
		const tap = taps[k] as number;
		const from = start + k * step;
		const to = start + (size - 1 - k) * step;
		for (let at = 0; at < count; at += 1) {
			target[at] = (target[at] as number) + tap * ((source[from + at] as number) + (source[to + at] as number));
		}
	}
}

/** `foldTaps` for the window of 11 that all protocols share, written out: half the time of the loop over taps. */
function foldEleven(
	source: Float64Array,
	start: number,
	step: number,
	taps: Float64Array,
	target: Float64Array,
	count: number,
): void {
	const [t0, t1, t2, t3, t4, t5] = taps as unknown as [number, number, number, number, number, number];
	const s1 = start + step;
	const s2 = s1 + step;
	const s3 = s2 + step;
	const s4 = s3 + step;
	const s5 = s4 + step;
	const s6 = s5 + step;
	const s7 = s6 + step;
	const s8 = s7 + step;
	const s9 = s8 + step;
	const s10 = s9 + step;
	for (let at = 0; at < count; at += 1) {
		target[at] =
			t5 * (source[s5 + at] as number) +
			t4 * ((source[s4 + at] as number) + (source[s6 + at] as number)) +
			t3 * ((source[s3 + at] as number) + (source[s7 + at] as number)) +
			t2 * ((source[s2 + at] as number) + (source[s8 + at] as number)) +
			t1 * ((source[s1 + at] as number) + (source[s9 + at] as number)) +
			t0 * ((source[start + at] as number) + (source[s10 + at] as number));
	}
}
