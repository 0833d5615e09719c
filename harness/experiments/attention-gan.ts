/**
 * AttentionGAN's two schemes against CycleGAN on horse to zebra or another unpaired task, with one term or part of scheme I left out at a time: same
 * data, budget and rate for all; only the systems differ.
 */
import { Random } from "../../engine/random.ts";
import { type AgganOptions, aggan, curriculum } from "../../models/aggan.ts";
import { attentionGan, paper } from "../../models/attention-gan.ts";
import { cyclegan } from "../../models/cyclegan.ts";
import type { TwoDomainGan } from "../../models/layers/two-domain.ts";
import type { UnpairedBatch } from "../../models/paper.ts";
import { openUnpaired } from "../datasets/find.ts";
import { type UnpairedDataset, unpairedBatches } from "../datasets/unpaired.ts";
import type { JudgeOptions } from "../judge.ts";
import { linearDecay } from "../train.ts";
import { translationSheets } from "../translation-sheets.ts";
import type { Experiment, PresetName, Training, TrainingOptions } from "./experiment.ts";
import { amounts, counts, countsFromZero, shares, withSettings } from "./settings.ts";

/** Sizes and budget of one preset, the same for every system. */
export interface TranslationPreset {
	readonly data: string;
	/** Pictures of each side of a drawn set; of a set on disk only `test` counts. */
	readonly pictures: { readonly train: number; readonly test: number };
	readonly imageSize: number;
	/** Side to which pictures on disk are resized before a random part is cut out for training. */
	readonly loadSize: number;
	readonly networks: { readonly ngf: number; readonly ndf: number; readonly blocks: number };
	/** Residual blocks of scheme I. @default as the others */
	readonly agganBlocks?: number;
	/** Strided layers: of the PatchGANs, and of scheme I's discriminators, which look at the whole picture. */
	readonly dLayers: { readonly patch: number; readonly whole: number };
	readonly batchSize: number;
	readonly steps: number;
	/** Iterations of CycleGAN, whose generators must learn to give back the whole picture. @default as the others */
	readonly cycleganSteps?: number;
	/** Adam's rate. @default each system's own */
	readonly rate?: number;
	/** Share of the iterations over which the rate falls to 0. */
	readonly decayOver: number;
	readonly poolSize: number;
	/** Share of the iterations in which scheme I hardly counts its cycle, and the share that its cycle and pixel terms have then. */
	readonly curriculum: { readonly over: number; readonly lateShare: number };
	readonly seeds: readonly number[];
	/** Of the systems with something left out. */
	readonly ablationSeeds: readonly number[];
	/** Resamples of the test pictures behind each interval. */
	readonly resamples: number;
	/** The classifier that judges whether a translation is of the other side. */
	readonly judge: Pick<JudgeOptions, "steps" | "batchSize" | "widths">;
}

export const presets: Readonly<Record<PresetName, TranslationPreset>> = {
	smoke: {
		data: "horses",
		pictures: { train: 200, test: 48 },
		imageSize: 32,
		loadSize: 32,
		networks: { ngf: 8, ndf: 8, blocks: 2 },
		dLayers: { patch: 2, whole: 2 },
		batchSize: 2,
		steps: 240,
		rate: 1e-3,
		decayOver: 0.5,
		poolSize: 50,
		curriculum: { over: 0.3, lateShare: 0.15 },
		seeds: [1],
		ablationSeeds: [1],
		resamples: 40,
		judge: { steps: 80, batchSize: 32, widths: [16, 32, 64, 64] },
	},
	// A change that small networks learn in minutes from some hundred pictures of each side; on horse2zebra's 150 the
	// discriminators win first. Small pictures and a rate above the code's that falls to zero. CycleGAN, which copies nothing, gets
	// iterations until it gives pictures back better than a blurred copy: after 4,000 and 5,500 it missed by a fiftieth and less. In a
	// training this short scheme I's own share of one half ends with an empty mask, which keeps every picture as it is: cycle and
	// pixel terms count less.
	laptop: {
		data: "celeba@Blond_Hair",
		pictures: { train: 2400, test: 600 },
		imageSize: 32,
		loadSize: 32,
		networks: { ngf: 16, ndf: 16, blocks: 3 },
		dLayers: { patch: 3, whole: 2 },
		batchSize: 2,
		steps: 4000,
		cycleganSteps: 7000,
		rate: 5e-4,
		decayOver: 0.5,
		poolSize: 50,
		curriculum: { over: 0.3, lateShare: 0.15 },
		seeds: [1, 2, 3],
		ablationSeeds: [1],
		resamples: 100,
		judge: { steps: 600 },
	},
	// The codes' own settings at batch 1: 200 epochs of 1,334 pictures, the rate falling over the last 100.
	paper: {
		data: "horse2zebra",
		pictures: { train: 1334, test: 140 },
		imageSize: 256,
		loadSize: 286,
		networks: { ngf: 64, ndf: 64, blocks: 9 },
		agganBlocks: 6,
		dLayers: { patch: 3, whole: 4 },
		batchSize: 1,
		steps: 266_800,
		decayOver: 0.5,
		poolSize: 50,
		curriculum: { over: 0.05, lateShare: 0.5 },
		seeds: [1, 2, 3],
		ablationSeeds: [1],
		resamples: 200,
		judge: { steps: 5000 },
	},
};

/** The systems with something of scheme I left out or added, by id. */
const variants: Readonly<Record<string, AgganOptions>> = {
	"aggan-no-pixel": { lambdaPixel: 0 },
	"aggan-no-tv": { lambdaTv: 0 },
	"aggan-no-mask": { masked: false },
	"aggan-mask-discriminators": { attentionDiscriminators: true },
};
const compared = ["attention-gan", "aggan", "cyclegan"] as const;
const names: Readonly<Record<string, string>> = {
	"attention-gan": "Scheme II",
	aggan: "Scheme I",
	cyclegan: "CycleGAN",
	"aggan-no-pixel": "no pixel loss",
	"aggan-no-tv": "no total variation",
	"aggan-no-mask": "no mask",
	"aggan-mask-discriminators": "mask judged too",
};
const ids: readonly string[] = [...compared, ...Object.keys(variants)];

/** Builds one of the systems as a preset has it. */
export function buildTranslator(id: string, preset: TranslationPreset, seed: number): TwoDomainGan {
	const { networks, dLayers, poolSize, steps, imageSize } = preset;
	const common = {
		...networks,
		poolSize,
		seed: Random.seed(seed).split("initial weights").uint32(),
		...(preset.rate === undefined ? {} : { rate: preset.rate }),
	};
	if (id === "attention-gan") return attentionGan({ ...common, dLayers: dLayers.patch });
	if (id === "cyclegan") return cyclegan({ ...common, dLayers: dLayers.patch });
	if (!ids.includes(id)) throw new RangeError(`system: must be one of ${ids.join(", ")}, got ${id}`);
	return aggan({
		...common,
		blocks: preset.agganBlocks ?? networks.blocks,
		dLayers: dLayers.whole,
		share: curriculum({ iterations: Math.round(steps * preset.curriculum.over), late: preset.curriculum.lateShare }),
		// A sum over pixels: weighed so that each pixel counts as at the paper's 256 × 256.
		lambdaTv: 1e-6 * (256 / imageSize) ** 2,
		...variants[id],
	});
}

/** Opens the preset's data, or the set named instead of it. */
export function openTranslationData(preset: TranslationPreset, data = preset.data): Promise<UnpairedDataset> {
	const { imageSize: size, loadSize, pictures } = preset;
	return openUnpaired(data, { size, loadSize, ...pictures });
}

/** Prepares the training of one system as a preset has it. */
export async function trainTranslator(
	system: string,
	preset: TranslationPreset,
	{ data, seed, steps: wanted }: Omit<TrainingOptions, "preset" | "set">,
): Promise<Training<UnpairedBatch>> {
	const steps = wanted ?? (system === "cyclegan" ? preset.cycleganSteps : undefined) ?? preset.steps;
	const dataset = await openTranslationData(preset, data);
	const gan = buildTranslator(system, { ...preset, steps }, seed);
	const { networks, dLayers, batchSize, rate, decayOver, imageSize } = preset;
	const { over: lateOver, lateShare } = preset.curriculum;
	const own = system.startsWith("aggan")
		? { blocks: preset.agganBlocks ?? networks.blocks, dLayers: dLayers.whole, lateOver, lateShare }
		: { dLayers: dLayers.patch };
	return {
		gan,
		steps,
		warmUp: 0,
		settings: {
			...{ variant: system, ...networks, ...own },
			data: `${dataset.name}, ${dataset.count("train", "a")} and ${dataset.count("train", "b")} pictures of ${imageSize} × ${imageSize}`,
			...{ steps, batchSize, rate: rate ?? "own", decayOver },
		},
		rate: linearDecay(steps, decayOver),
		data: (start, signal) =>
			unpairedBatches(dataset, {
				split: "train",
				batchSize,
				seed: Random.seed(seed).split("data").uint32(),
				flip: true,
				start,
				...(signal === undefined ? {} : { signal }),
			}),
		preview: () => translationSheets(gan, dataset),
	};
}

const common = {
	...counts("imageSize", "loadSize", "batchSize", "networks.ngf", "networks.ndf"),
	...countsFromZero("poolSize"),
	...amounts("rate"),
	...shares("decayOver"),
};
const patchwise = counts("networks.blocks", "dLayers.patch as dLayers");
const whole = {
	...counts("agganBlocks as blocks", "dLayers.whole as dLayers"),
	...shares("curriculum.over as curriculum", "curriculum.lateShare"),
};
const settable = (system: string) => ({ ...common, ...(system.startsWith("aggan") ? whole : patchwise) });

export const experiment: Experiment = {
	paper,
	systems: ids,
	settable,
	training: (system, options) =>
		withSettings(presets, settable(system), options, (preset, rest) => trainTranslator(system, preset, rest)),
	async *reproduce(options) {
		// A training needs no metrics; they are loaded where they are used.
		const { reproduceTranslations } = await import("../unpaired-translation.ts");
		const preset = presets[options.preset];
		return yield* reproduceTranslations(
			{
				...{ paper, preset, compared, variants: Object.keys(variants), varied: "aggan", names },
				rows: { "attention-gan": "AttentionGAN", cyclegan: "CycleGAN" },
				open: (data) => openTranslationData(preset, data),
				build: (system, seed) => buildTranslator(system, preset, seed),
			},
			options,
		);
	},
};
