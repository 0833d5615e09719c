import { requireFeatures } from "./feature-sets.ts";
import { rowsFor } from "./kernel-rows.ts";
import { type Kernel, kernelSums, type Part, type PartSums } from "./kernel-sums.ts";
import { MersenneTwister } from "./mersenne-twister.ts";
import type { DistributionMetric, Features, Measurement, Protocol, Resampling } from "./metric.ts";
import { linearReplicates } from "./statistics/bootstrap.ts";

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
	const [x, y] = rowsFor(real, fake);
	const sums = kernelSums(x, y, parts, kernel, estimator === "u-statistic");
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
	const precision: Protocol = x.data instanceof Float64Array ? {} : { precision: "float32 products, float64 sums" };
	const measured = { value, details, protocol: { ...protocol, ...precision }, notes };
	if (resampling === undefined) return measured;
	const influences = [influence(sums.rowsXX, sums.rowsXY, scale), influence(sums.rowsYY, sums.rowsYX, scale)];
	return {
		...measured,
		replicates: linearReplicates(value, influences, resampling),
		method: `linearised bootstrap, ${resampling.resamples} resamples`,
	};
}

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
