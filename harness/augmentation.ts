/**
 * The experiment of augmentation papers: trains the augmenting systems on the training split, classifiers on the augmented
 * sets, tests them on slices of other patients, and decides the paper's claims.
 */
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { rocArea } from "../metrics/roc.ts";
import type { Classifier } from "../models/layers/classifier.ts";
import { paper } from "../models/sag-gan.ts";
import { decideClaim, floorSentences, maskMissesOf, missesOf } from "./augmentation-claims.ts";
import {
	augmenterTable,
	classifierTable,
	draw,
	type JudgedAugmenter,
	type JudgedClassifier,
	mainTable,
} from "./augmentation-report.ts";
import {
	type AugmenterTest,
	augmenterTest,
	brightnessArea,
	commonerShare,
	patientResamples,
	scoreAugmenter,
	scoreClassifier,
} from "./augmentation-scores.ts";
import {
	type AugmentationId,
	type AugmentationPreset,
	augmentationIds,
	buildClassifier,
	buildPresetAugmenter,
	classifierId,
	hasTrueMasks,
	openSlices,
	type Suffix,
	seedsOf,
	shares,
	trainedOn,
} from "./augmentation-setup.ts";
import { type Augmenter, type AugmenterId, augmenterIds } from "./augmenters.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { tumourAttribute } from "./datasets/brains.ts";
import { byAttribute } from "./datasets/unpaired.ts";
import { trainingClasses } from "./datasets/views.ts";
import { toSigned } from "./edits.ts";
import { finishReport, trainingReport } from "./experiment-report.ts";
import { rounded, underTrained } from "./floor.ts";
import type { ReproduceEvent, ReproduceOptions, Reproduction } from "./reproduce.ts";
import { selectedClassifier, tumourScores } from "./selected-classifier.ts";
import { type Slices, stacked } from "./slices.ts";
import { type PoolJob, type PoolResult, runPool } from "./training-pool.ts";

interface Planned<Id> {
	readonly id: Id;
	readonly suffix: Suffix;
	readonly job: PoolJob;
}

/** Runs the experiment into `options.out`, yielding progress; returns the report that it also writes as report.json. */
export async function* reproduceAugmentation(
	preset: AugmentationPreset,
	options: ReproduceOptions,
): AsyncGenerator<ReproduceEvent, Reproduction> {
	const { out, workers, signal } = options;
	const begun = performance.now();
	const seeds = options.seeds ?? preset.seeds;
	const planned = <Id extends AugmentationId | AugmenterId>(
		idsOf: (suffix: Suffix) => readonly Id[],
		nameOf: (id: Id, suffix: Suffix) => string,
	): Planned<Id>[] =>
		(Object.keys(shares) as Suffix[]).flatMap((suffix) =>
			idsOf(suffix).flatMap((id) =>
				seedsOf(id, suffix, seeds, preset).map((seed) => {
					const system = nameOf(id, suffix);
					const folder = join(out, "trainings", `${system}-${seed}`);
					const { preset: name, data, steps } = options;
					return { id, suffix, job: { paper: paper.id, system, seed, preset: name, data, steps, out: folder } };
				}),
			),
		);
	const hasMasks = await hasTrueMasks(await openSlices(preset, options.data));
	const augmenters = planned(
		(suffix) => trainedOn(suffix, hasMasks),
		(id, suffix) => `${id}${suffix}`,
	);
	const trained = yield* runPool(
		augmenters.map(({ job }) => job),
		{ workers, signal },
	);
	const folderOf = (id: AugmentationId, suffix: Suffix, seed: number) =>
		augmenters.find((one) => one.id === id && one.suffix === suffix && one.job.seed === seed)?.job.out;
	const classifiers = planned(() => augmentationIds, classifierId).map((one) => ({
		...one,
		job: { ...one.job, from: folderOf(one.id, one.suffix, one.job.seed) },
	}));
	const classified = yield* runPool(
		classifiers.map(({ job }) => job),
		{ workers, signal },
	);

	const test = await stacked(await openSlices(preset, options.data), "test");
	const shape = test.shape.slice(1) as [number, number, number];
	const plainId = classifierId("without-augmentation", "");
	const tests = new Map<Suffix, AugmenterTest>();
	const made: JudgedAugmenter[] = [];
	for (const [index, { id, suffix }] of augmenters.entries()) {
		signal?.throwIfAborted();
		const training = trained[index] as PoolResult;
		yield { what: `judging ${training.system} (seed ${training.seed})`, done: index, total: augmenters.length };
		const given =
			tests.get(suffix) ??
			(await augmenterTest(await openSlices(preset, options.data, suffix), test, preset.resamples));
		tests.set(suffix, given);
		const augmenter = await trainedAugmenter(preset, id, training);
		const plain = classified.find(({ system, seed }) => system === plainId && seed === training.seed) as PoolResult;
		using classifier = await trainedClassifier(preset, plain);
		const scores = await scoreAugmenter(augmenter, given, training.seed, (pixels) =>
			chancesOf(classifier, toSigned(together(pixels)), [pixels.length, ...shape]),
		);
		augmenter.gan[Symbol.dispose]();
		const reached = (0.5 + areaOf(classifier, test)) / 2;
		const floors = { belowFloor: missesOf(scores, given, reached), masksBelowFloor: maskMissesOf(id, scores, given) };
		made.push({ id, suffix, training, scores, ...floors });
	}
	const area = brightnessArea(test);
	const share = commonerShare(test);
	const resamples = patientResamples(test, preset.resamples, 11);
	const judged: JudgedClassifier[] = [];
	for (const [index, { id, suffix }] of classifiers.entries()) {
		signal?.throwIfAborted();
		const training = classified[index] as PoolResult;
		yield { what: `testing ${training.system} (seed ${training.seed})`, done: index, total: classifiers.length };
		using classifier = await trainedClassifier(preset, training);
		const scores = scoreClassifier(chancesOf(classifier, test.signed(), test.shape), test, resamples);
		const { accuracy, auc } = scores.values;
		const source = made.find((one) => one.id === id && one.suffix === suffix && one.training.seed === training.seed);
		const belowFloorOf = (name: string, own: number, least: number) => {
			const missed = own < least ? `the classifier's ${name} is ${rounded(own)}, under ${rounded(least)}` : "";
			return underTrained([missed, source?.belowFloor ?? ""], "; ");
		};
		const belowFloor = {
			accuracy: belowFloorOf("accuracy", accuracy.value, share),
			auc: belowFloorOf("AUC", auc.value, area),
		};
		judged.push({ augmentation: id, suffix, training, scores, belowFloor });
	}
	yield { what: "testing", done: classifiers.length, total: classifiers.length };

	const classes = trainingClasses(await openSlices(preset, options.data));
	const isBalanced = 2 * classes.reduce((sum, label) => sum + label, 0) === classes.length;
	const note = isBalanced ? " (its classes are equally many, so the sampling rules leave it as it is)" : "";
	const untaught = hasMasks ? "" : "; no true masks, so SAG-GAN is trained without its mask loss";
	return finishReport(paper, options, {
		begun,
		data: `${(await openSlices(preset, options.data)).describe()}${untaught}`,
		tables: [mainTable(judged, note), classifierTable(judged), augmenterTable(made)],
		claims: paper.claims.flatMap((claim) => decideClaim(claim, judged, made, seeds.length)),
		floor: floorSentences(area, share, tests),
		trainings: [
			...made.map(({ training, scores, belowFloor }) => trainingReport(out, training, scores.scores, belowFloor)),
			...judged.map(({ training, scores, belowFloor: { accuracy, auc } }) =>
				trainingReport(out, training, scores.scores, accuracy ?? auc),
			),
		],
		pictures: await pictures(preset, options, made),
	});
}

async function trainedAugmenter(
	preset: AugmentationPreset,
	id: AugmenterId,
	{ out, seed, result }: PoolResult,
): Promise<Augmenter> {
	const augmenter = buildPresetAugmenter(id, preset, seed, result.steps);
	await loadCheckpoint(out, augmenter.gan);
	return augmenter;
}

/** A trained classifier, which predicts with its best weights. */
async function trainedClassifier(preset: AugmentationPreset, { out, seed }: PoolResult): Promise<Classifier> {
	const classifier = selectedClassifier({
		build: () => buildClassifier(preset, seed),
		every: 1,
		// Nothing is selected any more.
		images: tf.zeros([1, 1, 1, 1]),
		classes: Int32Array.of(0),
	});
	await loadCheckpoint(out, classifier);
	return classifier;
}

/** Chances of a tumour in pictures [N, H, W, C] in [-1, 1]. */
function chancesOf(classifier: Classifier, pictures: Float32Array, shape: Slices["shape"]): Float64Array {
	const images = tf.tensor4d(pictures, shape);
	const chances = tumourScores(classifier, images);
	images.dispose();
	return chances;
}

function areaOf(classifier: Classifier, test: Slices): number {
	return rocArea(test.classes, chancesOf(classifier, test.signed(), test.shape));
}

function together(pixels: readonly Uint8Array[]): Uint8Array {
	const size = pixels[0]?.length ?? 0;
	const all = new Uint8Array(pixels.length * size);
	for (const [index, one] of pixels.entries()) all.set(one, index * size);
	return all;
}

/** Sheets of the first training of each system on the whole set. */
async function pictures(preset: AugmentationPreset, options: ReproduceOptions, made: readonly JudgedAugmenter[]) {
	const firsts = augmenterIds.flatMap((id) => made.filter((one) => one.id === id && one.suffix === "").slice(0, 1));
	const augmenters = await Promise.all(
		firsts.map(async ({ id, training }) => ({
			augmenter: await trainedAugmenter(preset, id, training),
			seed: training.seed,
		})),
	);
	const dataset = byAttribute(await openSlices(preset, options.data), tumourAttribute);
	const trainings = made.map(({ training }) => training);
	const shown = await draw(options.out, dataset, augmenters, trainings);
	for (const { augmenter } of augmenters) augmenter.gan[Symbol.dispose]();
	return shown;
}
