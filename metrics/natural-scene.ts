import type { Plane } from "./planes.ts";
import { matlabResize } from "./resize/matlab.ts";
import { logGamma } from "./statistics/gamma.ts";

/** Length of a block's features: 18 at each of two scales. */
export const sceneFeatures = 36;

/** Features of the whole blocks of a picture. */
export interface SceneStatistics {
	/** [blocks, 36] row-major; NaN where a block is too flat to be described. */
	readonly features: Float64Array;
	/** Mean local deviation of each block: how sharp it is. */
	readonly sharpness: Float64Array;
}

/**
 * Natural scene statistics of NIQE (Mittal, Soundararajan, Bovik, "Making a completely blind image quality analyzer", 2013) of
 * a grey picture on 0 … 255, as in the authors' program: the picture cut to whole blocks is normalised by local mean and
 * deviation (7 × 7 Gaussian of 7/6, edges repeated); of each block the generalised Gaussian that fits the values, and those
 * that fit the products with four neighbours; then the same on the picture halved by MATLAB's imresize. Blocks come column
 * by column.
 */
export function sceneStatistics(
	plane: Plane,
	size: number,
	{ step = size, window = gaussianWindow }: { readonly step?: number; readonly window?: Float64Array } = {},
): SceneStatistics {
	const [rows, columns] = [blocksAlong(plane.height, size, step), blocksAlong(plane.width, size, step)];
	const blocks = rows * columns;
	const features = new Float64Array(blocks * sceneFeatures);
	const sharpness = new Float64Array(blocks);
	if (blocks === 0) return { features, sharpness };
	let image = cut(plane, (rows - 1) * step + size, (columns - 1) * step + size);
	for (const scale of [1, 2]) {
		const { normalised, deviation } = localContrast(image, window);
		for (let column = 0, block = 0; column < columns; column += 1) {
			for (let row = 0; row < rows; row += 1, block += 1) {
				const corner = [Math.floor((row * step) / scale), Math.floor((column * step) / scale)] as const;
				const side = size / scale;
				const place = block * sceneFeatures + (scale - 1) * (sceneFeatures / 2);
				features.set(blockFeatures(part(normalised, ...corner, side)), place);
				if (scale === 1) sharpness[block] = mean(part(deviation, ...corner, side).data);
			}
		}
		if (scale === 1) image = halved(image);
	}
	return { features, sharpness };
}

function blocksAlong(side: number, size: number, step: number): number {
	return side < size ? 0 : Math.floor((side - size) / step) + 1;
}

/** The Gaussian window, row-major [7, 7]. */
const gaussianWindow = (() => {
	const values = Float64Array.from({ length: 49 }, (_, at) => {
		const [y, x] = [Math.floor(at / 7) - 3, (at % 7) - 3];
		return Math.exp(-(x * x + y * y) / (2 * (7 / 6) ** 2));
	});
	const sum = values.reduce((total, value) => total + value, 0);
	return values.map((value) => value / sum);
})();

/** (x - μ) / (σ + 1), and σ. */
function localContrast(image: Plane, window: Float64Array): { normalised: Plane; deviation: Plane } {
	const means = smoothed(image, window);
	const squares = smoothed({ ...image, data: image.data.map((value) => value * value) }, window);
	const deviation = means.data.map((value, at) => Math.sqrt(Math.abs((squares.data[at] as number) - value * value)));
	const normalised = image.data.map(
		(value, at) => (value - (means.data[at] as number)) / ((deviation[at] as number) + 1),
	);
	return { normalised: { ...image, data: normalised }, deviation: { ...image, data: deviation } };
}

/**
 * Means over the window, summed tap by tap as the reference programs do: where a picture is flat, what rounding leaves of
 * x - μ is counted as values below and above zero, so another order of summation, or a window that differs in its last bits,
 * gives other features.
 */
function smoothed({ data, height, width }: Plane, window: Float64Array): Plane {
	const padded = repeatedEdges({ data, height, width }, 3);
	const result = new Float64Array(data.length);
	for (let row = 0, at = 0; row < height; row += 1) {
		for (let column = 0; column < width; column += 1, at += 1) {
			let sum = 0;
			for (let tap = 0, down = 0; down < 7; down += 1) {
				const from = (row + down) * padded.width + column;
				for (let across = 0; across < 7; across += 1, tap += 1) {
					sum += (window[tap] as number) * (padded.data[from + across] as number);
				}
			}
			result[at] = sum;
		}
	}
	return { data: result, height, width };
}

function repeatedEdges(plane: Plane, reach: number): Plane {
	const [height, width] = [plane.height + 2 * reach, plane.width + 2 * reach];
	const clamp = (at: number, side: number): number => Math.min(side - 1, Math.max(0, at - reach));
	const data = Float64Array.from({ length: height * width }, (_, at) => {
		const [row, column] = [Math.floor(at / width), at % width];
		return plane.data[clamp(row, plane.height) * plane.width + clamp(column, plane.width)] as number;
	});
	return { data, height, width };
}

/** The 18 features of a block at one scale. */
function blockFeatures(block: Plane): number[] {
	const { alpha, left, right } = generalisedGaussian(block.data);
	const features = [alpha, (left + right) / 2];
	for (const [down, across] of [
		[0, 1],
		[1, 0],
		[1, 1],
		[1, -1],
	] as const) {
		const { alpha, left, right } = generalisedGaussian(neighbourProducts(block, down, across));
		const mean = (right - left) * Math.exp(logGamma(2 / alpha) - logGamma(1 / alpha));
		features.push(alpha, mean, left, right);
	}
	return features;
}

/** Each value times its neighbour up and to the left by so much, around the edges. */
function neighbourProducts({ data, height, width }: Plane, down: number, across: number): Float64Array {
	const products = new Float64Array(data.length);
	for (let row = 0; row < height; row += 1) {
		const [own, other] = [row * width, ((row - down + height) % height) * width];
		for (let column = 0; column < width; column += 1) {
			const neighbour = other + ((column - across + width) % width);
			products[own + column] = (data[own + column] as number) * (data[neighbour] as number);
		}
	}
	return products;
}

/** Shapes that are tried, and the ratio Γ(2/α)² / (Γ(1/α) Γ(3/α)) of each, which grows with the shape. */
const shapes = Float64Array.from({ length: 9801 }, (_, at) => 0.2 + at * 0.001);
const ratios = shapes.map((alpha) => Math.exp(2 * logGamma(2 / alpha) - logGamma(1 / alpha) - logGamma(3 / alpha)));

/** Asymmetric generalised Gaussian by moments (Lasmar et al., 2009): shape, and the scale of either side. */
function generalisedGaussian(values: Float64Array): { alpha: number; left: number; right: number } {
	let [below, above, countBelow, countAbove, sum, squares] = [0, 0, 0, 0, 0, 0];
	for (const value of values) {
		const square = value * value;
		sum += Math.abs(value);
		squares += square;
		if (value < 0) {
			below += square;
			countBelow += 1;
		} else if (value > 0) {
			above += square;
			countAbove += 1;
		}
	}
	const [left, right] = [Math.sqrt(below / countBelow), Math.sqrt(above / countAbove)];
	const balance = left / right;
	const shape = (sum / values.length) ** 2 / (squares / values.length);
	const wanted = (shape * (balance ** 3 + 1) * (balance + 1)) / (balance ** 2 + 1) ** 2;
	const alpha = shapes[nearest(wanted)] as number;
	const scale = Math.exp((logGamma(1 / alpha) - logGamma(3 / alpha)) / 2);
	return { alpha, left: left * scale, right: right * scale };
}

/** The place of the nearest ratio; of NaN the first, as argmin gives. */
function nearest(wanted: number): number {
	let [low, high] = [0, ratios.length - 1];
	if (Number.isNaN(wanted)) return 0;
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if ((ratios[middle] as number) <= wanted) low = middle;
		else high = middle;
	}
	const distance = (at: number): number => ((ratios[at] as number) - wanted) ** 2;
	return distance(low) <= distance(high) ? low : high;
}

function halved(image: Plane): Plane {
	const { data, height, width } = matlabResize({ ...image, channels: 1 }, 0.5);
	return { data: Float64Array.from(data), height, width };
}

function cut(plane: Plane, height: number, width: number): Plane {
	return rectangle(plane, 0, 0, Math.max(0, height), Math.max(0, width));
}

function part(plane: Plane, row: number, column: number, side: number): Plane {
	return rectangle(plane, row, column, side, side);
}

function rectangle(plane: Plane, top: number, left: number, height: number, width: number): Plane {
	const data = new Float64Array(height * width);
	for (let row = 0; row < height; row += 1) {
		const from = (top + row) * plane.width + left;
		data.set(plane.data.subarray(from, from + width), row * width);
	}
	return { data, height, width };
}

function mean(values: Float64Array): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}
