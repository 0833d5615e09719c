/**
 * Scores of one trained attribute editor on test pictures: Fréchet and kernel distance of its edits, accuracy of the edits
 * by a judge, what it keeps of the picture, and, where true masks are known, where it changes it.
 */
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
import { absoluteDifferences, generateAll, type PictureSet } from "./edits.ts";

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
	if (test.masks !== undefined) scores.push(...(await insideMasks(test, test.masks, edits)));
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

/** How well the change |edited − source| lies inside the true mask, per attribute. */
async function insideMasks(
	{ attributes, pictures }: EditTest,
	masks: NonNullable<EditTest["masks"]>,
	edits: readonly PictureSet[],
): Promise<Score[]> {
	const { height, width } = pictures;
	const scores: Score[] = [];
	const [iou, pointing] = [attentionIou(), pointingGame()];
	for (const [index, edited] of edits.entries()) {
		const name = attributes[index] as string;
		const values: Record<string, number[]> = { inside: [], iou: [], pointing: [] };
		for (let row = 0; row < pictures.count; row += 1) {
			const bytes = masks[name]?.[row];
			if (bytes?.some((value) => value > 0) !== true) continue;
			const mask = { data: bytes, height, width, channels: 1 };
			const [source, target] = [tileOf(pictures, row).pixels, tileOf(edited, row).pixels];
			const picture = (data: Uint8Array) => ({ data, height, width, channels: 3 });
			const inside = changeInside(picture(source), picture(target), mask);
			if (Number.isNaN(inside)) continue;
			const change = { data: changeMap(source, target), height, width, channels: 1 };
			values["inside"]?.push(inside);
			values["iou"]?.push(await iou.value(mask, change));
			values["pointing"]?.push(await pointing.value(mask, change));
		}
		const protocol = { edit: name, map: "|edited − source|, mean over channels" };
		const put = (metric: { id: string; better: "higher"; protocol: Protocol }, all: readonly number[]) =>
			scores.push(score(metric, mean(all), { samples: { pictures: all.length } }, protocol));
		put({ id: "change-inside", better: "higher", protocol: {} }, values["inside"] ?? []);
		put({ id: "change-iou", better: "higher", protocol: iou.protocol }, values["iou"] ?? []);
		put({ id: "change-pointing-game", better: "higher", protocol: pointing.protocol }, values["pointing"] ?? []);
	}
	return scores;
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
