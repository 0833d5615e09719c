import { requireRows } from "./feature-sets.ts";
import { MersenneTwister } from "./mersenne-twister.ts";
import type { DistributionMetric, Features, Measurement, Resampling } from "./metric.ts";
import { linearReplicates } from "./statistics/bootstrap.ts";

export interface InceptionScoreOptions {
	/** @default 10 */
	readonly splits?: number;
	/** Shuffles the rows with numpy's RandomState first, as torch-fidelity does. @default true */
	readonly shuffle?: boolean;
	/** @default 2020 */
	readonly seed?: number;
	/**
	 * How N rows are cut into S splits: `even` at ⌊i N / S⌋ (torch-fidelity), `drop` into ⌊N / S⌋ rows and the rest left
	 * out (piq), `chunk` into ⌈N / S⌉ rows (torchmetrics). @default "even"
	 */
	readonly cut?: "even" | "drop" | "chunk";
}

/**
 * Inception Score: exp of the mean of KL(p(y|x) ‖ p(y)) over a split's rows of softmax probabilities, averaged over
 * splits (Salimans et al., "Improved techniques for training GANs", 2016). Rows are logits; softmax in float64. `details`
 * hold the standard deviation over splits with both divisors: torch-fidelity prints S, torchmetrics and piq S - 1.
 */
export function inceptionScore(options: InceptionScoreOptions = {}): DistributionMetric {
	const { splits = 10, shuffle = true, seed = 2020, cut = "even" } = options;
	if (!Number.isInteger(splits) || splits < 1) {
		throw new RangeError(`is: splits must be a whole number of 1 or more, got ${splits}`);
	}
	return {
		kind: "distribution",
		id: "is",
		better: "higher",
		unit: "",
		rows: "logits",
		compares: "fake",
		protocol: {
			splits,
			cut,
			precision: "float64",
			...(shuffle ? { shuffle, seed, generator: "MT19937" } : { shuffle }),
		},
		measure: (_, fake, resampling) => measure(fake, { splits, shuffle, seed, cut }, resampling),
	};
}

function measure(logits: Features, options: Required<InceptionScoreOptions>, resampling?: Resampling): Measurement {
	const { splits, shuffle, seed } = options;
	requireRows("is", "fake", logits, splits);
	const { count } = logits;
	const order = shuffle
		? new MersenneTwister(seed).permutation(count)
		: Int32Array.from({ length: count }, (_, i) => i);
	const influence = new Float64Array(count);
	const values: number[] = [];
	const parts = cutRows(order, options);
	// One piece of memory for all splits in turn.
	const logs = new Float64Array(Math.max(...parts.map(({ length }) => length)) * logits.dimensions);
	for (const rows of parts) values.push(splitScore(logits, rows, splits, influence, logs));
	const value = values.reduce((total, one) => total + one, 0) / values.length;
	const squares = values.reduce((total, one) => total + (one - value) ** 2, 0);
	const details =
		values.length > 1
			? {
					splitDeviation: Math.sqrt(squares / values.length),
					splitDeviationDdof1: Math.sqrt(squares / (values.length - 1)),
				}
			: {};
	if (resampling === undefined) return { value, details };
	return {
		value,
		details,
		replicates: linearReplicates(value, [influence], resampling),
		method: `linearised bootstrap, ${resampling.resamples} resamples`,
	};
}

function cutRows(order: Int32Array, { splits, cut }: Required<InceptionScoreOptions>): Int32Array[] {
	const { length } = order;
	if (cut === "even") {
		return Array.from({ length: splits }, (_, split) =>
			order.subarray(Math.floor((split * length) / splits), Math.floor(((split + 1) * length) / splits)),
		);
	}
	const size = cut === "drop" ? Math.floor(length / splits) : Math.ceil(length / splits);
	const parts = cut === "drop" ? splits : Math.ceil(length / size);
	return Array.from({ length: parts }, (_, part) => order.subarray(part * size, (part + 1) * size));
}

/** Score of one split. The influence of a row is the score times its KL less the mean, as the entropy's derivative gives. */
function splitScore(
	{ data, dimensions }: Features,
	rows: Int32Array,
	splits: number,
	influence: Float64Array,
	logs: Float64Array,
): number {
	const marginal = new Float64Array(dimensions);
	for (const [at, row] of rows.entries()) {
		const target = logs.subarray(at * dimensions, (at + 1) * dimensions);
		logSoftmax(data.subarray(row * dimensions, (row + 1) * dimensions), target);
		for (let column = 0; column < dimensions; column += 1) {
			marginal[column] = (marginal[column] as number) + Math.exp(target[column] as number) / rows.length;
		}
	}
	const divergences = Float64Array.from(rows, (_, at) => {
		let divergence = 0;
		for (let column = 0; column < dimensions; column += 1) {
			const log = logs[at * dimensions + column] as number;
			const probability = Math.exp(log);
			// p log p is 0 at p = 0, whatever the marginal.
			if (probability > 0) divergence += probability * (log - Math.log(marginal[column] as number));
		}
		return divergence;
	});
	const mean = divergences.reduce((total, one) => total + one, 0) / rows.length;
	const score = Math.exp(mean);
	// A row weighs N / (S · rows of its split) in the mean of splits.
	const weight = (influence.length / (splits * rows.length)) * score;
	for (const [at, row] of rows.entries()) influence[row] = weight * ((divergences[at] as number) - mean);
	return score;
}

function logSoftmax(logits: Float32Array | Float64Array, result: Float64Array): void {
	let largest = Number.NEGATIVE_INFINITY;
	for (const logit of logits) largest = Math.max(largest, logit);
	let total = 0;
	for (const logit of logits) total += Math.exp(logit - largest);
	const shift = largest + Math.log(total);
	for (let at = 0; at < logits.length; at += 1) result[at] = (logits[at] as number) - shift;
}
