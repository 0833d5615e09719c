/**
 * What a file in metrics/ exports: a metric of one of three kinds, whose result is a Score that carries its protocol.
 */
import { createHash } from "node:crypto";
import type { Random } from "../engine/random.ts";

/** Everything that a value depends on besides the data: two scores compare only when these are equal. */
export type Protocol = Readonly<Record<string, string | number | boolean | null>>;

export interface Interval {
	readonly low: number;
	readonly high: number;
	/** Nominal coverage, for example 0.95. */
	readonly level: number;
	/** How it was made: "bootstrap, 200 resamples". */
	readonly method: string;
}

export interface Score {
	/** Metric id: `fid`. */
	readonly metric: string;
	/** Name where it is shown, when that is not the id in capitals: "FID-lite". */
	readonly label?: string;
	readonly value: number;
	readonly better: "lower" | "higher";
	/** "dB", "" … */
	readonly unit: string;
	readonly interval?: Interval;
	/** Standard deviation of the value under resampling. */
	readonly spread?: number;
	/** How many samples each side had. */
	readonly samples: Readonly<Record<string, number>>;
	readonly protocol: Protocol;
	/** SHA-256 of metric id and protocol. */
	readonly fingerprint: string;
	/** Values per picture, for paired metrics. */
	readonly perImage?: readonly number[];
	/** Numbers that belong to the value, such as the standard deviation over subsets or splits. */
	readonly details?: Readonly<Record<string, number>>;
	/** What a reader must know: "fewer samples than dimensions". */
	readonly notes?: readonly string[];
}

/** Feature rows `[count, dimensions]`, row-major. */
export interface Features {
	readonly data: Float32Array | Float64Array;
	readonly count: number;
	readonly dimensions: number;
}

/** One picture, row-major [height, width, channels], values in [0, range]. */
export interface Picture {
	readonly data: Uint8Array | Float32Array | Float64Array;
	readonly height: number;
	readonly width: number;
	readonly channels: number;
}

/** How a metric is to be resampled for its interval. */
export interface Resampling {
	/** Number of replicates wanted; a metric may make fewer where one costs too much, and then says so in `method`. */
	readonly resamples: number;
	/** The same generator gives the same rows for sets of the same size, so that systems share their resamples. */
	readonly random: Random;
	/** Row i of one set belongs to row i of the other (a picture and its edit): they are drawn together. @default false */
	readonly paired?: boolean;
}

/** A value with what a reader must know about it. */
export interface Measurement {
	readonly value: number;
	/** Values under resampling, centred on `value` where resampling itself is biased. Absent when none were asked for. */
	readonly replicates?: Float64Array;
	/** How the replicates were made: "bootstrap, 200 resamples". */
	readonly method?: string;
	/** What of the protocol only the data decide, such as a subset size cut to the smaller set. */
	readonly protocol?: Protocol;
	/** Numbers that belong to the value, such as the standard deviation over subsets or splits. */
	readonly details?: Readonly<Record<string, number>>;
	readonly notes?: readonly string[];
}

/** Compares two sets through their features, or judges the second one alone through its logits. */
export interface DistributionMetric {
	readonly kind: "distribution";
	readonly id: string;
	readonly better: "lower" | "higher";
	readonly unit: string;
	/** What a row is: features of a picture, or the logits of a classifier. */
	readonly rows: "features" | "logits";
	/** `fake` where the second set is judged alone; then `real` may be the same set. */
	readonly compares: "both" | "fake";
	/** Of the metric alone; what made the features is added by the caller. */
	readonly protocol: Protocol;
	/** `real` and `fake` have equal dimensions. Replicates are made only when `resampling` is given. */
	measure(real: Features, fake: Features, resampling?: Resampling): Measurement | Promise<Measurement>;
}

/** Compares pictures pair by pair; the value of a set is the mean. One that owns a network frees it by `dispose`. */
export interface PairedMetric extends Partial<Disposable> {
	readonly kind: "paired";
	readonly id: string;
	readonly better: "lower" | "higher";
	readonly unit: string;
	/** `image` where the reference is not looked at; then it may be the same set. `masked` where it needs a mask. @default "both" */
	readonly judges?: "both" | "image" | "masked";
	readonly protocol: Protocol;
	/** `mask`: see mask.ts, for metrics that judge `masked` alone. */
	value(reference: Picture, image: Picture, mask?: Picture): number | Promise<number>;
}

/** Compares predicted scores with labels. `scores` is [count, classes] row-major, or [count] for two classes. */
export interface LabelledMetric {
	readonly kind: "labelled";
	readonly id: string;
	readonly better: "lower" | "higher";
	readonly protocol: Protocol;
	value(labels: Int32Array, scores: Float64Array): number;
	/** Numbers that belong to the value. `classes` are the names of the classes, where they have some. */
	details?(labels: Int32Array, scores: Float64Array, classes: readonly string[]): Readonly<Record<string, number>>;
	/** The metric's own interval, with the standard error as `spread`, in place of the bootstrap's; undefined where it has none. */
	interval?(
		labels: Int32Array,
		scores: Float64Array,
		level: number,
	): (Interval & { readonly spread: number }) | undefined;
}

export type Metric = DistributionMetric | PairedMetric | LabelledMetric;

/** SHA-256 of a metric's id and protocol, keys in sorted order. */
export function fingerprint(metric: string, protocol: Protocol): string {
	const sorted = Object.fromEntries(Object.entries(protocol).sort(([a], [b]) => (a < b ? -1 : 1)));
	return createHash("sha256")
		.update(JSON.stringify([metric, sorted]))
		.digest("hex");
}

/** What a metric's value is made into: its protocol is joined with `inputs` (extractor, resize), and fingerprinted. */
export function score(
	metric: {
		readonly id: string;
		readonly better: "lower" | "higher";
		readonly protocol: Protocol;
		readonly unit?: string;
	},
	value: number,
	details: Pick<Score, "samples"> &
		Partial<Pick<Score, "label" | "interval" | "spread" | "perImage" | "details" | "notes">>,
	inputs: Protocol = {},
): Score {
	const protocol = { ...inputs, ...metric.protocol };
	return {
		metric: metric.id,
		value,
		better: metric.better,
		unit: metric.unit ?? "",
		...details,
		protocol,
		fingerprint: fingerprint(metric.id, protocol),
	};
}
