/** Paired and labelled metrics on sets: the mean over pairs, or a value over rows, with bootstrap intervals. */
import { basename, extname } from "node:path";
import { type LabelledMetric, type PairedMetric, type Picture, type Score, score } from "../metrics/metric.ts";
import { bootstrapInterval, bootstrapStatistic } from "../metrics/statistics/bootstrap.ts";
import type { IntervalOptions } from "./evaluate.ts";
import type { LabelTable } from "./label-table.ts";

/** One picture of either side that belong together. */
export interface Pair {
	readonly name: string;
	readonly reference: Picture;
	readonly image: Picture;
	/** What should change, or what is looked at, where a metric needs it. */
	readonly mask?: Picture | undefined;
}

/** Score of each metric over pairs: the mean, with the value of each pair in `perImage`. One pair is in memory at a time. */
export async function comparePairs(
	pairs: AsyncIterable<Pair> | Iterable<Pair>,
	metrics: readonly PairedMetric[],
	{ seed = 0, interval = 0.95, resamples = 2000 }: IntervalOptions = {},
): Promise<Score[]> {
	const values = metrics.map((): number[] => []);
	for await (const { name, reference, image, mask } of pairs) {
		for (const [index, metric] of metrics.entries()) {
			const value = await Promise.resolve()
				.then(() => metric.value(reference, image, mask))
				.catch((cause: Error) => {
					throw new Error(`${name}: ${cause.message}`, { cause });
				});
			values[index]?.push(value);
		}
	}
	return metrics.map((metric, index) => {
		const perImage = values[index] as number[];
		const value = perImage.reduce((total, one) => total + one, 0) / perImage.length;
		const samples = { [metric.judges === "image" ? "image" : "pairs"]: perImage.length };
		if (interval === false) return score(metric, value, { samples, perImage });
		const why =
			perImage.length < 2
				? "one pair: no interval"
				: perImage.every(Number.isFinite)
					? undefined
					: "a value that is not finite: no interval";
		if (why !== undefined) return score(metric, value, { samples, perImage, notes: [why] });
		const { low, high, level, method, spread } = bootstrapInterval(perImage, { seed, resamples, level: interval });
		return score(metric, value, { samples, perImage, interval: { low, high, level, method }, spread });
	});
}

/**
 * Scores of labelled metrics, with the metric's own interval where it has one; else resampled within each class, so that
 * every resample has the classes of the set.
 */
export function compareLabels(
	{ labels, scores, classes }: LabelTable,
	metrics: readonly LabelledMetric[],
	{ seed = 0, interval = 0.95, resamples = 1000 }: IntervalOptions = {},
): Score[] {
	const columns = scores.length / labels.length;
	const draw = (metric: LabelledMetric) => (rows: Int32Array) => {
		const chosen = new Float64Array(rows.length * columns);
		for (const [to, from] of rows.entries()) {
			for (let column = 0; column < columns; column += 1) {
				chosen[to * columns + column] = scores[from * columns + column] as number;
			}
		}
		return metric.value(
			rows.map((row) => labels[row] as number),
			chosen,
		);
	};
	const rows = [...new Set(labels)].map((label) => labels.filter((one) => one === label).length);
	return metrics.map((metric) => {
		const value = metric.value(labels, scores);
		const details = metric.details?.(labels, scores, classes);
		const known = { samples: { rows: labels.length }, ...(details === undefined ? {} : { details }) };
		if (interval === false) return score(metric, value, known);
		if (!Number.isFinite(value)) return score(metric, value, { ...known, notes: ["not finite: no interval"] });
		// A class of one row is drawn alike every time.
		if (Math.max(...rows) < 2) return score(metric, value, { ...known, notes: ["one row of each class: no interval"] });
		const notes = rows.includes(1) ? { notes: ["a class of one row: the interval leaves its chance out"] } : {};
		const own = metric.interval?.(labels, scores, interval);
		if (own !== undefined) {
			const { spread, ...bounds } = own;
			return score(metric, value, { ...known, interval: bounds, spread });
		}
		const options = { seed, resamples, level: interval, strata: labels };
		const { low, high, level, method, spread } = bootstrapStatistic(labels.length, draw(metric), options);
		return score(metric, value, { ...known, interval: { low, high, level, method }, spread, ...notes });
	});
}

/**
 * Paths of two folders paired by file name without its extension, in the order of the reference. Throws where one is alone,
 * or where two of a folder have one name.
 */
export function pairPaths(
	reference: readonly string[],
	image: readonly string[],
	names: { readonly reference: string; readonly image: string },
): { readonly name: string; readonly reference: string; readonly image: string }[] {
	const byName = new Map<string, string>();
	for (const path of image) {
		const name = stem(path);
		if (byName.has(name)) throw new RangeError(`${names.image}: names must differ, got ${name} twice`);
		byName.set(name, path);
	}
	const seen = new Set<string>();
	for (const name of reference.map(stem)) {
		if (seen.has(name)) throw new RangeError(`${names.reference}: names must differ, got ${name} twice`);
		seen.add(name);
	}
	const counts = `${reference.length} and ${image.length} pictures`;
	const pairs = reference.map((path) => {
		const name = stem(path);
		const other = byName.get(name);
		if (other === undefined) {
			throw new RangeError(
				`${names.image}: must have a picture for every one of ${names.reference} (${counts}), got none named ${name}`,
			);
		}
		byName.delete(name);
		return { name: basename(path), reference: path, image: other };
	});
	const [left] = byName.keys();
	if (left !== undefined) {
		throw new RangeError(
			`${names.reference}: must have a picture for every one of ${names.image} (${counts}), got none named ${left}`,
		);
	}
	return pairs;
}

/** Composed, since macOS and some archives write é as e and an accent. */
function stem(path: string): string {
	return basename(path, extname(path)).normalize("NFC");
}
