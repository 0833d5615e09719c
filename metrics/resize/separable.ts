import type { Picture } from "../metric.ts";

/** For each place of the output along one side: `count` places of the input and their weights. */
export interface Taps {
	readonly count: number;
	/** [output, count] */
	readonly index: Int32Array;
	/** [output, count] */
	readonly weight: Float64Array;
}

/** Values as float64, row-major [height, width, channels]. */
export interface Grid {
	readonly data: Float64Array;
	readonly height: number;
	readonly width: number;
	readonly channels: number;
}

/** A picture's values as float64. */
export function toGrid({ data, height, width, channels }: Picture): Grid {
	if (data.length !== height * width * channels || data.length === 0) {
		throw new RangeError(
			`resize: a picture of [${height},${width},${channels}] must hold that many values, got ${data.length}`,
		);
	}
	return { data: Float64Array.from(data), height, width, channels };
}

/** Weighted sums down the columns; `finish` is applied to each sum (rounding, float32). */
export function resampleRows(grid: Grid, taps: Taps, finish: (sum: number) => number = identity): Grid {
	const line = grid.width * grid.channels;
	const height = taps.index.length / taps.count;
	const data = new Float64Array(height * line);
	const sums = new Float64Array(line);
	for (let row = 0; row < height; row += 1) {
		sums.fill(0);
		for (let tap = row * taps.count; tap < (row + 1) * taps.count; tap += 1) {
			const weight = taps.weight[tap] as number;
			if (weight === 0) continue;
			const from = (taps.index[tap] as number) * line;
			for (let at = 0; at < line; at += 1) sums[at] = (sums[at] as number) + weight * (grid.data[from + at] as number);
		}
		for (let at = 0; at < line; at += 1) data[row * line + at] = finish(sums[at] as number);
	}
	return { data, height, width: grid.width, channels: grid.channels };
}

/** Weighted sums along the rows. */
export function resampleColumns(grid: Grid, taps: Taps, finish: (sum: number) => number = identity): Grid {
	const { height, channels } = grid;
	const width = taps.index.length / taps.count;
	const data = new Float64Array(height * width * channels);
	for (let row = 0; row < height; row += 1) {
		const base = row * grid.width * channels;
		for (let column = 0; column < width; column += 1) {
			for (let channel = 0; channel < channels; channel += 1) {
				let sum = 0;
				for (let tap = column * taps.count; tap < (column + 1) * taps.count; tap += 1) {
					const from = base + (taps.index[tap] as number) * channels + channel;
					sum += (taps.weight[tap] as number) * (grid.data[from] as number);
				}
				data[(row * width + column) * channels + channel] = finish(sum);
			}
		}
	}
	return { data, height, width, channels };
}

/** Nearest byte, halves up, clipped. */
export function toByte(value: number): number {
	return Math.max(0, Math.min(255, Math.floor(value + 0.5)));
}

/** Keys' cubic kernel with parameter `a` (-0.5: Catmull-Rom; -0.75: OpenCV, torch without antialias). */
export function cubic(x: number, a: number): number {
	const distance = Math.abs(x);
	if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
	if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
	return 0;
}

/** Throws unless sides are whole numbers from 1. */
export function requireSize(where: string, height: number, width: number): void {
	if (!(Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0)) {
		throw new RangeError(`${where}: size must be whole numbers from 1, got ${height}x${width}`);
	}
}

function identity(value: number): number {
	return value;
}
