/**
 * Scores of one trained attribute editor on test pictures: Fréchet and kernel distance of its edits, accuracy of the edits
 * by a judge, what it keeps of the picture, and, where true masks are known, where it changes it.
 */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../engine/random.ts";
import { accuracy } from "../metrics/accuracy.ts";
import { attentionIou, pointingGame } from "../metrics/attention.ts";
import { changeInside } from "../metrics/change-inside.ts";
import type { Extractor } from "../metrics/features/extractor.ts";
import { extractRows, type Rows } from "../metrics/features/rows.ts";
import { fid } from "../metrics/fid.ts";
import { kid } from "../metrics/kid.ts";
import { type DistributionMetric, type Picture, type Protocol, type Score, score } from "../metrics/metric.ts";
import { quantile } from "../metrics/statistics/quantile.ts";
import type { ConditionalGan } from "../models/layers/stargan-training.ts";
import { editLabels, tileOf } from "./edit-sheets.ts";
import { absoluteDifferences, generateAll, type PictureSet, toSigned } from "./edits.ts";

/** The test pictures and everything about them that does not depend on the system. */
export interface EditTest {
	readonly attributes: readonly string[];
	readonly pictures: PictureSet;
	/** [count, attributes] of 0 and 1. */
	readonly labels: Float32Array;
	/** Features of the test pictures. */
	readonly rows: Rows;
	readonly extractor: Extractor;
	/** Resamples of the test pictures; the same are drawn for every system. */
	readonly resamples: number;
	/** Predicted attributes, [count, attributes] of 0 and 1. */
	readonly judge: (pictures: PictureSet) => Uint8Array;
	readonly judgeProtocol: Protocol;
	/** True masks by attribute: one [height, width] of 0 or 255 per picture. */
	readonly masks: Readonly<Record<string, readonly Uint8Array[]>> | undefined;
}

/** Scores of one system. Arrays per attribute are in the order of `attributes`. */
export interface EditScores {
	readonly scores: readonly Score[];
	/** Mean over the edits, on all test pictures and on each resample. */
	readonly means: Readonly<Record<"fid" | "kid", { readonly value: number; readonly resamples: readonly number[] }>>;
	readonly accuracy: number;
	/** Mean |x − G(G(x, edit), source)| over edits and pictures, in the signed range. */
	readonly reconstruction: number;
	readonly edits: readonly PictureSet[];
}

const distances: readonly DistributionMetric[] = [fid(), kid({ sampling: "all" })];

/** Scores a system by its edits of every test picture. */
export async function scoreEdits(gan: ConditionalGan, test: EditTest): Promise<EditScores> {
	const { attributes, pictures, labels, extractor } = test;
	const scores: Score[] = [];
	const edits = attributes.map((_, index) => generateAll(gan, pictures, editLabels(labels, attributes, index)));
	const samples = { real: pictures.count, fake: pictures.count };
	const sums = { fid: emptySum(test), kid: emptySum(test) };
	for (const [index, edited] of edits.entries()) {
		const { features, protocol: inputs } = await extractRows(extractor, picturesOf(edited));
		for (const metric of distances) {
			// The same draws for every edit and system, and for a source and its edit.
			const random = Random.seed(11).split("resamples of test pictures");
			const resampling = { resamples: test.resamples, random, paired: true };
			const {
				value,
				replicates = new Float64Array(),
				notes = [],
				method = "",
			} = await metric.measure(test.rows.features, features, resampling);
			const sum = sums[metric.id as "fid" | "kid"];
			sum.value += value / attributes.length;
			for (const [at, replicate] of replicates.entries()) {
				sum.resamples[at] = (sum.resamples[at] as number) + replicate / attributes.length;
			}
			const protocol = { ...inputs, edit: attributes[index] as string, real: "all test pictures" };
			const [low, high] = [quantile(replicates, 0.025), quantile(replicates, 0.975)];
			const interval = { low, high, level: 0.95, method };
			scores.push(score(metric, value, { samples, interval, spread: deviation([...replicates]), notes }, protocol));
		}
	}
	const accuracies = edits.map((edited, index) => {
		const [value, result] = judged(test, edited, index);
		scores.push(result);
		return value;
	});
	const differences = edits.map((edited) => mean(absoluteDifferences(generateAll(gan, edited, labels), pictures)));
	scores.push(
		keeps("reconstruction-l1", mean(differences), "mean |x − G(G(x, edit), source)|, range [-1, 1]", samples),
	);
	const kept = mean(absoluteDifferences(generateAll(gan, pictures, labels), pictures));
	scores.push(keeps("unchanged-l1", kept, "mean |x − G(x, source)|, range [-1, 1]", samples));
	if (test.masks !== undefined) {
		scores.push(...(await changeInMasks(test, test.masks, edits)), ...(await attentionInMasks(gan, test, test.masks)));
	}
	return { scores, means: sums, accuracy: mean(accuracies), reconstruction: mean(differences), edits };
}

function emptySum({ resamples }: EditTest) {
	return { value: 0, resamples: new Array<number>(resamples).fill(0) };
}

/** The pictures of a set one by one. */
export function* picturesOf(set: PictureSet): Generator<Picture> {
	for (let index = 0; index < set.count; index += 1) {
		const { pixels: data, height, width } = tileOf(set, index);
		yield { data, height, width, channels: 3 };
	}
}

/** Accuracy of one edit: does the judge see the attribute as the target asks? */
function judged(test: EditTest, edited: PictureSet, index: number): [number, Score] {
	const { attributes, labels, judge, judgeProtocol } = test;
	const target = editLabels(labels, attributes, index);
	const seen = judge(edited);
	const at = (row: number) => row * attributes.length + index;
	const wanted = Int32Array.from({ length: edited.count }, (_, row) => target[at(row)] as number);
	const scores = Float64Array.from({ length: edited.count }, (_, row) => seen[at(row)] as number);
	const metric = accuracy();
	const value = metric.value(wanted, scores);
	const protocol = { ...judgeProtocol, edit: attributes[index] as string };
	return [value, score(metric, value, { samples: { pictures: edited.count } }, protocol)];
}

function keeps(id: string, value: number, what: string, samples: Score["samples"]): Score {
	return score({ id, better: "lower", protocol: { what } }, value, { samples });
}

/** Means of metrics against the true mask of each attribute, over the pictures that have a mask and a value. */
async function againstMasks(
	{ attributes, pictures }: EditTest,
	masks: NonNullable<EditTest["masks"]>,
	map: string,
	measure: (attribute: number, row: number, mask: Picture) => Promise<readonly (readonly [MaskMetric, number])[]>,
): Promise<Score[]> {
	const { height, width } = pictures;
	const scores: Score[] = [];
	for (const [attribute, name] of attributes.entries()) {
		const values = new Map<string, { readonly metric: MaskMetric; readonly all: number[] }>();
		for (let row = 0; row < pictures.count; row += 1) {
			const data = masks[name]?.[row];
			if (data?.some((value) => value > 0) !== true) continue;
			for (const [metric, value] of await measure(attribute, row, { data, height, width, channels: 1 })) {
				const all = values.get(metric.id)?.all ?? [];
				if (!Number.isNaN(value)) all.push(value);
				values.set(metric.id, { metric, all });
			}
		}
		for (const { metric, all } of values.values()) {
			if (all.length === 0) continue;
			scores.push(score(metric, mean(all), { samples: { pictures: all.length } }, { edit: name, map }));
		}
	}
	return scores;
}

interface MaskMetric {
	readonly id: string;
	readonly better: "higher";
	readonly protocol: Protocol;
}

const [iou, pointing] = [attentionIou(), pointingGame()];
const named = (id: string, protocol: Protocol): MaskMetric => ({ id, better: "higher", protocol });

/** How well the change |edited − source| lies inside the true mask, per attribute. */
function changeInMasks(test: EditTest, masks: NonNullable<EditTest["masks"]>, edits: readonly PictureSet[]) {
	const { height, width } = test.pictures;
	return againstMasks(test, masks, "|edited − source|, mean over channels", async (attribute, row, mask) => {
		const source = { ...tileOf(test.pictures, row), channels: 3 };
		const edited = { ...tileOf(edits[attribute] as PictureSet, row), channels: 3 };
		const change = { data: changeMap(source.pixels, edited.pixels), height, width, channels: 1 };
		const inside = changeInside({ ...source, data: source.pixels }, { ...edited, data: edited.pixels }, mask);
		return [
			[named("change-inside", {}), inside],
			[named("change-iou", iou.protocol), await iou.value(mask, change)],
			[named("change-pointing-game", pointing.protocol), await pointing.value(mask, change)],
		];
	});
}

/** How well the attention that a system pays while it makes an edit lies inside the true mask; nothing without attention. */
async function attentionInMasks(gan: ConditionalGan, test: EditTest, masks: NonNullable<EditTest["masks"]>) {
	const { attributes, pictures, labels } = test;
	const { height, width } = pictures;
	const maps = attributes.map((_, index) => attentionMaps(gan, pictures, editLabels(labels, attributes, index)));
	if (maps.some((map) => map === undefined)) return [];
	const what = "attention of the edit, mean over modules and queries";
	return againstMasks(test, masks, what, async (attribute, row, mask) => {
		const size = height * width;
		const data = (maps[attribute] as Float32Array).subarray(row * size, (row + 1) * size);
		const map = { data, height, width, channels: 1 };
		return [
			[iou as MaskMetric, await iou.value(mask, map)],
			[pointing as MaskMetric, await pointing.value(mask, map)],
		];
	});
}

/** Mean attention of each picture under its label, [count, height, width]; undefined for a system without attention. */
function attentionMaps(gan: ConditionalGan, pictures: PictureSet, labels: Float32Array): Float32Array | undefined {
	const { count, height, width, data } = pictures;
	const [size, attributes, chunk] = [height * width, labels.length / count, 32];
	const means = new Float32Array(count * size);
	for (let start = 0; start < count; start += chunk) {
		const rows = Math.min(chunk, count - start);
		const values = tf.tidy(() => {
			const pixels = toSigned(data.subarray(start * size * 3, (start + rows) * size * 3));
			const images = tf.tensor4d(pixels, [rows, height, width, 3]);
			const chosen = tf.tensor2d(labels.slice(start * attributes, (start + rows) * attributes), [rows, attributes]);
			const maps = Object.values(gan.attention({ images, labels: chosen }, { query: "mean" }));
			return maps.length === 0 ? undefined : (tf.mean(tf.stack(maps), 0).dataSync() as Float32Array);
		});
		if (values === undefined) return undefined;
		means.set(values, start * size);
	}
	return means;
}

/** Mean over channels of |a − b|, [height, width] in [0, 1]. */
export function changeMap(a: Uint8Array, b: Uint8Array): Float32Array {
	return Float32Array.from({ length: a.length / 3 }, (_, pixel) => {
		let sum = 0;
		for (let channel = 0; channel < 3; channel += 1) {
			sum += Math.abs((a[3 * pixel + channel] as number) - (b[3 * pixel + channel] as number));
		}
		return sum / 765;
	});
}

export function mean(values: ArrayLike<number>): number {
	let sum = 0;
	for (let index = 0; index < values.length; index += 1) sum += values[index] as number;
	return sum / values.length;
}

/** Standard deviation, divisor n − 1; 0 of fewer than two values. */
export function deviation(values: readonly number[]): number {
	if (values.length < 2) return 0;
	const centre = mean(values);
	return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}
