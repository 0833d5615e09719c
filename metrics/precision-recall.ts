import { InnerProducts } from "../engine/inner-products.ts";
import { requireFeatures } from "./feature-sets.ts";
import type { DistributionMetric, Features, Measurement, Resampling } from "./metric.ts";
import { linearReplicates } from "./statistics/bootstrap.ts";

export interface NeighbourOptions {
	/** Which other row of its own set, by nearness, sets a row's radius. @default 5, as prdc's README */
	readonly neighbours?: number;
	/** Whether a row on the sphere is inside: torch-fidelity's `<=` against prdc's `<`. @default false */
	readonly inclusive?: boolean;
}

/** Share of fake rows inside the ball of any real row (Kynkäänniemi et al., 2019). */
export const precision = (options: NeighbourOptions = {}): DistributionMetric =>
	metric("precision", options, ({ fakeInReal }) => fakeInReal.map((balls) => (balls > 0 ? 1 : 0)), "fake");

/** Share of real rows inside the ball of any fake row. */
export const recall = (options: NeighbourOptions = {}): DistributionMetric =>
	metric("recall", options, ({ realInFake }) => realInFake.map((balls) => (balls > 0 ? 1 : 0)), "real");

/** Mean number of real balls that hold a fake row, over k (Naeem et al., 2020). Not bounded by 1. */
export const density = ({ neighbours = 5, ...options }: NeighbourOptions = {}): DistributionMetric =>
	metric(
		"density",
		{ neighbours, ...options },
		({ fakeInReal }) => fakeInReal.map((balls) => balls / neighbours),
		"fake",
	);

/** Share of real rows whose ball holds a fake row (Naeem et al., 2020). */
export const coverage = (options: NeighbourOptions = {}): DistributionMetric =>
	metric("coverage", options, ({ fakesInBall }) => fakesInBall.map((rows) => (rows > 0 ? 1 : 0)), "real");

function metric(
	id: string,
	{ neighbours = 5, inclusive = false }: NeighbourOptions,
	perRow: (counts: BallCounts) => Float64Array,
	side: "real" | "fake",
): DistributionMetric {
	if (!Number.isInteger(neighbours) || neighbours < 1) {
		throw new RangeError(`${id}: neighbours must be a whole number of 1 or more, got ${neighbours}`);
	}
	return {
		kind: "distribution",
		id,
		better: "higher",
		unit: "",
		rows: "features",
		compares: "both",
		protocol: { neighbours, inclusive, distance: "euclidean, exact" },
		measure(real, fake, resampling): Measurement {
			requireFeatures(id, real, fake, neighbours + 1);
			const values = perRow(ballCounts(real, fake, neighbours, inclusive));
			const value = mean(values);
			if (resampling === undefined) return { value };
			return { value, ...replicatesOf(values, value, side, resampling) };
		},
	};
}

function replicatesOf(values: Float64Array, value: number, side: string, resampling: Resampling) {
	return {
		replicates: linearReplicates(value, [values.map((one) => one - value)], resampling),
		method: `bootstrap of the ${side} rows with the balls held fixed, ${resampling.resamples} resamples`,
	};
}

/** How often rows lie in balls of the other set. */
export interface BallCounts {
	/** Per fake row: real balls that hold it. */
	readonly fakeInReal: Float64Array;
	/** Per real row: fake balls that hold it. */
	readonly realInFake: Float64Array;
	/** Per real row: fake rows that its ball holds. */
	readonly fakesInBall: Float64Array;
}

const latest = new WeakMap<Features, { fake: Features; key: string; counts: BallCounts }>();

/**
 * Counts for all four metrics, made once for a pair of sets. Distances come from a float32 matrix product; wherever its
 * error could change a comparison they are taken again from the differences in float64, so the counts are exact.
 */
export function ballCounts(real: Features, fake: Features, neighbours: number, inclusive: boolean): BallCounts {
	const key = `${neighbours} ${inclusive}`;
	const known = latest.get(real);
	if (known?.fake === fake && known.key === key) return known.counts;
	const [a, b] = centred(real, fake);
	const radiiA = radii(a, neighbours);
	const radiiB = radii(b, neighbours);
	const fakeInReal = new Float64Array(b.count);
	const realInFake = new Float64Array(a.count);
	const fakesInBall = new Float64Array(a.count);
	eachBlock(a, b, (block, top) => {
		for (let row = 0, at = 0; row < block.rows; row += 1) {
			const i = top + row;
			const radius = radiiA[i] as number;
			for (let j = 0; j < b.count; j += 1, at += 1) {
				const approximate = block.distances[at] as number;
				const tolerance = errorBound(a, i, b, j);
				let distance = approximate;
				const other = radiiB[j] as number;
				if (Math.abs(approximate - radius) <= tolerance || Math.abs(approximate - other) <= tolerance) {
					distance = squaredDistance(a, i, b, j);
				}
				if (inclusive ? distance <= radius : distance < radius) {
					fakeInReal[j] = (fakeInReal[j] as number) + 1;
					fakesInBall[i] = (fakesInBall[i] as number) + 1;
				}
				if (inclusive ? distance <= other : distance < other) realInFake[i] = (realInFake[i] as number) + 1;
			}
		}
	});
	const counts = { fakeInReal, realInFake, fakesInBall };
	latest.set(real, { fake, key, counts });
	return counts;
}

/** Rows less the real mean: differences stay, and short rows make the float32 product sharp. */
interface Rows {
	/** As given, for exact differences. */
	readonly exact: Features["data"];
	readonly short: Float32Array;
	/** Squared lengths of `short`. */
	readonly squares: Float64Array;
	readonly count: number;
	readonly dimensions: number;
}

function centred(real: Features, fake: Features): [Rows, Rows] {
	const { dimensions } = real;
	const centre = new Float64Array(dimensions);
	for (let row = 0; row < real.count; row += 1) {
		for (let column = 0; column < dimensions; column += 1) {
			centre[column] = (centre[column] as number) + (real.data[row * dimensions + column] as number) / real.count;
		}
	}
	const shorten = ({ data, count }: Features): Rows => {
		const short = new Float32Array(data.length);
		const squares = new Float64Array(count);
		for (let row = 0, at = 0; row < count; row += 1) {
			let square = 0;
			for (let column = 0; column < dimensions; column += 1, at += 1) {
				const value = Math.fround((data[at] as number) - (centre[column] as number));
				short[at] = value;
				square += value * value;
			}
			squares[row] = square;
		}
		return { exact: data, short, squares, count, dimensions };
	};
	return [shorten(real), shorten(fake)];
}

/** Squared distance of each row to its k-th nearest other row of the set. */
function radii(set: Rows, neighbours: number): Float64Array {
	const result = new Float64Array(set.count);
	const nearest = new Float64Array(neighbours);
	eachBlock(set, set, (block, top) => {
		for (let row = 0; row < block.rows; row += 1) {
			const own = top + row;
			const distances = block.distances.subarray(row * set.count, (row + 1) * set.count);
			nearest.fill(Number.POSITIVE_INFINITY);
			for (let other = 0; other < set.count; other += 1) {
				if (other !== own) insert(nearest, distances[other] as number);
			}
			const bound = nearest[neighbours - 1] as number;
			nearest.fill(Number.POSITIVE_INFINITY);
			for (let other = 0; other < set.count; other += 1) {
				// Both the bound and this distance may be off by the error of their product.
				if (other === own || (distances[other] as number) > bound + 2 * errorBound(set, own, set, other)) continue;
				insert(nearest, squaredDistance(set, own, set, other));
			}
			result[own] = nearest[neighbours - 1] as number;
		}
	});
	return result;
}

/** Puts a value in an ascending list of fixed length; the largest falls out. */
function insert(ascending: Float64Array, value: number): void {
	let place = ascending.length - 1;
	if (value >= (ascending[place] as number)) return;
	for (; place > 0 && (ascending[place - 1] as number) > value; place -= 1) {
		ascending[place] = ascending[place - 1] as number;
	}
	ascending[place] = value;
}

interface Block {
	readonly rows: number;
	/** Squared distances [rows, b.count], float32. */
	readonly distances: Float32Array;
}

/** Approximate squared distances, some rows of `a` at a time. */
function eachBlock(a: Rows, b: Rows, use: (block: Block, top: number) => void): void {
	const { dimensions } = a;
	using right = new InnerProducts(b.short, b.count, dimensions);
	for (let top = 0; top < a.count; top += blockRows) {
		const rows = Math.min(blockRows, a.count - top);
		const distances = right.of(a.short.subarray(top * dimensions, (top + rows) * dimensions), rows);
		for (let row = 0, at = 0; row < rows; row += 1) {
			const own = a.squares[top + row] as number;
			for (let column = 0; column < b.count; column += 1, at += 1) {
				distances[at] = own + (b.squares[column] as number) - 2 * (distances[at] as number);
			}
		}
		use({ rows, distances }, top);
	}
}

/** Most by which a product's squared distance can be off: d roundings of |x| |y|, those of the shift, and of the result. */
function errorBound(a: Rows, i: number, b: Rows, j: number): number {
	return (2 * a.dimensions + 16) * unitRoundoff * ((a.squares[i] as number) + (b.squares[j] as number));
}

function squaredDistance(a: Rows, i: number, b: Rows, j: number): number {
	const [fromA, fromB] = [i * a.dimensions, j * a.dimensions];
	let total = 0;
	for (let column = 0; column < a.dimensions; column += 1) {
		const difference = (a.exact[fromA + column] as number) - (b.exact[fromB + column] as number);
		total += difference * difference;
	}
	return total;
}

function mean(values: Float64Array): number {
	return values.reduce((total, one) => total + one, 0) / values.length;
}

/** Of float32. */
const unitRoundoff = 2 ** -24;

const blockRows = 512;
