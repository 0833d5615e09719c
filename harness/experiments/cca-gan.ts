/**
 * CCA-GAN against StarGAN and StarGAN+SAGAN on attribute editing (Table 1): same backbone, data, losses, budget and
 * warm-up for all; only the attention differs.
 */
import { Random } from "../../engine/random.ts";
import { type CcaGanOptions, ccaGan, paper } from "../../models/cca-gan.ts";
import type { ConditionalGan } from "../../models/layers/stargan-training.ts";
import type { LabelledBatch } from "../../models/paper.ts";
import { stargan } from "../../models/stargan.ts";
import { starganSagan } from "../../models/stargan-sagan.ts";
import { batches, type Dataset } from "../datasets/dataset.ts";
import { openDataset } from "../datasets/find.ts";
import { editSheets } from "../edit-sheets.ts";
import type { JudgeOptions } from "../judge.ts";
import { linearDecay } from "../train.ts";
import type { Experiment, PresetName, Training, TrainingOptions } from "./experiment.ts";
import { amounts, counts, countsFromZero, shares, withSettings } from "./settings.ts";

/** Sizes and budget of one preset, the same for every system. */
export interface EditingPreset {
	readonly data: string;
	/** Pictures of a drawn set; of a set on disk only `test` counts. */
	readonly pictures: { readonly train: number; readonly test: number };
	readonly imageSize: number;
	readonly networks: Pick<CcaGanOptions, "gConvDim" | "dConvDim" | "gRepeatNum" | "dRepeatNum">;
	readonly batchSize: number;
	/** Iterations of reproducing the input, before the adversarial ones. */
	readonly warmUp: number;
	readonly steps: number;
	readonly rate: number;
	/** Share of the adversarial iterations over which the rate falls to 0. */
	readonly decayOver: number;
	readonly nCritic: number;
	/** @default each system's own */
	readonly lambdaRec?: number;
	readonly seeds: readonly number[];
	/** Of CCA-GAN without reconstruction; empty where so short a training makes noise of it. */
	readonly ablationSeeds: readonly number[];
	/** Resamples of the test pictures behind each interval. */
	readonly resamples: number;
	/** The classifier that judges edits. */
	readonly judge: Pick<JudgeOptions, "steps" | "batchSize" | "widths">;
}

export const presets: Readonly<Record<PresetName, EditingPreset>> = {
	smoke: {
		data: "faces",
		pictures: { train: 512, test: 96 },
		imageSize: 32,
		networks: { gConvDim: 12, dConvDim: 16, gRepeatNum: 2, dRepeatNum: 3 },
		batchSize: 8,
		warmUp: 250,
		steps: 100,
		rate: 5e-4,
		decayOver: 0.5,
		nCritic: 1,
		lambdaRec: 10,
		seeds: [1, 2],
		ablationSeeds: [],
		resamples: 20,
		judge: { steps: 80, batchSize: 32, widths: [16, 32, 64, 64] },
	},
	// Gives recognisable, edited faces in some ten minutes on one core: small pictures, a warm-up that all systems share, one
	// step of D for each of G, and a rate above the paper's that falls to zero. At 48 × 48 four trainings of six stayed under
	// the floor.
	laptop: {
		data: "faces",
		pictures: { train: 4000, test: 300 },
		imageSize: 32,
		networks: { gConvDim: 24, dConvDim: 32, gRepeatNum: 3, dRepeatNum: 4 },
		batchSize: 8,
		warmUp: 800,
		steps: 2400,
		rate: 5e-4,
		decayOver: 0.5,
		nCritic: 1,
		lambdaRec: 10,
		seeds: [1, 2, 3],
		ablationSeeds: [1],
		resamples: 100,
		judge: { steps: 600 },
	},
	// CCA-GAN §4.1: 20 epochs of about 200,000 pictures in batches of 32, the rate falling over the last ten.
	paper: {
		data: "celeba",
		pictures: { train: 200_000, test: 1999 },
		imageSize: 128,
		networks: { gConvDim: 64, dConvDim: 64, gRepeatNum: 6, dRepeatNum: 6 },
		batchSize: 32,
		warmUp: 0,
		steps: 125_000,
		rate: 1e-4,
		decayOver: 0.5,
		nCritic: 5,
		seeds: [1, 2, 3],
		ablationSeeds: [1, 2, 3],
		resamples: 200,
		judge: { steps: 5000 },
	},
};

/** Builders of the compared systems by id. */
export const systems: Readonly<Record<string, (options: CcaGanOptions) => ConditionalGan>> = {
	"cca-gan": ccaGan,
	stargan,
	"stargan-sagan": starganSagan,
	"cca-gan-lambda-rec-0": (options) => ccaGan({ ...options, lambdaRec: 0 }),
};

/** Row of Table 1 by system. */
const rows: Readonly<Record<string, string>> = {
	stargan: "StarGAN",
	"stargan-sagan": "StarGAN+SAGAN",
	"cca-gan": "CCA-GAN",
	"cca-gan-lambda-rec-0": "CCA-GAN (lambda_r=0)",
};
const compared = ["stargan", "stargan-sagan", "cca-gan"] as const;

/** Builds one of the systems as a preset has it. */
export function buildSystem(id: string, preset: EditingPreset, attributes: number, seed: number): ConditionalGan {
	const { networks, imageSize, rate, nCritic, lambdaRec } = preset;
	const build = systems[id];
	if (build === undefined) throw new RangeError(`system: must be one of ${Object.keys(systems).join(", ")}, got ${id}`);
	return build({
		...networks,
		imageSize,
		cDim: attributes,
		gRate: rate,
		dRate: rate,
		nCritic,
		seed: Random.seed(seed).split("initial weights").uint32(),
		...(lambdaRec === undefined ? {} : { lambdaRec }),
	});
}

/** Opens the preset's data, or the set named instead of it. */
export function openPresetData(preset: EditingPreset, data = preset.data): Promise<Dataset> {
	return openDataset(data, { size: preset.imageSize, ...preset.pictures });
}

const settable = {
	...counts("imageSize", "batchSize", "nCritic"),
	...counts("networks.gConvDim", "networks.dConvDim", "networks.gRepeatNum", "networks.dRepeatNum"),
	...countsFromZero("warmUp"),
	...amounts("rate", "lambdaRec"),
	...shares("decayOver"),
};

/** Prepares the training of one system as a preset has it. */
export async function trainEditor(
	system: string,
	preset: EditingPreset,
	{ data, seed, steps = preset.warmUp + preset.steps }: Omit<TrainingOptions, "preset" | "set">,
): Promise<Training<LabelledBatch> & { readonly gan: ConditionalGan }> {
	const dataset = await openPresetData(preset, data);
	const gan = buildSystem(system, preset, dataset.attributes.length, seed);
	const warmUp = Math.min(preset.warmUp, steps);
	const decay = linearDecay(steps, preset.decayOver, warmUp);
	return {
		gan,
		steps,
		warmUp,
		options: { ...preset.networks, imageSize: preset.imageSize, cDim: dataset.attributes.length },
		attributes: dataset.attributes,
		settings: {
			...preset.networks,
			data: `${dataset.name}, ${dataset.count("train")} pictures of ${preset.imageSize} × ${preset.imageSize}`,
			...{ warmUp, steps, batchSize: preset.batchSize, rate: preset.rate, decayOver: preset.decayOver },
			...{ nCritic: preset.nCritic, lambdaRec: preset.lambdaRec ?? "own" },
		},
		// The warm-up begins at twice the rate of the adversarial game and comes down to half of it.
		rate: (iteration) =>
			iteration < warmUp ? 2 * Math.min(1, (1.25 * warmUp - iteration) / warmUp) : decay(iteration),
		data: (start, signal) =>
			batches(dataset, {
				split: "train",
				batchSize: preset.batchSize,
				seed: Random.seed(seed).split("data").uint32(),
				flip: true,
				start,
				...(signal === undefined ? {} : { signal }),
			}),
		preview: () => editSheets(gan, dataset),
	};
}

export const experiment: Experiment = {
	paper,
	systems: Object.keys(rows),
	settable: () => settable,
	training: (system, options) =>
		withSettings(presets, settable, options, (preset, rest) => trainEditor(system, preset, rest)),
	async *reproduce(options) {
		// A training needs no metrics; they are loaded where they are used.
		const { reproduceEdits } = await import("../attribute-editing.ts");
		const preset = presets[options.preset];
		return yield* reproduceEdits(
			{
				...{ paper, preset, rows, compared, systems: experiment.systems },
				columns: {
					...{ Black_Hair: "Black hair", Blond_Hair: "Golden hair", Brown_Hair: "Brown hair" },
					...{ Male: "Gender", Young: "Aged" },
				},
				open: (data) => openPresetData(preset, data),
				build: (system, attributes, seed) => buildSystem(system, preset, attributes, seed),
			},
			options,
		);
	},
};
