/** Metrics on sets: scores with interval, protocol and fingerprint. Files are opened by picture-sets.ts. */
import { Random } from "../engine/random.ts";
import type { Extractor } from "../metrics/features/extractor.ts";
import { eachPicture, extractRows, type Rows, type RowsOptions } from "../metrics/features/rows.ts";
import type { Images } from "../metrics/images.ts";
import { type DistributionMetric, type Features, type Score, score } from "../metrics/metric.ts";
import { readInterval } from "../metrics/statistics/bootstrap.ts";

export interface IntervalOptions {
	/** Of the resampling. @default 0 */
	readonly seed?: number | undefined;
	/** Nominal coverage, or false for no interval. @default 0.95 */
	readonly interval?: number | false | undefined;
	/** @default 500 */
	readonly resamples?: number | undefined;
}

export interface CompareOptions extends IntervalOptions {
	/** Row i of one set belongs to row i of the other (a picture and its edit): resampled together. @default false */
	readonly paired?: boolean | undefined;
}

/**
 * Scores of metrics on rows that are there already. `label` of the extractor goes behind the metric's name ("FID-lite").
 * The same seed resamples the same rows for sets of the same size, so scores of several systems on one real set can be
 * compared resample by resample.
 */
export async function compareRows(
	real: Rows,
	fake: Rows,
	metrics: readonly DistributionMetric[],
	{
		seed = 0,
		interval = 0.95,
		resamples = 500,
		paired = false,
		label,
	}: CompareOptions & { readonly label?: string | undefined } = {},
): Promise<Score[]> {
	const scores: Score[] = [];
	for (const metric of metrics) {
		const b = rowsFor(metric, fake, "fake");
		const a = metric.compares === "both" ? rowsFor(metric, real, "real") : b;
		const random = Random.seed(seed).split("resamples");
		const resampling = interval === false ? undefined : { resamples, random, paired };
		const { value, replicates, method = "", protocol, details, notes = [] } = await metric.measure(a, b, resampling);
		const bounds =
			interval === false || replicates === undefined ? undefined : readInterval(replicates, value, { level: interval });
		scores.push(
			score(
				{ ...metric, protocol: { ...metric.protocol, ...protocol } },
				value,
				{
					samples: metric.compares === "both" ? { real: a.count, fake: b.count } : { fake: b.count },
					...(label === undefined || label === "" ? {} : { label: `${metric.id.toUpperCase()}-${label}` }),
					...(bounds === undefined
						? {}
						: { interval: { low: bounds.low, high: bounds.high, level: bounds.level, method }, spread: bounds.spread }),
					...(details === undefined || Object.keys(details).length === 0 ? {} : { details }),
					...(notes.length > 0 ? { notes } : {}),
				},
				fake.protocol,
			),
		);
	}
	return scores;
}

/** Scores of two sets of pictures in memory; values of -1 … 1 or 0 … 1 are judged as the bytes they would be saved as. */
export async function compareImages(
	real: Images,
	fake: Images,
	metrics: readonly DistributionMetric[],
	{ extractor, ...options }: CompareOptions & RowsOptions & { readonly extractor: Extractor },
): Promise<Score[]> {
	const judged = await extractRows(extractor, eachPicture(fake), options);
	const wanted = metrics.some((metric) => metric.compares === "both");
	const reference = wanted ? await extractRows(extractor, eachPicture(real), options) : judged;
	return compareRows(reference, judged, metrics, { ...options, label: extractor.label });
}

function rowsFor(metric: DistributionMetric, rows: Rows, name: string): Features {
	if (metric.rows === "features") return rows.features;
	if (rows.logits === undefined) {
		throw new RangeError(`${metric.id}: needs class logits, got an extractor without them for ${name}`);
	}
	return rows.logits;
}
