/**
 * SAG-GAN's Table I: pictures of every augmenting system, one for each training picture, are added to the training set of a
 * ResNet18, which is tested on slices of other patients. On the whole training set and on an eighth of it. Beside the table,
 * what the paper says in words of its masks: SAG-GAN is trained with and without labels for them.
 */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../../engine/random.ts";
import type { LabelledBatch, UnpairedBatch } from "../../models/paper.ts";
import { paper } from "../../models/sag-gan.ts";
import {
	type AugmentationId,
	type AugmentationPreset,
	augmentationIds,
	augmenterSteps,
	buildClassifier,
	buildPresetAugmenter,
	classifierId,
	hasTrueMasks,
	openSlices,
	type Suffix,
	shares,
} from "../augmentation-setup.ts";
import { translationSheet } from "../augmentation-sheets.ts";
import { type AugmenterId, augmenterIds, isTranslator, syntheticExamples } from "../augmenters.ts";
import { loadCheckpoint } from "../checkpoint.ts";
import { overSampled, underSampled } from "../class-balance.ts";
import { tumourAttribute } from "../datasets/brains.ts";
import { batches, type Dataset } from "../datasets/dataset.ts";
import { byAttribute, unpairedBatches } from "../datasets/unpaired.ts";
import { choosing, extended, trainingClasses } from "../datasets/views.ts";
import { selectedClassifier } from "../selected-classifier.ts";
import { stacked } from "../slices.ts";
import { linearDecay } from "../train.ts";
import type { Experiment, PresetName, Training, TrainingOptions } from "./experiment.ts";
import { amounts, counts, type SettableNumbers, withSettings } from "./settings.ts";

export const presets: Readonly<Record<PresetName, AugmentationPreset>> = {
	smoke: {
		data: "brains",
		pictures: { train: 192, test: 128 },
		...{ imageSize: 32, ngf: 6, ngfAttention: 3, blocks: 1, ndf: 6, dLayers: 2, reduction: 4, latent: 16 },
		...{ batchSize: 1, steps: 90, rate: 2e-3, lambdaMask: 1, noise: { batchSize: 4, steps: 60 } },
		classifier: { width: 8, steps: 60, batchSize: 16, rate: 2e-3, every: 20 },
		seeds: [1],
		rivalSeeds: 1,
		resamples: 100,
	},
	// Long enough for masks to choose, not so long that the mask loss empties them: after 800 iterations two of three were, and of
	// attention networks of width 8 most.
	laptop: {
		data: "brains",
		pictures: { train: 800, test: 400 },
		...{ imageSize: 64, ngf: 16, ngfAttention: 16, blocks: 3, ndf: 24, dLayers: 3, reduction: 8, latent: 32 },
		...{ batchSize: 1, steps: 500, rate: 1e-3, lambdaMask: 10, noise: { batchSize: 4, steps: 200 } },
		classifier: { width: 16, steps: 80, batchSize: 32, rate: 1e-3, every: 20 },
		seeds: [1, 2, 3],
		rivalSeeds: 1,
		resamples: 1000,
	},
	// §IV: T1 with contrast at 240 × 240, patients 70 to 10 to 20. What the paper leaves open is UAGGAN's and CycleGAN's
	// (200 epochs) and an ordinary classifier's (Adam 1e-4, 50 epochs in batches of 32 of about 23,000 slices).
	paper: {
		data: "brats",
		pictures: { train: 23_000, test: 6500 },
		...{ imageSize: 240, ngf: 64, ngfAttention: 32, blocks: 9, ndf: 64, dLayers: 3, reduction: 16, latent: 512 },
		...{ batchSize: 1, steps: 2_300_000, rate: 2e-4, lambdaMask: 1, noise: { batchSize: 16, steps: 375_000 } },
		classifier: { width: 64, steps: 36_000, batchSize: 32, rate: 1e-4, every: 720 },
		seeds: [1, 2, 3],
		rivalSeeds: 3,
		resamples: 1000,
	},
};

const suffixes = Object.keys(shares) as Suffix[];
const augmenters = new Map<string, readonly [AugmenterId, Suffix]>(
	suffixes.flatMap((suffix) => augmenterIds.map((id) => [`${id}${suffix}`, [id, suffix]] as const)),
);
const classifiers = new Map<string, readonly [AugmentationId, Suffix]>(
	suffixes.flatMap((suffix) => augmentationIds.map((id) => [classifierId(id, suffix), [id, suffix]] as const)),
);

async function trainAugmenter(
	[id, suffix]: readonly [AugmenterId, Suffix],
	preset: AugmentationPreset,
	{ data, seed, steps: wanted }: Omit<TrainingOptions, "preset" | "set">,
): Promise<Training<UnpairedBatch>> {
	const dataset = await openSlices(preset, data, suffix);
	const unpaired = byAttribute(dataset, tumourAttribute);
	const steps = wanted ?? augmenterSteps(id, preset, suffix);
	const masks = id === "sag-gan" && (await hasTrueMasks(dataset));
	const lambdaMask = masks ? preset.lambdaMask : 0;
	const augmenter = buildPresetAugmenter(id, { ...preset, lambdaMask }, seed, steps);
	const batchSize = augmenter.isTranslator ? preset.batchSize : preset.noise.batchSize;
	const decay = linearDecay(steps, 0.5);
	return {
		gan: augmenter.gan,
		...(augmenter.options === undefined ? {} : { options: augmenter.options }),
		steps,
		warmUp: 0,
		settings: {
			data: dataset.describe(),
			...{ steps, batchSize, imageSize: preset.imageSize, rate: preset.rate },
			...{
				ngf: preset.ngf,
				ngfAttention: preset.ngfAttention,
				blocks: preset.blocks,
				ndf: preset.ndf,
				latent: preset.latent,
			},
			...(id === "sag-gan" ? { lambdaMask } : {}),
		},
		// PGGAN and MSG-GAN are published with a constant rate.
		rate: (iteration) => (augmenter.isTranslator ? decay(iteration) : 1),
		data: (start, signal) =>
			unpairedBatches(unpaired, {
				...{ split: "train", batchSize, flip: true, masks, start },
				seed: Random.seed(seed).split("data").uint32(),
				...(signal === undefined ? {} : { signal }),
			}),
		preview: async () => ({ "samples.png": await translationSheet(augmenter, unpaired, seed) }),
	};
}

/** The training set after an augmentation; `from` is the folder of the augmenter's training. */
async function augmented(
	augmentation: AugmentationId,
	dataset: Dataset,
	preset: AugmentationPreset,
	suffix: Suffix,
	{ seed, from }: Pick<TrainingOptions, "seed" | "from">,
): Promise<Dataset> {
	const random = Random.seed(seed).split(augmentation);
	const classes = trainingClasses(dataset);
	if (augmentation === "without-augmentation") return dataset;
	if (augmentation === "over-sampling") return choosing(dataset, overSampled(classes, random), "over-sampled");
	if (augmentation === "under-sampling") return choosing(dataset, underSampled(classes, random), "under-sampled");
	if (from === undefined) {
		throw new RangeError(`--from: must be the folder of a training of ${augmentation}, got none`);
	}
	const augmenter = buildPresetAugmenter(augmentation, preset, seed, augmenterSteps(augmentation, preset, suffix));
	using gan = augmenter.gan;
	await loadCheckpoint(from, gan);
	return extended(dataset, await syntheticExamples(augmenter, dataset, seed), `pictures of ${augmentation}`);
}

async function trainClassifier(
	[augmentation, suffix]: readonly [AugmentationId, Suffix],
	preset: AugmentationPreset,
	{ data, seed, steps: wanted, from }: Omit<TrainingOptions, "preset" | "set">,
): Promise<Training<LabelledBatch>> {
	const { width, batchSize, rate, every } = preset.classifier;
	const steps = wanted ?? preset.classifier.steps;
	const given = await openSlices(preset, data, suffix);
	const dataset = await augmented(augmentation, given, preset, suffix, { seed, from });
	const validation = await stacked(given, "validation");
	const decay = linearDecay(steps, 0.5);
	return {
		gan: selectedClassifier({
			build: () => buildClassifier(preset, seed),
			every: Math.min(every, steps),
			images: tf.tensor4d(validation.signed(), validation.shape),
			classes: validation.classes,
		}),
		steps,
		warmUp: 0,
		settings: { augmentation, data: dataset.describe(), ...{ steps, batchSize, rate, width, every } },
		rate: decay,
		data: (start, signal) =>
			batches(dataset, {
				...{ split: "train", batchSize, start, seed: Random.seed(seed).split("data").uint32() },
				...(signal === undefined ? {} : { signal }),
			}),
		preview: async () => ({}),
	};
}

const translating = {
	...counts("imageSize", "ngf", "ngfAttention", "blocks", "ndf", "dLayers", "reduction", "batchSize"),
	...amounts("rate"),
};
const fromNoise = counts("imageSize", "latent", "noise.batchSize");
// An augmenter's training that it starts from is built by the preset's other numbers.
const classifying = {
	...counts("classifier.width", "classifier.batchSize", "classifier.every"),
	...amounts("classifier.rate"),
};

function settable(system: string): SettableNumbers {
	const [id] = augmenters.get(system) ?? [];
	if (id === undefined) return classifying;
	if (id === "sag-gan") return { ...translating, ...amounts("lambdaMask") };
	return isTranslator(id) ? translating : fromNoise;
}

async function train(
	system: string,
	preset: AugmentationPreset,
	options: Omit<TrainingOptions, "preset" | "set">,
): Promise<Training<object>> {
	const augmenter = augmenters.get(system);
	if (augmenter !== undefined) return trainAugmenter(augmenter, preset, options);
	const classifier = classifiers.get(system);
	if (classifier !== undefined) return trainClassifier(classifier, preset, options);
	throw new RangeError(`sag-gan: system must be one of ${experiment.systems.join(", ")}, got ${system}`);
}

export const experiment: Experiment = {
	paper,
	systems: [...augmenters.keys(), ...classifiers.keys()],
	settable,
	training: (system, options) =>
		withSettings(presets, settable(system), options, (preset, rest) => train(system, preset, rest)),
	async *reproduce(options) {
		// A training needs no metrics; they are loaded where they are used.
		const { reproduceAugmentation } = await import("../augmentation.ts");
		return yield* reproduceAugmentation(presets[options.preset], options);
	},
};
