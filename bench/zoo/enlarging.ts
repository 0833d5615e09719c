/** Entries that make pictures larger: photographs, and drawn faces with their attributes. */
import { readNetwork } from "../../harness/checkpoint.ts";
import { openResolution } from "../../harness/datasets/find.ts";
import { type ResolutionDataset, resolutionBatches } from "../../harness/datasets/resolution.ts";
import { presets as guidedPresets, openPresetData } from "../../harness/experiments/aga-gan.ts";
import { presets, starts } from "../../harness/experiments/fasrgan.ts";
import { opencvEnlarged } from "../../harness/opencv-enlarged.ts";
import { crop } from "../../harness/resize.ts";
import { bicubic } from "../../harness/upscaling-sheets.ts";
import type { Gan, ResolutionBatch } from "../../models/paper.ts";
import { srresnet } from "../../models/srgan.ts";
import type { Options } from "../../models/system.ts";
import { appliedTo, type Entry, imagesOf, named, ownTraining, picturesOf, presetTraining } from "./entry.ts";
import { judgePairs } from "./judges.ts";

const preset = presets.smoke;
const scale = 4;
/** The photographs of fixtures/, four times smaller and as they are. */
const photographs = () => openResolution(preset.data, { scale });

async function testOf(data: ResolutionDataset) {
	return Promise.all(Array.from({ length: data.count("test") }, (_, index) => data.read("test", index)));
}

const upscaling: Pick<Entry, "inputs" | "generate" | "judge"> = {
	// The middle of each, so that the sample is made in a moment.
	inputs: async () =>
		(await testOf(await photographs())).slice(0, 4).map(({ low: { data, height, width, channels } }) => {
			const side = Math.min(32, height, width);
			const box = { top: (height - side) >> 1, left: (width - side) >> 1, height: side, width: side };
			return { data: crop(data, width, channels, box), height: side, width: side, channels };
		}),
	generate: {},
	async judge(gan) {
		const test = await testOf(await photographs());
		const truth = test.map(({ high }) => high);
		const made = test.flatMap(({ low }) => picturesOf(appliedTo(gan, imagesOf([low]))));
		return judgePairs({ truth, made, beside: test.map(({ low }) => bicubic(low, scale)) }, "bicubic enlargement");
	},
};

const generator = named("G");
/** An extractor stands before some generators; the discriminators of others make the map of attention. */
const networksOf = (system: string) =>
	named(...(/^(fa-)?fs-/.test(system) ? ["E"] : []), "G", ...(system.startsWith("fa") ? ["D"] : []));

const { width, dWidth } = preset.networks;
const shape: Options = { width, blocks: preset.blocks.plain };
/** A stage on patches of the photographs. */
async function onPatches({ steps, batchSize }: { readonly steps: number; readonly batchSize: number }) {
	const data = await photographs();
	return {
		...{ data: data.describe(), steps, batchSize },
		batches: (stream: { readonly seed: number; readonly start: number }) =>
			resolutionBatches(data, { split: "train", patch: preset.patch, batchSize, turn: true, ...stream }),
	};
}

async function startFrom(gan: Gan<ResolutionBatch>, from: string | undefined): Promise<void> {
	if (from === undefined) throw new RangeError("srgan: must start from a training of srresnet, got none");
	using start = await readNetwork(from, "G", srresnet({ ...shape, scale }));
	for (const { name } of start.entries()) gan.networks["G"]?.write(name, start.read(name));
}

const faces = () => openPresetData(guidedPresets.smoke);
const guided: Pick<Entry, "inputs" | "generate" | "judge"> = {
	inputs: async () => (await testOf(await faces())).slice(0, 4).map(({ low }) => low),
	generate: { source: "Smiling" },
	async judge(gan) {
		const test = await testOf(await faces());
		const low = imagesOf(test.map((one) => one.low));
		const labels = Float32Array.from(test.flatMap(({ label }) => [...(label ?? [])]));
		const truth = test.map(({ high }) => high);
		const cubic = opencvEnlarged(low, guidedPresets.smoke.networks.scale);
		return judgePairs(
			{ truth, made: picturesOf(appliedTo(gan, low, { labels })), beside: picturesOf({ ...cubic, range: "byte" }) },
			"OpenCV's cubic enlargement",
		);
	},
};

export const enlargingEntries: readonly Entry[] = [
	...[...new Set(Object.values(starts)), ...Object.keys(starts)].map((system) => ({
		...{ system, networks: networksOf(system), ...presetTraining(system, "fasrgan"), ...upscaling },
		...(starts[system] === undefined ? {} : { from: starts[system] }),
	})),
	{
		...{ system: "srresnet", networks: generator, ...upscaling },
		...ownTraining<ResolutionBatch>("srresnet", async () => ({
			// Its last layer begins at random, and no skip brings the picture to it: it needs longer.
			...(await onPatches({ ...preset.start, steps: 2 * preset.start.steps })),
			options: { ...shape, gRate: preset.start.rate / 2 },
		})),
	},
	{
		...{ system: "srgan", from: "srresnet", networks: generator, ...upscaling },
		...ownTraining<ResolutionBatch>("srgan", async () => ({
			...(await onPatches(preset.gan)),
			options: {
				...{ ...shape, size: scale * preset.patch, dWidth, dHalvings: preset.dHalvings },
				...{ gRate: preset.gan.rate, dRate: preset.gan.rate },
			},
			prepare: startFrom,
		})),
	},
	{ system: "aga-gan", networks: generator, ...presetTraining("aga-gan", "aga-gan"), ...guided },
	{
		...{ system: "dual-attention-unet", from: "aga-gan", networks: named("G", "U") },
		...{ ...presetTraining("dual-attention-unet", "aga-gan"), ...guided },
	},
];
