/**
 * AGA-GAN: does it help to know a face's attributes when it is enlarged? The same network with them, without them, with
 * those of another face and with most of them unknown; then the dual-attention U-Net behind it.
 */
import { Random } from "../../engine/random.ts";
import { type AgaGanOptions, agaGan, paper } from "../../models/aga-gan.ts";
import { type DualAttentionUnet, dualAttentionUnet } from "../../models/dual-attention-unet.ts";
import type { Gan, ResolutionBatch } from "../../models/paper.ts";
import { hasCheckpoint, loadCheckpoint, readHeader } from "../checkpoint.ts";
import { openGuidedFaces } from "../datasets/find.ts";
import { type ResolutionDataset, resolutionBatches } from "../datasets/resolution.ts";
import { enlargementSheets } from "../enlargement-sheets.ts";
import { linearDecay } from "../train.ts";
import type { Experiment, PresetName, Training, TrainingOptions } from "./experiment.ts";
import { amounts, counts, countsFromZero, shares, withSettings } from "./settings.ts";

/** Sizes and budget of one preset. */
export interface GuidedPreset {
	readonly data: string;
	/** Faces to train and test with: drawn ones, or of AGA-GAN's split of CelebA. */
	readonly pictures: { readonly train: number; readonly test: number };
	readonly networks: Required<Pick<AgaGanOptions, "lowSize" | "scale" | "width">>;
	readonly unet: { readonly unetWidth: number; readonly reduction: number };
	readonly batchSize: number;
	/** Iterations on the content loss alone, before the adversarial ones. */
	readonly warmUp: number;
	readonly steps: number;
	readonly rate: number;
	/** Share of the adversarial iterations over which the rate falls to 0. */
	readonly decayOver: number;
	/** Of the U-Net, whose rate falls alike. */
	readonly refinement: { readonly steps: number; readonly batchSize: number; readonly rate: number };
	readonly seeds: readonly number[];
	/** Resamples of the test faces behind each interval. */
	readonly resamples: number;
}

export const presets: Readonly<Record<PresetName, GuidedPreset>> = {
	smoke: {
		data: "faces",
		pictures: { train: 400, test: 64 },
		networks: { lowSize: 4, scale: 8, width: 4 },
		unet: { unetWidth: 8, reduction: 4 },
		batchSize: 8,
		warmUp: 240,
		steps: 80,
		rate: 2e-3,
		decayOver: 0.5,
		refinement: { steps: 240, batchSize: 8, rate: 2e-3 },
		seeds: [1, 2],
		resamples: 50,
	},
	// Some 12 minutes on one free core for each AGA-GAN, and some 5 for each U-Net.
	laptop: {
		data: "faces",
		pictures: { train: 2700, test: 300 },
		networks: { lowSize: 8, scale: 8, width: 16 },
		unet: { unetWidth: 16, reduction: 8 },
		batchSize: 8,
		warmUp: 1500,
		steps: 700,
		rate: 5e-4,
		decayOver: 0.5,
		refinement: { steps: 1200, batchSize: 8, rate: 5e-4 },
		seeds: [1, 2, 3],
		resamples: 200,
	},
	// The code's: 50 epochs of 100,000 faces in batches of 100, and 20 of the U-Net in batches of 50; no warm-up, one rate.
	paper: {
		data: "celeba",
		pictures: { train: 100_000, test: 2500 },
		networks: { lowSize: 16, scale: 8, width: 32 },
		unet: { unetWidth: 32, reduction: 16 },
		batchSize: 100,
		warmUp: 0,
		steps: 50_000,
		rate: 1e-4,
		decayOver: 0,
		refinement: { steps: 40_000, batchSize: 50, rate: 1e-4 },
		seeds: [1, 2, 3],
		resamples: 200,
	},
};

/** Opens the preset's faces, or the set named instead of them. */
export function openPresetData(
	{ pictures, networks, ...preset }: GuidedPreset,
	data = preset.data,
): Promise<ResolutionDataset> {
	const { lowSize, scale } = networks;
	return openGuidedFaces(data, { lowSize, scale, ...pictures });
}

const unet = "dual-attention-unet";

const shared = { ...counts("networks.lowSize", "networks.scale", "networks.width"), ...shares("decayOver") };
const own = { ...counts("batchSize"), ...countsFromZero("warmUp"), ...amounts("rate") };
const refining = {
	...counts("unet.unetWidth", "unet.reduction", "refinement.batchSize"),
	...amounts("refinement.rate"),
};
const settable = (system: string) => ({ ...shared, ...(system === unet ? refining : own) });

/** Builds one of the systems as a preset has it. */
export function buildSystem(
	id: string,
	{ networks, unet: widths, refinement, rate }: GuidedPreset,
	seed: number,
): Gan<ResolutionBatch> {
	const own = Random.seed(seed).split("initial weights").uint32();
	if (id === unet) return dualAttentionUnet({ ...networks, ...widths, rate: refinement.rate, seed: own });
	return agaGan({ ...networks, rate, guided: id !== "aga-gan-unguided", seed: own });
}

/** Puts the generator of an AGA-GAN's training into a U-Net. Throws where the folder holds none. */
async function loadGenerator(target: DualAttentionUnet, preset: GuidedPreset, from: string | undefined): Promise<void> {
	if (from === undefined || !hasCheckpoint(from)) {
		throw new RangeError(`${unet}: --from must be the folder of an aga-gan training, got ${from ?? "none"}`);
	}
	const { system } = await readHeader(from);
	if (system !== "aga-gan") throw new RangeError(`${from}: must hold a training of aga-gan, got ${system}`);
	using trained = agaGan(preset.networks);
	await loadCheckpoint(from, trained);
	for (const { name } of trained.networks["G"]?.entries() ?? []) {
		const values = trained.networks["G"]?.read(name);
		if (values !== undefined) target.networks["G"]?.write(name, values);
	}
}

async function train(
	system: string,
	preset: GuidedPreset,
	options: Omit<TrainingOptions, "preset" | "set">,
): Promise<Training<ResolutionBatch>> {
	const { data, seed, from } = options;
	const isUnet = system === unet;
	const dataset = await openPresetData(preset, data);
	const gan = buildSystem(system, preset, seed);
	if (isUnet) await loadGenerator(gan as DualAttentionUnet, preset, from);
	const { steps = isUnet ? preset.refinement.steps : preset.warmUp + preset.steps } = options;
	const warmUp = isUnet ? 0 : Math.min(preset.warmUp, steps);
	const batchSize = isUnet ? preset.refinement.batchSize : preset.batchSize;
	const decay = preset.decayOver === 0 ? () => 1 : linearDecay(steps, preset.decayOver, warmUp);
	return {
		gan,
		steps,
		warmUp,
		options: { ...preset.networks, ...(isUnet ? preset.unet : {}), guided: system !== "aga-gan-unguided" },
		...(dataset.attributes === undefined ? {} : { attributes: dataset.attributes }),
		settings: {
			...preset.networks,
			...(isUnet ? preset.unet : {}),
			data: `${dataset.name}, ${dataset.count("train")} faces`,
			guided: system !== "aga-gan-unguided",
			...{ warmUp, steps, batchSize, rate: isUnet ? preset.refinement.rate : preset.rate, decayOver: preset.decayOver },
		},
		rate: decay,
		// In the order of the set, as the code has it.
		data: (start, signal) =>
			resolutionBatches(dataset, {
				...{ split: "train", batchSize, shuffle: false, start },
				seed: Random.seed(seed).split("data").uint32(),
				...(signal === undefined ? {} : { signal }),
			}),
		preview: () => enlargementSheets(gan, dataset),
	};
}

export const experiment: Experiment = {
	paper,
	systems: ["aga-gan", "aga-gan-unguided", unet],
	settable,
	training: (system, options) =>
		withSettings(presets, settable(system), options, (preset, rest) => train(system, preset, rest)),
	async *reproduce(options) {
		// A training needs no metrics; they are loaded where they are used.
		const { reproduceEnlargement } = await import("../face-enlargement.ts");
		const preset = presets[options.preset];
		return yield* reproduceEnlargement(
			{
				...{ paper, preset },
				first: ["aga-gan", "aga-gan-unguided"],
				refinement: { system: unet, of: "aga-gan" },
				open: (data) => openPresetData(preset, data),
				build: (system, seed) => buildSystem(system, preset, seed),
			},
			options,
		);
	},
};
