/** Scores as a notebook shows them, and the one call that makes them from sets in memory. */
import type { Extractor } from "../metrics/features/extractor.ts";
import { mobilenet } from "../metrics/features/mobilenet.ts";
import { eachPicture, extractRows, type Rows, type RowsOptions } from "../metrics/features/rows.ts";
import type { Images } from "../metrics/images.ts";
import type { DistributionMetric, PairedMetric, Score } from "../metrics/metric.ts";
import type { Dataset, Split } from "./datasets/dataset.ts";
import { type CompareOptions, compareRows, type IntervalOptions } from "./evaluate.ts";
import { comparePairs } from "./evaluate-pairs.ts";
import { figures, nameOf, scoreText } from "./score-text.ts";

/** What is compared: two sets by their features, or pairs in order. */
export type Compared =
	| { readonly real: Images | Rows; readonly fake: Images | Rows }
	| { readonly reference: Images; readonly image: Images };

export interface EvaluateOptions extends CompareOptions, RowsOptions {
	/** Makes the features of sets of pictures. @default the embedded MobileNet */
	readonly extractor?: Extractor;
}

/** Scores that show themselves as a table with intervals; `[index]`, `.find` and the like as of any list. */
export class Scores extends Array<Score> {
	/** What map and filter give are plain lists. */
	static override get [Symbol.species]() {
		return Array;
	}

	/** The value of a metric. Throws where it was not computed. */
	value(metric: string): number {
		const found = this.find((score) => score.metric === metric);
		if (found === undefined) {
			throw new RangeError(`scores: metric must be one of ${this.map((one) => one.metric).join(", ")}, got ${metric}`);
		}
		return found.value;
	}

	[Symbol.for("Jupyter.display")]() {
		const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
		const rows = this.map((score) => {
			const { interval } = score;
			const bounds = interval === undefined ? "" : `${figures(interval.low)} … ${figures(interval.high)}`;
			const samples = Object.entries(score.samples).map(([side, count]) => `${count} ${side}`);
			const cells = [nameOf(score), figures(score.value), score.unit, bounds, samples.join(", "), score.better];
			return `<tr>${cells.map((cell) => `<td style="text-align:right">${escaped(cell)}</td>`).join("")}</tr>`;
		});
		const level = this.find((score) => score.interval !== undefined)?.interval?.level ?? 0.95;
		const head = ["metric", "value", "unit", `${100 * level} % interval`, "samples", "better"];
		const names = head.map((name) => `<th style="text-align:right">${name}</th>`).join("");
		const notes = [...new Set(this.flatMap((score) => (score.notes ?? []).map((note) => `${nameOf(score)}: ${note}`)))];
		const html = `<table><thead><tr>${names}</tr></thead><tbody>${rows.join("")}</tbody></table>${notes.map((note) => `<p>${escaped(note)}</p>`).join("")}`;
		return { "text/html": html, "text/plain": scoreText(this) };
	}
}

/** Judges sets in memory: `evaluate({real, fake}, [fid(), kid()])` or `evaluate({reference, image}, [psnr(), ssim()])`. */
export async function evaluate(
	compared: Compared,
	metrics: readonly (DistributionMetric | PairedMetric)[],
	options: EvaluateOptions = {},
): Promise<Scores> {
	if ("reference" in compared) return scoresOf(await judgePairs(compared, metrics, options));
	const wanted = metrics.map((metric) => {
		if (metric.kind === "distribution") return metric;
		throw new TypeError(
			`evaluate: ${metric.id} compares pairs, and must be given reference and image, got real and fake`,
		);
	});
	const both = [compared.real, compared.fake];
	const own = both.some((set) => "data" in set) && options.extractor === undefined ? await mobilenet() : undefined;
	try {
		const extractor = options.extractor ?? own;
		const [real, fake] = await Promise.all(both.map((set) => rowsOf(set, extractor, options)));
		return scoresOf(await compareRows(real as Rows, fake as Rows, wanted, { ...options, label: extractor?.label }));
	} finally {
		own?.[Symbol.dispose]();
	}
}

async function rowsOf(set: Images | Rows, extractor: Extractor | undefined, options: RowsOptions): Promise<Rows> {
	if (!("data" in set)) return set;
	return extractRows(extractor as Extractor, eachPicture(set), options);
}

async function judgePairs(
	{ reference, image }: { readonly reference: Images; readonly image: Images },
	metrics: readonly (DistributionMetric | PairedMetric)[],
	options: IntervalOptions,
): Promise<Score[]> {
	const wanted = metrics.map((metric) => {
		if (metric.kind === "paired") return metric;
		throw new TypeError(
			`evaluate: ${metric.id} compares sets, and must be given real and fake, got reference and image`,
		);
	});
	if (reference.count !== image.count) {
		throw new RangeError(
			`evaluate: must have as many pictures as references, got ${image.count} and ${reference.count}`,
		);
	}
	const [a, b] = [[...eachPicture(reference)], [...eachPicture(image)]];
	const pairs = a.map((picture, index) => ({
		...{ name: `picture ${index + 1}`, reference: picture, image: b[index] ?? picture },
	}));
	return comparePairs(pairs, wanted, options);
}

function scoresOf(scores: readonly Score[]): Scores {
	const made = new Scores();
	made.push(...scores);
	return made;
}

/** Pictures of a data set in memory, `count` from number `start` on. */
export async function picturesOf(
	dataset: Dataset,
	split: Split,
	{ count = dataset.count(split), start = 0 }: { readonly count?: number; readonly start?: number } = {},
): Promise<Images<"byte">> {
	const [height, width] = dataset.size;
	const size = height * width * dataset.channels;
	const data = new Uint8Array(count * size);
	for (let index = 0; index < count; index += 1)
		data.set((await dataset.read(split, start + index)).pixels, index * size);
	return { data, count, height, width, channels: dataset.channels, range: "byte" };
}
