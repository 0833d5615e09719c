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
import { type Features, type LabelledMetric, type PairedMetric, type Score, score } from "../metrics/metric.ts";
import { rocArea } from "../metrics/roc.ts";
import { delongInterval } from "../metrics/statistics/delong.ts";
import { quantile } from "../metrics/statistics/quantile.ts";
import { trueNegativeRate } from "../metrics/tnr.ts";
import { truePositiveRate } from "../metrics/tpr.ts";
import { masksOf } from "./augmentation-sheets.ts";
import { type Augmenter, syntheticExamples } from "./augmenters.ts";
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

/** One classifier's scores, and the values of accuracy and area on every resample. */
export interface ClassifierScores {
	readonly scores: readonly Score[];
	readonly values: Readonly<
		Record<"accuracy" | "auc", { readonly value: number; readonly resamples: readonly number[] }>
	>;
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
	const delong = score(area.metric, area.value, { samples, interval: delongInterval(classes, chances) });
	return {
		scores: [
			byPatients(right),
			delong,
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

/** What augmenters are measured against: features of the training slices of each class, and what a blurred copy would reach. */
export interface AugmenterTest {
	readonly dataset: Dataset;
	readonly real: Readonly<Record<0 | 1, Features>>;
	/** Mean over the classes of the FID-lite of blurred copies. */
	readonly blurredFid: number;
	/** Mean |copy − slice| outside the true masks, in the signed range; undefined where no masks are known. */
	readonly blurredOutside: number | undefined;
	readonly test: Slices;
}

export async function augmenterTest(dataset: Dataset, test: Slices): Promise<AugmenterTest> {
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
	return {
		...{ dataset, real, test },
		blurredFid: mean(distances),
		blurredOutside: outside.length === 0 ? undefined : mean(outside),
	};
}

export interface AugmenterScores {
	readonly scores: readonly Score[];
	/** FID-lite of the made pictures, mean over the classes. */
	readonly fid: number;
	/** Mean |result − slice| outside the true mask where tumours are taken out. */
	readonly outside: number | undefined;
	/** Share of the made pictures that a classifier of real slices sees as they are labelled. */
	readonly asLabelled: number;
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
	const { dataset, real, test } = given;
	const made = await syntheticExamples(augmenter, dataset, seed);
	const features = await byClass(dataset, made);
	const values = await Promise.all(([0, 1] as const).map((label) => distance(real[label], features[label])));
	const count = dataset.count("train");
	const samples = { made: count };
	const scores = [
		score(fid(), mean(values), { samples, label: "FID-lite" }, { extractor: "mobilenet", of: "each class, mean" }),
	];
	const wanted = Int32Array.from(made, ({ label }) => label[0] as number);
	const asLabelled = accuracy().value(wanted, judge(made.map(({ pixels }) => pixels)));
	const by = { of: "made pictures", judge: "ResNet18 of the whole training set, without augmentation" };
	scores.push(score(accuracy(), asLabelled, { samples }, by));
	let outside: number | undefined;
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
		scores.push(...maskScores(augmenter, test));
	}
	return { scores, fid: mean(values), outside, asLabelled };
}

/** The mask for taking tumours out against the true mask, over the test slices with a tumour. */
function maskScores(augmenter: Augmenter, test: Slices): Score[] {
	const [, height, width] = test.shape;
	const rows = [...test.classes.keys()].filter((row) => test.classes[row] === 1 && hasInside(test.masks[row]));
	if (rows.length === 0) return [];
	const size = height * width;
	const images = tf.tidy(() => {
		const all = tf.tensor4d(test.signed(), test.shape);
		return tf.gather(all, tf.tensor1d(rows, "int32"));
	});
	const masks = masksOf(augmenter, images, "b");
	images.dispose();
	if (masks === undefined) return [];
	const metrics: readonly PairedMetric[] = [dice({ threshold: 0.5 }), attentionIou(), pointingGame()];
	return metrics.map((metric) => {
		const values = rows.map((row, at) => {
			const map = masks.subarray(at * size, (at + 1) * size);
			const truth = {
				data: Float32Array.from(test.masks[row] as Uint8Array, (value) => value / 255),
				height,
				width,
				channels: 1,
			};
			return metric.value(truth, { data: map, height, width, channels: 1 }) as number;
		});
		return score(metric, mean(values), { samples: { slices: rows.length } }, { map: "mask of taking a tumour out" });
	});
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
