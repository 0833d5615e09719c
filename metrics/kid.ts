import { type Matrix, matmul } from "../engine/linear-algebra.ts";
import { requireFeatures } from "./feature-sets.ts";
import { linearReplicates } from "./intervals.ts";
import { MersenneTwister } from "./mersenne-twister.ts";
import type { DistributionMetric, Features, Measurement, Protocol, Resampling } from "./metric.ts";

/** `unbiased` leaves out the diagonals of Kxx and Kyy, `biased` keeps them, `u-statistic` leaves out that of Kxy too. */
export type KidEstimator = "unbiased" | "biased" | "u-statistic";

export interface KidOptions {
	/** @default "unbiased" */
	readonly estimator?: KidEstimator;
	/**
	 * `subsets` averages over random subsets (torch-fidelity, clean-fid), `blocks` over consecutive blocks in file order
	 * (the script of U-GAT-IT and AttentionGAN), `all` takes every row once. @default "subsets"
	 */
	readonly sampling?: "subsets" | "blocks" | "all";
	/** Number of subsets. @default 100 */
	readonly subsets?: number;
	/** Rows of a subset. Left out: 1000, and all rows at once where a set has fewer. */
	readonly subsetSize?: number;
	/** Cuts `subsetSize` to the smaller set, as clean-fid does, where it is an error otherwise. @default false */
	readonly shrink?: boolean;
	/** Seed of numpy's RandomState. @default 2020 */
	readonly seed?: number;
	/** Whose rows each subset draws first: torch-fidelity the first set's, clean-fid the second's. @default "real" */
	readonly first?: "real" | "fake";
	/** Most rows of a block. @default 10 */
	readonly blockSize?: number;
	/** Kernel (gamma x·y + coefficient)^degree. @default 3 */
	readonly degree?: number;
	/** @default 1 / dimensions */
	readonly gamma?: number;
	/** @default 1 */
	readonly coefficient?: number;
	/** What the value is multiplied by: 100 for the tables of papers that print KID × 100. @default 1 */
	readonly scale?: number;
}

/**
 * Kernel distance: the squared maximum mean discrepancy with a polynomial kernel (Bińkowski et al., "Demystifying MMD
 * GANs", 2018), in float64. Near zero a negative value is right. `details` hold the standard deviation over subsets
 * (divisor S) and the standard error of their mean (divisor S - 1, as the block form prints it).
 */
export function kid(options: KidOptions = {}): DistributionMetric {
	const {
		estimator = "unbiased",
		sampling = "subsets",
		subsets = 100,
		seed = 2020,
		blockSize = 10,
		scale = 1,
	} = options;
	const { degree = 3, gamma, coefficient = 1, first = "real" } = options;
	requireWhole("subsets", subsets, 1);
	if (options.subsetSize !== undefined) requireWhole("subset size", options.subsetSize, 2);
	requireWhole("block size", blockSize, 2);
	requireWhole("degree", degree, 1);
	const drawn: Record<string, Protocol> = {
		subsets: { subsets, seed, generator: "MT19937", first },
		blocks: { blockSize },
		all: {},
	};
	return {
		kind: "distribution",
		id: "kid",
		better: "lower",
		unit: "",
		rows: "features",
		compares: "both",
		protocol: {
			estimator,
			sampling,
			degree,
			gamma: gamma ?? "1/d",
			coefficient,
			scale,
			precision: "float64",
			...(drawn[sampling] as Protocol),
		},
		measure: (real, fake, resampling) => measure(real, fake, options, resampling),
	};
}

function measure(real: Features, fake: Features, options: KidOptions, resampling?: Resampling): Measurement {
	requireFeatures("kid", real, fake, 2);
	const { scale = 1, estimator = "unbiased", degree = 3, coefficient = 1 } = options;
	const { gamma = 1 / real.dimensions } = options;
	const { parts, protocol, notes } = partsOf(real.count, fake.count, options);
	const kernel: Kernel = { degree, gamma, coefficient };
	const sums = kernelSums(matrix(real), matrix(fake), parts, kernel, estimator === "u-statistic");
	const estimates = sums.parts.map((part) => scale * estimate(part, estimator));
	const value = mean(estimates);
	const squares = estimates.reduce((total, one) => total + (one - value) ** 2, 0);
	const details =
		estimates.length > 1
			? {
					subsetDeviation: Math.sqrt(squares / estimates.length),
					standardError: Math.sqrt(squares / (estimates.length - 1) / estimates.length),
				}
			: {};
	const measured = { value, details, protocol, notes };
	if (resampling === undefined) return measured;
	const influences = [influence(sums.rowsXX, sums.rowsXY, scale), influence(sums.rowsYY, sums.rowsYX, scale)];
	return {
		...measured,
		replicates: linearReplicates(value, influences, resampling),
		method: `linearised bootstrap, ${resampling.resamples} resamples`,
	};
}

/** Row numbers of the real and of the fake set that make one estimate. */
type Part = readonly [real: Int32Array, fake: Int32Array];

function partsOf(
	real: number,
	fake: number,
	options: KidOptions,
): { parts: Part[]; protocol: Protocol; notes: string[] } {
	const { sampling = "subsets", subsets = 100, shrink = false, seed = 2020, first = "real", blockSize = 10 } = options;
	const fewest = Math.min(real, fake);
	const size = options.subsetSize ?? usualSize;
	const all: Part = [range(0, real), range(0, fake)];
	if (sampling === "all") return { parts: [all], protocol: {}, notes: [] };
	if (sampling === "blocks") return { parts: blocks(real, fake, blockSize), protocol: {}, notes: [] };
	if (fewest < size && !shrink) {
		if (options.subsetSize !== undefined) {
			throw new RangeError(`kid: subset size must be at most the smaller set's ${fewest} rows, got ${size}`);
		}
		const notes = [`fewer than ${usualSize} rows: one estimate over all rows instead of subsets`];
		return { parts: [all], protocol: { sampling: "all", subsets: 1 }, notes };
	}
	const rows = Math.min(size, fewest);
	const random = new MersenneTwister(seed);
	const parts = Array.from({ length: subsets }, (): Part => {
		if (first === "real") {
			const x = random.choice(real, rows);
			return [x, random.choice(fake, rows)];
		}
		const y = random.choice(fake, rows);
		return [random.choice(real, rows), y];
	});
	return { parts, protocol: { subsetSize: rows }, notes: [] };
}

/** Consecutive blocks, ⌈larger / size⌉ of them on each side; the later ones take the rows that are left over. */
function blocks(real: number, fake: number, size: number): Part[] {
	const count = Math.ceil(Math.max(real, fake) / size);
	const cut = (rows: number): Int32Array[] => {
		const least = Math.floor(rows / count);
		const longer = rows - least * count;
		if (least < 2) throw new RangeError(`kid: ${count} blocks must have 2 rows or more each, got ${rows} rows`);
		let start = 0;
		return Array.from({ length: count }, (_, block) => {
			const end = start + least + (block >= count - longer ? 1 : 0);
			const rowNumbers = range(start, end);
			start = end;
			return rowNumbers;
		});
	};
	const fakeBlocks = cut(fake);
	return cut(real).map((rows, block): Part => [rows, fakeBlocks[block] as Int32Array]);
}

/** Sums of one part's kernel matrices, and their diagonals. */
interface PartSums {
	readonly m: number;
	readonly n: number;
	xx: number;
	yy: number;
	xy: number;
	diagonalX: number;
	diagonalY: number;
	diagonalXY: number;
}

function estimate({ m, n, xx, yy, xy, diagonalX, diagonalY, diagonalXY }: PartSums, estimator: KidEstimator): number {
	if (estimator === "biased") return xx / (m * m) + yy / (n * n) - (2 * xy) / (m * n);
	const within = (xx - diagonalX) / (m * (m - 1)) + (yy - diagonalY) / (n * (n - 1));
	if (estimator === "unbiased") return within - (2 * xy) / (m * n);
	if (m !== n) throw new RangeError(`kid: the u-statistic needs sets of equal size, got ${m} and ${n}`);
	return within - (2 * (xy - diagonalXY)) / (m * (m - 1));
}

/** First-order influence of each row: twice its mean kernel value within its set less that across, centred. */
function influence(within: Float64Array, across: Float64Array, scale: number): Float64Array {
	const values = within.map((value, row) => 2 * scale * (value - (across[row] as number)));
	const centre = mean(values);
	return values.map((value) => value - centre);
}

interface Kernel {
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
function kernelSums(x: Matrix, y: Matrix, parts: readonly Part[], kernel: Kernel, paired: boolean): Sums {
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
		const centre = known.length === 0 ? 0 : mean(known);
		return met.map((value) => (Number.isFinite(value) ? value : centre));
	}
}

/** Sum of the kernel over a × b; its row (and column) sums go to the means of the rows numbered. */
function whole(
	a: Matrix,
	b: Matrix,
	kernel: Kernel,
	rowMeans: RowMeans,
	rowNumbers: Int32Array,
	columnMeans?: RowMeans,
	columnNumbers?: Int32Array,
): number {
	const { data } = kernelOf(matmul(a, b, { transposeB: true }), kernel);
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
 * row sums come with the rest. Where a is b, a tile below the diagonal is its mirror image and is not made.
 */
function tiled(
	a: Matrix,
	b: Matrix,
	inA: Matrix,
	inB: Matrix,
	kernel: Kernel,
	rowMeans: RowMeans,
	columnMeans: RowMeans,
): Float64Array {
	const columns = inA.columns;
	const totals = new Float64Array(columns - 1);
	for (let top = 0; top < a.rows; top += tile) {
		const rows = slice(a, top, top + tile);
		const rowsIn = slice(inA, top, top + tile);
		for (let left = a === b ? top : 0; left < b.rows; left += tile) {
			const block = kernelOf(matmul(rows, slice(b, left, left + tile), { transposeB: true }), kernel);
			const mirrored = a === b && left > top;
			const sums = matmul(block, slice(inB, left, left + tile)); // [rows, parts + 1]
			for (let row = 0, at = 0; row < rows.rows; row += 1) {
				for (let part = 0; part < columns - 1; part += 1, at += 1) {
					const one = (sums.data[at] as number) * (rowsIn.data[at] as number);
					totals[part] = (totals[part] as number) + (mirrored ? 2 * one : one);
				}
				rowMeans.add(top + row, sums.data[at] as number, block.columns);
				at += 1;
			}
			if (a !== b || mirrored) {
				const below = columnSums(block);
				for (const [column, sum] of below.entries()) columnMeans.add(left + column, sum, block.rows);
			}
		}
	}
	return totals;
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

function diagonal({ data, rows, columns }: Matrix, kernel: Kernel): Float64Array {
	const products = Float64Array.from({ length: rows }, (_, row) =>
		dot(data, row * columns, data, row * columns, columns),
	);
	return kernelOf({ data: products, rows, columns: 1 }, kernel).data;
}

function pairedDiagonal(x: Matrix, a: Int32Array, y: Matrix, b: Int32Array, kernel: Kernel): number {
	const products = Float64Array.from(a, (row, at) =>
		dot(x.data, row * x.columns, y.data, (b[at] as number) * y.columns, x.columns),
	);
	return kernelOf({ data: products, rows: a.length, columns: 1 }, kernel).data.reduce((total, one) => total + one, 0);
}

function dot(a: Float64Array, fromA: number, b: Float64Array, fromB: number, length: number): number {
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

function gather({ data, columns }: Matrix, numbers: Int32Array): Matrix {
	const gathered = new Float64Array(numbers.length * columns);
	for (const [to, from] of numbers.entries()) {
		gathered.set(data.subarray(from * columns, (from + 1) * columns), to * columns);
	}
	return { data: gathered, rows: numbers.length, columns };
}

function gatherSum(values: Float64Array, numbers: Int32Array): number {
	let total = 0;
	for (const row of numbers) total += values[row] as number;
	return total;
}

function slice({ data, rows, columns }: Matrix, start: number, end: number): Matrix {
	const last = Math.min(end, rows);
	return { data: data.subarray(start * columns, last * columns), rows: last - start, columns };
}

function matrix({ data, count, dimensions }: Features): Matrix {
	return { data: data instanceof Float64Array ? data : Float64Array.from(data), rows: count, columns: dimensions };
}

function range(start: number, end: number): Int32Array {
	return Int32Array.from({ length: end - start }, (_, index) => start + index);
}

function mean(values: ArrayLike<number>): number {
	let total = 0;
	for (let at = 0; at < values.length; at += 1) total += values[at] as number;
	return total / values.length;
}

function requireWhole(what: string, value: number, least: number): void {
	if (!Number.isInteger(value) || value < least) {
		throw new RangeError(`kid: ${what} must be a whole number of ${least} or more, got ${value}`);
	}
}

/** The usual rows of a subset (torch-fidelity, clean-fid, torchmetrics). */
const usualSize = 1000;

/** Rows of a tile: its products fit the cache of one core, and few enough calls remain. */
const tile = 1024;
