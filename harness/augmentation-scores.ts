/** Scores of an augmentation experiment: classifiers on test slices, and what augmenters make. */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../engine/random.ts";
import { accuracy } from "../metrics/accuracy.ts";
import { attentionIou, pointingGame } from "../metrics/attention.ts";
import { auc } from "../metrics/auc.ts";
import { dice } from "../metrics/dice.ts";
import { mobilenet } from "../metrics/features/mobilenet.ts";
import { extractRows } from "../metrics/features/rows.ts";
import { fid } from "../metrics/fid.ts";
import {
	type Features,
	type LabelledMetric,
	type PairedMetric,
	type Picture,
	type Score,
	score,
} from "../metrics/metric.ts";
import { rocArea } from "../metrics/roc.ts";
import { delongInterval } from "../metrics/statistics/delong.ts";
import { quantile } from "../metrics/statistics/quantile.ts";
import { trueNegativeRate } from "../metrics/tnr.ts";
import { truePositiveRate } from "../metrics/tpr.ts";
import { masksOf } from "./augmentation-sheets.ts";
import { type Augmenter, syntheticExamples } from "./augmenters.ts";
import type { Resampled } from "./claims.ts";
import type { Dataset, Example } from "./datasets/dataset.ts";
import { mean } from "./edit-test.ts";
import { blurredCopies } from "./edits.ts";
import { greyTile, type Slices } from "./slices.ts";

/** Rows of slices, all slices of some patients at a time, as many patients as there are; each holds both classes. */
export function patientResamples({ patients, classes }: Slices, count: number, seed: number): readonly Int32Array[] {
	const rows = new Map<string, number[]>();
	for (const [row, patient] of patients.entries()) rows.set(patient, [...(rows.get(patient) ?? []), row]);
	const groups = [...rows.values()];
	const random = Random.seed(seed).split("patients");
	const draw = (): Int32Array => {
		while (true) {
			const drawn = Int32Array.from(groups.flatMap(() => groups[random.integer(groups.length)] as number[]));
			if (new Set(drawn.map((row) => classes[row] as number)).size === 2) return drawn;
		}
	};
	return Array.from({ length: count }, draw);
}

/** Rows of the slices with a true mask: patients drawn as `patientResamples` draws them, then slices of each. */
export function maskResamples({ patients }: Slices, rows: readonly number[], count: number, seed: number) {
	const members = new Map<string, number[]>();
	for (const [at, row] of rows.entries()) {
		const patient = patients[row] as string;
		members.set(patient, [...(members.get(patient) ?? []), at]);
	}
	const groups = [...members.values()];
	const random = Random.seed(seed).split("slices of patients");
	return Array.from({ length: count }, () =>
		Int32Array.from(
			groups.flatMap(() => {
				const group = groups[random.integer(groups.length)] as number[];
				return group.map(() => group[random.integer(group.length)] as number);
			}),
		),
	);
}

/** One classifier's scores, and the values of accuracy and area on every resample. */
export interface ClassifierScores {
	readonly scores: readonly Score[];
	readonly values: Readonly<Record<"accuracy" | "auc", Resampled>>;
}

/** Scores the chances of a tumour in the test slices. */
export function scoreClassifier(
	chances: Float64Array,
	{ classes }: Slices,
	resamples: readonly Int32Array[],
): ClassifierScores {
	const measure = (metric: LabelledMetric) => {
		const value = metric.value(classes, chances);
		const again = resamples.map((rows) =>
			metric.value(
				rows.map((row) => classes[row] as number),
				Float64Array.from(rows, (row) => chances[row] as number),
			),
		);
		return { metric, value, resamples: again };
	};
	const samples = { slices: classes.length };
	const byPatients = ({ metric, value, resamples: again }: ReturnType<typeof measure>) => {
		const [low, high] = [quantile(again, 0.025), quantile(again, 0.975)];
		const method = `bootstrap over patients, ${again.length} resamples`;
		return score(metric, value, { samples, interval: { low, high, level: 0.95, method } });
	};
	const [right, area] = [measure(accuracy()), measure(auc())];
	const { spread, ...interval } = delongInterval(classes, chances);
	return {
		scores: [
			byPatients(right),
			score(area.metric, area.value, { samples, interval, spread }),
			byPatients(measure(truePositiveRate())),
			byPatients(measure(trueNegativeRate())),
		],
		values: { accuracy: right, auc: area },
	};
}

/** The area that the mean brightness of a slice alone reaches, whichever way it points. */
export function brightnessArea({ pixels, classes }: Slices): number {
	const size = pixels.length / classes.length;
	const brightness = Float64Array.from(classes, (_, row) => mean(pixels.subarray(row * size, (row + 1) * size)));
	const area = rocArea(classes, brightness);
	return Math.max(area, 1 - area);
}

/** The accuracy of naming every slice the commoner class. */
export function commonerShare({ classes }: Slices): number {
	const share = mean([...classes]);
	return Math.max(share, 1 - share);
}

/** What augmenters are measured against: features of the training slices of each class, and what a blurred copy would reach. */
export interface AugmenterTest {
	readonly dataset: Dataset;
	readonly real: Readonly<Record<0 | 1, Features>>;
	/** Mean over the classes of the FID-lite of blurred copies. */
	readonly blurredFid: number;
	/** Mean |copy − slice| outside the true masks, in the signed range; undefined where no masks are known. */
	readonly blurredOutside: number | undefined;
	readonly test: Slices;
	/** Mean over test slices with a tumour of the IoU that maps reach without a network; undefined without true masks. */
	readonly maps: { readonly prior: number; readonly brightness: number } | undefined;
	/** Resamples of these slices. */
	readonly resamples: readonly Int32Array[];
}

export async function augmenterTest(dataset: Dataset, test: Slices, resamples: number): Promise<AugmenterTest> {
	const count = dataset.count("train");
	const examples = await Promise.all(Array.from({ length: count }, (_, row) => dataset.read("train", row)));
	const real = await byClass(dataset, examples);
	const blurred = await blurredExamples(dataset, examples);
	const distances = await Promise.all(
		([0, 1] as const).map(async (label) => distance(real[label], (await byClass(dataset, blurred))[label])),
	);
	const outside = examples.flatMap((example, row) => {
		const mask = maskOf(dataset, example);
		return mask === undefined ? [] : [changeOutside(example.pixels, (blurred[row] as Example).pixels, mask)];
	});
	const rows = maskedRows(test);
	return {
		...{ dataset, real, test },
		maps: rows.length === 0 ? undefined : await plainMaps(dataset, examples, test, rows),
		resamples: maskResamples(test, rows, resamples, 17),
		blurredFid: mean(distances),
		blurredOutside: outside.length === 0 ? undefined : mean(outside),
	};
}

export interface MaskScores {
	/** IoU with the true mask. */
	readonly iou: Resampled;
	/** Means over the slices of a mask's least and largest value. */
	readonly least: number;
	readonly most: number;
}

export interface AugmenterScores {
	readonly scores: readonly Score[];
	/** FID-lite of the made pictures, mean over the classes. */
	readonly fid: number;
	/** Mean |result − slice| outside the true mask where tumours are taken out. */
	readonly outside: number | undefined;
	/** Area under the curve of a classifier of real slices on the made pictures, by what they are labelled. */
	readonly asLabelled: number;
	/** Masks for taking tumours out on test slices; undefined without masks. */
	readonly masks: MaskScores | undefined;
}

/** Chances of a tumour in pictures, by a classifier that was trained on real slices alone. */
export type Judge = (pixels: readonly Uint8Array[]) => Float64Array;

/** Scores an augmenter by the pictures it adds to the training set, and its masks by the true ones of the test slices. */
export async function scoreAugmenter(
	augmenter: Augmenter,
	given: AugmenterTest,
	seed: number,
	judge: Judge,
): Promise<AugmenterScores> {
	const { dataset, real } = given;
	const made = await syntheticExamples(augmenter, dataset, seed);
	const features = await byClass(dataset, made);
	const values = await Promise.all(([0, 1] as const).map((label) => distance(real[label], features[label])));
	const count = dataset.count("train");
	const samples = { made: count };
	const scores = [
		score(fid(), mean(values), { samples, label: "FID-lite" }, { extractor: "mobilenet", of: "each class, mean" }),
	];
	const wanted = Int32Array.from(made, ({ label }) => label[0] as number);
	const asLabelled = auc().value(wanted, judge(made.map(({ pixels }) => pixels)));
	const by = { of: "made pictures", judge: "ResNet18 of the whole training set, without augmentation" };
	scores.push(score(auc(), asLabelled, { samples }, by));
	let outside: number | undefined;
	let masks: MaskScores | undefined;
	if (augmenter.isTranslator) {
		const changes: number[] = [];
		for (let row = 0; row < count; row += 1) {
			const source = await dataset.read("train", row);
			const mask = maskOf(dataset, source);
			if (source.label[0] !== 1 || mask === undefined) continue;
			changes.push(changeOutside(source.pixels, (made[row] as Example).pixels, mask));
		}
		if (changes.length > 0) {
			outside = mean(changes);
			const what = "mean |result − slice| outside the true mask, tumours taken out, range [-1, 1]";
			scores.push(score({ id: "background-l1", better: "lower", protocol: { what } }, outside, { samples }));
		}
		const found = await maskScores(augmenter, given);
		scores.push(...(found?.scores ?? []));
		masks = found?.values;
	}
	return { scores, fid: mean(values), outside, asLabelled, masks };
}

/** The mask for taking tumours out against the true mask, over the test slices with a tumour. */
async function maskScores(
	augmenter: Augmenter,
	{ test, resamples }: AugmenterTest,
): Promise<{ scores: Score[]; values: MaskScores } | undefined> {
	const [, height, width] = test.shape;
	const rows = maskedRows(test);
	const size = height * width;
	const masks = rows.length === 0 ? undefined : masksOfRows(augmenter, test, rows);
	if (masks === undefined) return undefined;
	const each = async (metric: PairedMetric) =>
		Promise.all(
			rows.map((row, at) => {
				const map = { data: masks.subarray(at * size, (at + 1) * size), height, width, channels: 1 };
				return metric.value(truthOf(test, row), map);
			}),
		);
	const [overlap, points, ious] = [await each(dice({ threshold: 0.5 })), await each(pointingGame()), await each(iou)];
	const extreme = (of: (a: number, b: number) => number) =>
		mean(rows.map((_, at) => masks.subarray(at * size, (at + 1) * size).reduce((a, b) => of(a, b))));
	const again = resamples.map((drawn) => mean(Array.from(drawn, (at) => ious[at] as number)));
	const samples = { slices: rows.length };
	const by = { map: "mask of taking a tumour out" };
	const interval = {
		...{ low: quantile(again, 0.025), high: quantile(again, 0.975), level: 0.95 },
		method: `bootstrap over patients and their slices, ${again.length} resamples`,
	};
	return {
		scores: [
			score(dice({ threshold: 0.5 }), mean(overlap), { samples }, by),
			score(iou, mean(ious), { samples, interval }, by),
			score(pointingGame(), mean(points), { samples }, by),
		],
		values: { iou: { value: mean(ious), resamples: again }, least: extreme(Math.min), most: extreme(Math.max) },
	};
}

const iou = attentionIou();

/** Test slices with a tumour in their true mask. */
function maskedRows({ classes, masks }: Slices): number[] {
	return [...classes.keys()].filter((row) => classes[row] === 1 && hasInside(masks[row]));
}

function masksOfRows(augmenter: Augmenter, test: Slices, rows: readonly number[]): Float32Array | undefined {
	const images = tf.tidy(() => tf.gather(tf.tensor4d(test.signed(), test.shape), tf.tensor1d([...rows], "int32")));
	const masks = masksOf(augmenter, images, "b");
	images.dispose();
	return masks;
}

/** The true mask of a slice, [height, width] of 0 and 1. */
function truthOf({ masks, shape: [, height, width] }: Slices, row: number): Picture {
	const data = Float32Array.from(masks[row] as Uint8Array, (value) => value / 255);
	return { data, height, width, channels: 1 };
}

/** What needs no network: where the tumours of the training slices lie on average, and how bright a slice is. */
async function plainMaps(dataset: Dataset, examples: readonly Example[], test: Slices, rows: readonly number[]) {
	const [, height, width, channels] = test.shape;
	const size = height * width;
	const prior = new Float32Array(size);
	for (const example of examples) {
		for (const [at, value] of (maskOf(dataset, example) ?? []).entries()) {
			prior[at] = (prior[at] as number) + value / 255 / examples.length;
		}
	}
	const each = async (map: (row: number) => Float32Array) =>
		mean(
			await Promise.all(
				rows.map((row) => iou.value(truthOf(test, row), { data: map(row), height, width, channels: 1 })),
			),
		);
	const bright = (row: number) =>
		Float32Array.from({ length: size }, (_, at) => (test.pixels[(row * size + at) * channels] as number) / 255);
	return { prior: await each(() => prior), brightness: await each(bright) };
}

const hasInside = (mask: Uint8Array | undefined) => mask?.some((value) => value > 0) === true;

function maskOf(dataset: Dataset, example: Example): Uint8Array | undefined {
	return example.masks?.[dataset.attributes[0] as string];
}

/** Mean |a − b| in the signed range over the pixels outside the mask. */
function changeOutside(a: Uint8Array, b: Uint8Array, mask: Uint8Array): number {
	let [sum, count] = [0, 0];
	for (let at = 0; at < mask.length; at += 1) {
		if ((mask[at] as number) > 0) continue;
		sum += Math.abs((a[at] as number) - (b[at] as number)) / 127.5;
		count += 1;
	}
	return count === 0 ? 0 : sum / count;
}

async function distance(real: Features, fake: Features): Promise<number> {
	return (await fid().measure(real, fake)).value;
}

/** Feature rows of the pictures of each class. */
async function byClass(
	{ size: [height, width] }: Dataset,
	examples: readonly Example[],
): Promise<Record<0 | 1, Features>> {
	const extractor = await mobilenet();
	const rows = async (label: 0 | 1) => {
		const pictures = examples
			.filter((example) => example.label[0] === label)
			.map(({ pixels: data }) => ({ data, height, width, channels: 1 }));
		return (await extractRows(extractor, pictures)).features;
	};
	return { 0: await rows(0), 1: await rows(1) };
}

async function blurredExamples(dataset: Dataset, examples: readonly Example[]): Promise<Example[]> {
	const [height, width] = dataset.size;
	const data = new Uint8Array(examples.length * height * width * 3);
	const slices = { shape: [1, height, width, 1] as Slices["shape"] };
	for (const [row, { pixels }] of examples.entries()) {
		data.set(greyTile({ ...slices, pixels } as Slices, 0).pixels, row * height * width * 3);
	}
	const { data: soft } = await blurredCopies({ data, count: examples.length, height, width }, 4);
	return examples.map((example, row) => ({
		...{ id: example.id, label: example.label },
		pixels: Uint8Array.from({ length: height * width }, (_, at) => soft[(row * height * width + at) * 3] as number),
	}));
}
