/** Entries that translate between two sets: drawn horses and zebras, drawn brain slices without and with a tumour. */
import { brains, tumourAttribute } from "../../harness/datasets/brains.ts";
import { horses } from "../../harness/datasets/horses.ts";
import { byAttribute, type Domain, type UnpairedDataset, unpairedBatches } from "../../harness/datasets/unpaired.ts";
import { presets as translation } from "../../harness/experiments/attention-gan.ts";
import { presets as augmentation } from "../../harness/experiments/sag-gan.ts";
import type { PixelArray } from "../../harness/pictures.ts";
import type { UnpairedBatch } from "../../models/paper.ts";
import { appliedTo, type Entry, imagesOf, named, ownTraining, presetTraining } from "./entry.ts";
import { judgeSets } from "./judges.ts";

const { smoke: animal } = translation;
const { smoke: slice } = augmentation;

interface Sides {
	readonly data: UnpairedDataset;
	readonly names: Readonly<Record<Domain, string>>;
}

const animals: Sides = {
	data: horses({ size: animal.imageSize, count: animal.pictures }),
	names: { a: "horses", b: "zebras" },
};
export const slices = brains({ size: slice.imageSize, count: slice.pictures });
const heads: Sides = {
	data: byAttribute(slices, tumourAttribute),
	names: { a: "slices without a tumour", b: "slices with one" },
};

/** Test pictures of one side. */
export async function sideOf({ data }: Pick<Sides, "data">, domain: Domain, most = 64): Promise<PixelArray[]> {
	const rows = Math.min(most, data.count("test", domain));
	const [height, width] = data.size;
	return Promise.all(
		Array.from({ length: rows }, async (_, index) => {
			const { pixels } = await data.read("test", domain, index);
			return { data: pixels, height, width, channels: data.channels };
		}),
	);
}

const translating = (sides: Sides): Pick<Entry, "inputs" | "generate" | "judge"> => ({
	inputs: () => sideOf(sides, "a", 4),
	generate: { direction: "a-to-b" },
	async judge(gan) {
		const [a, b] = [imagesOf(await sideOf(sides, "a")), imagesOf(await sideOf(sides, "b"))];
		const made = (images: typeof a, direction: "a-to-b" | "b-to-a") => appliedTo(gan, images, { direction });
		const { names } = sides;
		const there = { what: `${names.b} made of ${names.a}`, real: b, made: made(a, "a-to-b"), beside: a };
		const back = { what: `${names.a} made of ${names.b}`, real: a, made: made(b, "b-to-a"), beside: b };
		return judgeSets([there, back], "the sources as they are");
	},
});

const both = named("G_A", "G_B");
const inAndOut = named("G_NT", "G_TN", "A_N", "A_T");

export const domainEntries: readonly Entry[] = [
	...[
		{ system: "attention-gan", networks: both },
		{ system: "cyclegan", networks: both },
		{ system: "aggan", networks: named("G_A2B", "G_B2A") },
	].map((each) => ({ ...each, ...presetTraining(each.system, "attention-gan"), ...translating(animals) })),
	{
		...{ system: "attention-gan-geo", networks: both, ...translating(animals) },
		...ownTraining<UnpairedBatch>("attention-gan-geo", () => {
			const { networks, dLayers, poolSize, rate = 1e-3, steps, batchSize } = animal;
			return {
				options: { ...networks, dLayers: dLayers.patch, poolSize, rate },
				...{ steps, batchSize, data: animals.data.describe() },
				batches: (stream) => unpairedBatches(animals.data, { split: "train", batchSize, flip: true, ...stream }),
			};
		}),
	},
	...[
		{ system: "sag-gan", networks: inAndOut },
		{ system: "uaggan", networks: named("g_A", "g_B", "g_A_ae", "g_B_ae") },
	].map((each) => ({ ...each, ...presetTraining(each.system, "sag-gan"), ...translating(heads) })),
];
