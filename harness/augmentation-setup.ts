/** What the parts of an augmentation experiment share: its sizes, its training sets, and how its systems are built. */
import { Random } from "../engine/random.ts";
import { resnet } from "../models/resnet.ts";
import {
	type Augmenter,
	type AugmenterId,
	type AugmenterPreset,
	augmenterIds,
	buildAugmenter,
	isTranslator,
	noiseIds,
	translatorIds,
} from "./augmenters.ts";
import { shareOf } from "./class-balance.ts";
import { tumourAttribute } from "./datasets/brains.ts";
import type { Dataset } from "./datasets/dataset.ts";
import { openDataset } from "./datasets/find.ts";
import { choosing, trainingClasses } from "./datasets/views.ts";

export interface AugmentationPreset extends AugmenterPreset {
	readonly data: string;
	/** Slices of a drawn set; sets on disk are as large as they are. */
	readonly pictures: { readonly train: number; readonly test: number };
	/** Width of ResNet18, and its training: the same for every augmentation. */
	readonly classifier: {
		readonly width: number;
		readonly steps: number;
		readonly batchSize: number;
		readonly rate: number;
		/** Steps between trials on the validation split. */
		readonly every: number;
	};
	/** Seeds of SAG-GAN with and without labels, of AGGAN, and of their classifiers and that without pictures, on the whole set. */
	readonly seeds: readonly number[];
	/** How many of these seeds the rivals are trained from, and everything on an eighth. */
	readonly rivalSeeds: number;
	/** Resamples of the test patients behind each interval. */
	readonly resamples: number;
}

/** Training sets by the suffix of what is trained on them: all, and an eighth of the slices of each class. */
export const shares = { "": 1, "-eighth": 1 / 8 } as const;
export type Suffix = keyof typeof shares;

/** What is done to the training set: nothing, a rule, or the pictures of an augmenter. */
export const augmentationIds = [
	...(["without-augmentation", "over-sampling", "under-sampling"] as const),
	...translatorIds,
	...noiseIds,
] as const;
export type AugmentationId = (typeof augmentationIds)[number];

/** What SAG-GAN's masks are compared with where masks without labels choose soon, and its classifiers with. */
const manySeeds: readonly string[] = ["without-augmentation", "sag-gan", "sag-gan-without-labels", "aggan"];

/** The seeds of `seeds` that a system or its classifier is trained from. */
export function seedsOf(
	id: AugmentationId | AugmenterId,
	suffix: Suffix,
	seeds: readonly number[],
	{ rivalSeeds }: AugmentationPreset,
): readonly number[] {
	return suffix === "" && manySeeds.includes(id) ? seeds : seeds.slice(0, rivalSeeds);
}

/** Systems that are trained on a training set to be judged: the ablation only on the whole, where there are masks to leave out. */
export function trainedOn(suffix: Suffix, hasMasks: boolean): readonly AugmenterId[] {
	return suffix === "" && hasMasks ? augmenterIds : [...translatorIds, ...noiseIds];
}

/** Id of the classifier that is trained on an augmented set. */
export const classifierId = (augmentation: AugmentationId, suffix: Suffix) => `resnet-${augmentation}${suffix}`;

/** Opens the preset's data, or the set named instead of it; `suffix` says how much of it is to train. */
export async function openSlices(
	preset: AugmentationPreset,
	data = preset.data,
	suffix: Suffix = "",
): Promise<Dataset> {
	const dataset = await openDataset(data, {
		...{ size: preset.imageSize, ...preset.pictures, channels: 1, label: tumourAttribute },
	});
	if (!dataset.attributes.includes(tumourAttribute) || dataset.channels !== 1) {
		throw new RangeError(`--data: must have the label ${tumourAttribute} and one channel, got ${dataset.describe()}`);
	}
	const share = shares[suffix];
	if (share === 1) return dataset;
	// The same eighth for every system and seed.
	const rows = shareOf(trainingClasses(dataset), share, Random.seed(5).split("share"));
	return choosing(dataset, rows, "an eighth of the slices");
}

/** Whether the true masks of the tumours are known. */
export async function hasTrueMasks(dataset: Dataset): Promise<boolean> {
	const tumour = trainingClasses(dataset).indexOf(1);
	return tumour >= 0 && (await dataset.read("train", tumour)).masks?.[tumourAttribute] !== undefined;
}

/** Iterations of an augmenter: as many epochs of either training set. */
export function augmenterSteps(id: AugmenterId, preset: AugmentationPreset, suffix: Suffix): number {
	return Math.ceil((isTranslator(id) ? preset.steps : preset.noise.steps) * shares[suffix]);
}

/** Builds an augmenter as a preset has it. */
export function buildPresetAugmenter(
	id: AugmenterId,
	preset: AugmentationPreset,
	seed: number,
	steps = augmenterSteps(id, preset, ""),
): Augmenter {
	return buildAugmenter(id, preset, steps, seed);
}

/** ResNet18 of one channel and two classes, from weights that depend on the seed alone. */
export function buildClassifier({ classifier: { width, rate } }: AugmentationPreset, seed: number) {
	return resnet({ channels: 1, width, rate, seed: Random.seed(seed).split("classifier").uint32() });
}
