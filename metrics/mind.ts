import { matmul } from "../engine/linear-algebra.ts";
import { Random } from "../engine/random.ts";
import { requireFeatures } from "./feature-sets.ts";
import type { DistributionMetric, Features, Measurement, Resampling } from "./metric.ts";

export interface MindOptions {
	/** Random directions. @default 1000 */
	readonly directions?: number;
	/** @default 0 */
	readonly seed?: number;
}

/**
 * Sliced Wasserstein distance as MIND scales it: 3 d times the mean over random directions of the squared 2-Wasserstein
 * distance between the projections of both sets (arXiv 2605.06797; Bonneel et al., "Sliced and Radon Wasserstein
 * barycenters", 2015). A shift of every feature by m gives 3 d m². Sets of unequal size are compared by their quantile
 * functions. Directions are normal draws of the package's own generator, made unit length.
 */
export function mind({ directions = 1000, seed = 0 }: MindOptions = {}): DistributionMetric {
	if (!Number.isInteger(directions) || directions < 1) {
		throw new RangeError(`mind: directions must be a whole number of 1 or more, got ${directions}`);
	}
	return {
		kind: "distribution",
		id: "mind",
		better: "lower",
		unit: "",
		rows: "features",
		compares: "both",
		protocol: { directions, seed, generator: "Philox4x32-10", precision: "float64", scale: "3 d" },
		measure: (real, fake, resampling) => measure(real, fake, directions, seed, resampling),
	};
}

function measure(
	real: Features,
	fake: Features,
	directions: number,
	seed: number,
	resampling?: Resampling,
): Measurement {
	requireFeatures("mind", real, fake, 1);
	const { dimensions } = real;
	const axes = unitDirections(directions, dimensions, Random.seed(seed).split("mind"));
	const [a, b] = [projections(real, axes, directions), projections(fake, axes, directions)];
	const counts = [new Float64Array(real.count).fill(1), new Float64Array(fake.count).fill(1)] as const;
	const orders = [a, b].map((lines) => lines.map(ascendingOrder)) as [Int32Array[], Int32Array[]];
	const value = (weightsA: Float64Array, weightsB: Float64Array, every: number): number => {
		let total = 0;
		let lines = 0;
		for (let line = 0; line < directions; line += every, lines += 1) {
			const sideA = { values: a[line] as Float64Array, order: orders[0][line] as Int32Array, weights: weightsA };
			total += transport(sideA, {
				values: b[line] as Float64Array,
				order: orders[1][line] as Int32Array,
				weights: weightsB,
			});
		}
		return (3 * dimensions * total) / lines;
	};
	const measured = value(...counts, 1);
	if (resampling === undefined) return { value: measured };
	// Resampling needs fewer directions than the value: their spread is far below that of the rows.
	const every = Math.max(1, Math.floor(directions / directionsPerReplicate));
	const subset = value(...counts, every);
	const { resamples, random, paired = false } = resampling;
	const draws = [random.split(0), random.split(1)] as const;
	const raw = Float64Array.from({ length: resamples }, () => {
		const weightsA = drawn(real.count, draws[0]);
		return value(weightsA, paired ? weightsA : drawn(fake.count, draws[1]), every);
	});
	// Repeated rows raise the distance; the replicates are moved back so that they centre on the value.
	const centre = raw.reduce((total, one) => total + one, 0) / resamples;
	const scale = subset === 0 ? 1 : measured / subset;
	return {
		value: measured,
		replicates: raw.map((one) => measured + (one - centre) * scale),
		method: `bootstrap of the rows, centred, ${resamples} resamples`,
	};
}

interface Side {
	readonly values: Float64Array;
	/** Row numbers by ascending value. */
	readonly order: Int32Array;
	readonly weights: Float64Array;
}

/** ∫ (F⁻¹(u) - G⁻¹(u))² du of two weighted samples, both of total weight 1. */
function transport(a: Side, b: Side): number {
	const [massA, massB] = [a.weights.length, b.weights.length];
	let [i, j] = [0, 0];
	let leftA = (a.weights[a.order[0] as number] as number) / massA;
	let leftB = (b.weights[b.order[0] as number] as number) / massB;
	let total = 0;
	for (;;) {
		while (leftA <= 0) {
			i += 1;
			if (i === a.order.length) return total;
			leftA = (a.weights[a.order[i] as number] as number) / massA;
		}
		while (leftB <= 0) {
			j += 1;
			if (j === b.order.length) return total;
			leftB = (b.weights[b.order[j] as number] as number) / massB;
		}
		const moved = Math.min(leftA, leftB);
		const gap = (a.values[a.order[i] as number] as number) - (b.values[b.order[j] as number] as number);
		total += moved * gap * gap;
		leftA -= moved;
		leftB -= moved;
		// Where both were to end together, what rounding left over is not carried on.
		if (leftA < leastMass) leftA = 0;
		if (leftB < leastMass) leftB = 0;
	}
}

function drawn(count: number, random: Random): Float64Array {
	const weights = new Float64Array(count);
	for (let draw = 0; draw < count; draw += 1) {
		const row = random.integer(count);
		weights[row] = (weights[row] as number) + 1;
	}
	return weights;
}

function unitDirections(count: number, dimensions: number, random: Random): Float64Array {
	const axes = Float64Array.from({ length: count * dimensions }, () => random.normal());
	for (let line = 0; line < count; line += 1) {
		const axis = axes.subarray(line * dimensions, (line + 1) * dimensions);
		const length = Math.sqrt(axis.reduce((total, one) => total + one * one, 0));
		for (let at = 0; at < dimensions; at += 1) axis[at] = (axis[at] as number) / length;
	}
	return axes;
}

/** The rows along each direction. */
function projections({ data, count, dimensions }: Features, axes: Float64Array, directions: number): Float64Array[] {
	const rows = { rows: count, columns: dimensions, data: Float64Array.from(data) };
	const lines = { rows: directions, columns: dimensions, data: axes };
	const products = matmul(lines, rows, { transposeB: true }); // [directions, count]
	return Array.from({ length: directions }, (_, line) => products.data.subarray(line * count, (line + 1) * count));
}

function ascendingOrder(values: Float64Array): Int32Array {
	return Int32Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
}

const directionsPerReplicate = 32;

/** Far below the weight of one row, far above the rounding of sums of weights. */
const leastMass = 1e-12;
