/**
 * FASRGAN, Fs-SRGAN and FA+Fs-SRGAN against ESRGAN and bicubic (Tables I and II). The GANs of one generator start from the same
 * training on pixels; data, budget, discriminator's width and loss weights are the paper's or equal for all.
 */
import { Random } from "../../engine/random.ts";
import { esrgan, rrdbPsnr } from "../../models/esrgan.ts";
import { faFsSrgan } from "../../models/fa-fs-srgan.ts";
import { fasrgan } from "../../models/fasrgan.ts";
import { fasrganPaper as paper } from "../../models/fasrgan-paper.ts";
import { fsSrgan, fsSrganPsnr } from "../../models/fs-srgan.ts";
import type { ResolutionGan, ResolutionTrainingOptions } from "../../models/layers/resolution-training.ts";
import type { FeatureFunction } from "../../models/losses/perceptual.ts";
import type { ResolutionBatch } from "../../models/paper.ts";
import type { Options } from "../../models/system.ts";
import { loadCheckpoint, readHeader } from "../checkpoint.ts";
import { openResolution } from "../datasets/find.ts";
import { type ResolutionDataset, resolutionBatches } from "../datasets/resolution.ts";
import { milestones } from "../learning-rates.ts";
import { type PerceptualFeatures, vggFeatures, withoutPerceptual } from "../perceptual-features.ts";
import { linearDecay } from "../train.ts";
import { upscalingSheets } from "../upscaling-sheets.ts";
import type { Experiment, PresetName, Training, TrainingOptions } from "./experiment.ts";
import { amounts, counts, countsFromZero, type SettableNumbers, withSettings } from "./settings.ts";

/** Budget of one stage. */
interface Stage {
	readonly steps: number;
	readonly batchSize: number;
	readonly rate: number;
}

export interface UpscalingPreset {
	readonly data: string;
	/** Labelled pictures on which upscaled ones are recognised. */
	readonly recognition: { readonly data: string; readonly train: number; readonly test: number; readonly size: number };
	/** Side of the low-resolution patches. */
	readonly patch: number;
	readonly networks: {
		readonly width: number;
		readonly growth: number;
		/** Factor on the generator's initial weights; the paper's 0.1 takes long to leave zero. */
		readonly initScale: number;
		readonly dWidth: number;
		readonly dHead: number;
	};
	/** RRDBs of the plain generator, and of extractor + generator in the shared ones. */
	readonly blocks: { readonly plain: number; readonly shared: readonly [e: number, g: number] };
	/** Times that a VGG discriminator halves its input. */
	readonly dHalvings: number;
	/** Training on pixels, which all GANs of a generator start from. */
	readonly start: Stage;
	readonly gan: Stage;
	/** How rates fall: to zero over the last half, or halved at the paper's iterations. */
	readonly schedule: "linear" | "milestones";
	readonly seeds: readonly number[];
	readonly resamples: number;
	/** Iterations of the classifier that recognises pictures. */
	readonly judgeSteps: number;
}

export const presets: Readonly<Record<PresetName, UpscalingPreset>> = {
	smoke: {
		data: "photographs",
		recognition: { data: "faces", train: 256, test: 64, size: 32 },
		patch: 8,
		networks: { width: 16, growth: 8, initScale: 0.5, dWidth: 8, dHead: 16 },
		blocks: { plain: 2, shared: [1, 1] },
		dHalvings: 3,
		start: { steps: 800, batchSize: 4, rate: 2e-3 },
		gan: { steps: 30, batchSize: 2, rate: 2e-4 },
		schedule: "linear",
		seeds: [1, 2],
		resamples: 20,
		judgeSteps: 60,
	},
	// On one free core some ten minutes for each start, which reaches what bicubic does in the first five, and some six for each GAN.
	laptop: {
		data: "super-resolution",
		recognition: { data: "celeba", train: 2400, test: 300, size: 64 },
		patch: 16,
		networks: { width: 32, growth: 16, initScale: 0.5, dWidth: 32, dHead: 128 },
		blocks: { plain: 4, shared: [1, 3] },
		dHalvings: 4,
		start: { steps: 6000, batchSize: 4, rate: 1e-3 },
		gan: { steps: 900, batchSize: 4, rate: 1e-4 },
		schedule: "linear",
		seeds: [1, 2, 3],
		resamples: 200,
		judgeSteps: 600,
	},
	// The settings of the code's train_FASRGAN.json; each system's own of patch, batch and rate would not compare equals.
	paper: {
		data: "super-resolution",
		recognition: { data: "celeba", train: 20_000, test: 2000, size: 128 },
		patch: 32,
		networks: { width: 64, growth: 32, initScale: 0.1, dWidth: 64, dHead: 1024 },
		blocks: { plain: 23, shared: [1, 16] },
		dHalvings: 5,
		start: { steps: 1_000_000, batchSize: 16, rate: 2e-4 },
		gan: { steps: 500_000, batchSize: 16, rate: 1e-4 },
		schedule: "milestones",
		seeds: [1, 2, 3],
		resamples: 1000,
		judgeSteps: 5000,
	},
};

/** The training on pixels that each GAN starts from. */
export const starts: Readonly<Record<string, string>> = {
	esrgan: "rrdb-psnr",
	fasrgan: "rrdb-psnr",
	"fs-srgan": "fs-srgan-psnr",
	"fa-fs-srgan": "fs-srgan-psnr",
};

/** Ids of the GANs compared, in the order of the table. */
export const compared = Object.keys(starts);

/** Options of a system's card as a preset has them. */
export function optionsOf(id: string, { networks, blocks, patch, dHalvings, start, gan }: UpscalingPreset): Options {
	const { width, growth, initScale, dWidth, dHead } = networks;
	const [eBlocks, gBlocks] = blocks.shared;
	const plain = { width, growth, initScale, blocks: blocks.plain };
	const shared = { width, growth, initScale, eBlocks, blocks: gBlocks };
	const game = { size: 4 * patch, dWidth, gRate: gan.rate, dRate: gan.rate };
	const vgg = { ...game, dHalvings, dHead: 100 };
	const all: Readonly<Record<string, Options>> = {
		"rrdb-psnr": { ...plain, gRate: start.rate },
		"fs-srgan-psnr": { ...shared, gRate: start.rate },
		esrgan: { ...plain, ...vgg },
		fasrgan: { ...plain, ...game, dHead },
		"fs-srgan": { ...shared, ...vgg },
		"fa-fs-srgan": { ...shared, ...game, dHead },
	};
	const options = all[id];
	if (options === undefined) throw new RangeError(`system: must be one of ${Object.keys(all).join(", ")}, got ${id}`);
	return options;
}

const builders: Readonly<Record<string, (options: Options & ResolutionTrainingOptions) => ResolutionGan>> = {
	...{ "rrdb-psnr": rrdbPsnr, "fs-srgan-psnr": fsSrganPsnr, esrgan, fasrgan },
	...{ "fs-srgan": fsSrgan, "fa-fs-srgan": faFsSrgan },
};

/** Builds one of the systems as a preset has it. */
export function buildSystem(
	id: string,
	preset: UpscalingPreset,
	seed: number,
	perceptual?: FeatureFunction,
): ResolutionGan {
	const options = optionsOf(id, preset);
	// Without features nothing would hold the adversarial terms: the pixel term then has the weight of the perceptual one.
	const content = perceptual === undefined ? { pixelWeight: 1 } : { perceptual };
	const build = builders[id] as (typeof builders)[string];
	return build({
		...options,
		...(id in starts ? content : {}),
		seed: Random.seed(seed).split("initial weights").uint32(),
	} as Options & ResolutionTrainingOptions);
}

/** Opens the preset's pictures, or the set named instead of them. */
export function openPresetData(preset: UpscalingPreset, data = preset.data): Promise<ResolutionDataset> {
	return openResolution(data, { scale: 4 });
}

/**
 * Prepares the training of one system: on pixels for those that others start from; else the adversarial game, from the training on
 * pixels in `from`, or behind one of its own where none is given. `openFeatures` opens what the perceptual term sees by; where
 * that is nothing the term is off.
 */
export async function trainUpscaler(
	system: string,
	preset: UpscalingPreset,
	{ data, seed, steps, from }: Omit<TrainingOptions, "preset" | "set">,
	openFeatures: () => Promise<PerceptualFeatures | undefined> = vggFeatures,
): Promise<Training<ResolutionBatch> & { readonly gan: ResolutionGan }> {
	const dataset = await openPresetData(preset, data);
	const isStart = !(system in starts);
	const vgg = isStart ? undefined : await openFeatures();
	const gan = buildSystem(system, preset, seed, vgg?.features);
	if (from !== undefined && !isStart) await startFrom(gan, from, system, preset, seed);
	const warmUp = isStart || from !== undefined ? 0 : preset.start.steps;
	const stage = isStart ? preset.start : preset.gan;
	const total = steps ?? warmUp + stage.steps;
	const before = fall(preset, warmUp);
	const after = fall(preset, Math.max(1, total - warmUp));
	const { batchSize } = stage;
	return {
		gan: vgg === undefined ? gan : { ...gan, [Symbol.dispose]: () => [gan, vgg].map((one) => one[Symbol.dispose]()) },
		steps: total,
		warmUp: Math.min(warmUp, total),
		settings: {
			...preset.networks,
			...{ blocksPlain: preset.blocks.plain, blocksShared: preset.blocks.shared.join("+"), patch: preset.patch },
			data: `${dataset.name}, ${dataset.count("train")} pictures`,
			...{ steps: total, warmUp, batchSize, rate: stage.rate, schedule: preset.schedule },
			start: isStart ? "none" : from === undefined ? "own" : (starts[system] as string),
			perceptual: isStart ? "none" : vgg === undefined ? "off, pixel weight 1" : `vgg19 sha256:${vgg.sha256}`,
		},
		options: optionsOf(system, preset),
		notes: isStart || vgg !== undefined ? [] : [withoutPerceptual],
		rate: (iteration) =>
			iteration < warmUp ? (before(iteration) * preset.start.rate) / preset.gan.rate : after(iteration - warmUp),
		data: (start, signal) =>
			resolutionBatches(dataset, {
				...{ split: "train", patch: preset.patch, batchSize, turn: true, start },
				seed: Random.seed(seed).split("data").uint32(),
				...(signal === undefined ? {} : { signal }),
			}),
		preview: () => upscalingSheets(gan, dataset),
	};
}

/** Fraction of the base rate over a stage. */
function fall({ schedule }: UpscalingPreset, steps: number): (iteration: number) => number {
	const halved = milestones();
	return schedule === "linear" ? linearDecay(steps, 0.5) : (iteration) => halved(iteration + 1);
}

/** Gives the generator (and extractor) the weights of the training on pixels in `folder`. */
async function startFrom(
	gan: ResolutionGan,
	folder: string,
	system: string,
	preset: UpscalingPreset,
	seed: number,
): Promise<void> {
	using start = buildSystem(starts[system] as string, preset, seed);
	const { system: found } = await readHeader(folder);
	if (found !== start.id) throw new RangeError(`${folder}: must hold a training of ${start.id}, got one of ${found}`);
	await loadCheckpoint(folder, start);
	for (const [name, network] of Object.entries(start.networks)) {
		for (const { name: key } of network.entries()) gan.networks[name]?.write(key, network.read(key));
	}
}

const generator = { ...counts("patch", "networks.width", "networks.growth"), ...amounts("networks.initScale") };
const onPixels = { ...counts("start.batchSize"), ...amounts("start.rate") };
const game = {
	...counts("gan.batchSize", "networks.dWidth", "networks.dHead"),
	...countsFromZero("start.steps as warmUp"),
	...amounts("gan.rate", "start.rate as warmUpRate"),
};

/** The numbers of a system's own generator, discriminator and stage. */
function settable(system: string): SettableNumbers {
	const blocks = (starts[system] ?? system).startsWith("fs-srgan")
		? counts("blocks.shared.0 as eBlocks", "blocks.shared.1 as blocks")
		: counts("blocks.plain as blocks");
	if (!(system in starts)) return { ...generator, ...blocks, ...onPixels };
	const { dHead, ...rest } = game;
	return { ...generator, ...blocks, ...(system.startsWith("fa") ? game : { ...rest, ...counts("dHalvings") }) };
}

export const experiment: Experiment = {
	paper,
	systems: [...compared, ...new Set(Object.values(starts))],
	settable,
	training: (system, options) =>
		withSettings(presets, settable(system), options, (preset, rest) => trainUpscaler(system, preset, rest)),
	async *reproduce(options) {
		// A training needs no metrics; they are loaded where they are used.
		const { reproduceUpscaling } = await import("../upscaling.ts");
		return yield* reproduceUpscaling(
			{
				...{ paper, preset: presets[options.preset], systems: compared, starts },
				rows: {
					...{ bicubic: "bicubic", esrgan: "ESRGAN", fasrgan: "FASRGAN" },
					...{ "fs-srgan": "Fs-SRGAN", "fa-fs-srgan": "FA+Fs-SRGAN" },
				},
				open: (data) => openPresetData(presets[options.preset], data),
				build: (system, seed) => buildSystem(system, presets[options.preset], seed),
			},
			options,
		);
	},
};
