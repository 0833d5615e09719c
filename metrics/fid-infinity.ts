import { Random } from "../engine/random.ts";
import { requireFeatures } from "./feature-sets.ts";
import { fid } from "./fid.ts";
import type { DistributionMetric, Features, Measurement, Resampling } from "./metric.ts";

export interface FidInfinityOptions {
	/** Sizes at which the distance is taken. @default 15 */
	readonly points?: number;
	/** Smallest size; left out: a tenth of the fake set, at most 5000 and at least 2 d. */
	readonly smallest?: number;
	/** @default 0 */
	readonly seed?: number;
}

/**
 * FID∞: the distance that an endless fake set would have (Chong and Forsyth, "Effectively unbiased FID and Inception Score",
 * 2020). FID of N fake rows is linear in 1 / N to first order; it is taken at `points` sizes from `smallest` to all rows, each
 * on rows drawn without replacement against the whole real set, and the fitted line is read at 1 / N = 0.
 */
export function fidInfinity({ points = 15, smallest, seed = 0 }: FidInfinityOptions = {}): DistributionMetric {
	if (!Number.isInteger(points) || points < 3) {
		throw new RangeError(`fid-infinity: points must be a whole number of 3 or more, got ${points}`);
	}
	return {
		kind: "distribution",
		id: "fid-infinity",
		better: "lower",
		unit: "",
		rows: "features",
		compares: "both",
		protocol: {
			points,
			smallest: smallest ?? "N/10, 2 d … 5000",
			seed,
			generator: "Philox4x32-10",
			ddof: 1,
			precision: "float64",
		},
		measure: (real, fake, resampling) => measure(real, fake, { points, smallest, seed }, resampling),
	};
}

async function measure(
	real: Features,
	fake: Features,
	{ points, smallest, seed }: { points: number; smallest: number | undefined; seed: number },
	resampling?: Resampling,
): Promise<Measurement> {
	const { count, dimensions } = fake;
	const first = smallest ?? Math.max(2 * dimensions, Math.min(5000, Math.floor(count / 10)));
	requireFeatures("fid-infinity", real, fake, 2);
	if (count < 2 * first) {
		throw new RangeError(
			`fid-infinity: fake must have at least ${2 * first} rows (twice the smallest size), got ${count}`,
		);
	}
	const distance = fid();
	const random = Random.seed(seed).split("fid-infinity");
	const sizes = Array.from({ length: points }, (_, point) =>
		Math.round(first + ((count - first) * point) / (points - 1)),
	);
	const values: number[] = [];
	for (const [point, size] of sizes.entries()) {
		const { value } = await distance.measure(
			real,
			chosen(fake, random.split(point).permutation(count).subarray(0, size)),
		);
		values.push(value);
	}
	const line = leastSquares(
		sizes.map((size) => 1 / size),
		values,
	);
	const details = { slope: line.slope, residualDeviation: line.residual };
	if (resampling === undefined) return { value: line.intercept, details };
	// To first order the line moves with the distance at all rows.
	const whole = await distance.measure(real, fake, resampling);
	return {
		value: line.intercept,
		details,
		replicates: whole.replicates?.map((one) => one - whole.value + line.intercept) ?? new Float64Array(0),
		method: `${whole.method} of FID at all rows`,
	};
}

function chosen({ data, dimensions }: Features, numbers: Int32Array): Features {
	const rows = new Float64Array(numbers.length * dimensions);
	for (const [to, from] of numbers.entries()) {
		rows.set(data.subarray(from * dimensions, (from + 1) * dimensions), to * dimensions);
	}
	return { data: rows, count: numbers.length, dimensions };
}

/** Least squares line. */
function leastSquares(
	x: readonly number[],
	y: readonly number[],
): { intercept: number; slope: number; residual: number } {
	const mean = (values: readonly number[]) => values.reduce((total, one) => total + one, 0) / values.length;
	const [middleX, middleY] = [mean(x), mean(y)];
	let [xx, xy] = [0, 0];
	for (const [at, value] of x.entries()) {
		xx += (value - middleX) ** 2;
		xy += (value - middleX) * ((y[at] as number) - middleY);
	}
	const slope = xy / xx;
	const intercept = middleY - slope * middleX;
	const squares = x.map((value, at) => ((y[at] as number) - intercept - slope * value) ** 2);
	return { intercept, slope, residual: Math.sqrt(squares.reduce((total, one) => total + one, 0) / (x.length - 2)) };
}
