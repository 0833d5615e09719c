/** SAG-GAN, UAGGAN and the classifiers in training on brain slices: of BraTS where they are, else drawn. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { tumourAttribute } from "../../harness/datasets/brains.ts";
import { batches } from "../../harness/datasets/dataset.ts";
import { openDataset } from "../../harness/datasets/find.ts";
import { byAttribute, unpairedBatches } from "../../harness/datasets/unpaired.ts";
import { alexnet } from "../../models/alexnet.ts";
import { resnet } from "../../models/resnet.ts";
import { sagGan } from "../../models/sag-gan.ts";
import { uaggan } from "../../models/uaggan.ts";
import { vggClassifier } from "../../models/vgg-classifier.ts";
import { type FamilyCase, few, trainsAndGoesOn } from "../helpers/family.ts";

const data = process.env["FOVEA_DATA"];
const name = data !== undefined && existsSync(join(data, "brats20_slices")) ? "brats" : "brains";

const unpaired = async (size: number): Promise<readonly object[]> => {
	const set = byAttribute(await openDataset(name, { size }), tumourAttribute);
	return few(unpairedBatches(set, { split: "train", batchSize: 1, seed: 1, prefetch: 1, masks: true }));
};
const labelled = async (size: number): Promise<readonly object[]> =>
	few(batches(await openDataset(name, { size }), { split: "train", batchSize: 8, seed: 1, prefetch: 1 }));

interface Case extends Omit<FamilyCase, "batches" | "below"> {
	readonly name: string;
	readonly batches: (size: number) => Promise<readonly object[]>;
}

const sag = { ngf: 4, blocks: 1, reduction: 4, ngfAttention: 4, ndf: 4, dLayers: 2, poolSize: 3, rate: 5e-3 };
const uag = { channels: 1, ngf: 4, blocks: 1, ndf: 4, poolSize: 3, rate: 1e-3, epochLength: 3 };
const twoClasses = { channels: 1, rate: 3e-3 };

const cases: readonly Case[] = [
	{ name: "SAG-GAN", build: (seed) => sagGan({ ...sag, seed }), batches: unpaired, size: 32, falls: "mask" },
	{
		name: "SAG-GAN in the log form with plain norms",
		build: (seed) => sagGan({ ...sag, adversarial: "log", amseNorm: "plain", seed }),
		batches: unpaired,
		size: 16,
		falls: "total",
	},
	{
		name: "UAGGAN over its switch",
		build: (seed) => uaggan({ ...uag, switchEpoch: 5, seed }),
		batches: unpaired,
		size: 32,
		falls: "cycle_a",
	},
	{
		name: "UAGGAN with the written kernels",
		build: (seed) => uaggan({ ...uag, kernels: "written", skip: true, seed }),
		batches: unpaired,
		size: 16,
		falls: "cycle_a",
	},
	{
		name: "ResNet18",
		build: (seed) => resnet({ ...twoClasses, width: 4, seed }),
		batches: labelled,
		size: 32,
		falls: "C/loss_cls",
	},
	{
		name: "VGG11",
		build: (seed) => vggClassifier({ ...twoClasses, depth: 11, width: 8, headWidth: 64, seed }),
		batches: labelled,
		size: 32,
		falls: "C/loss_cls",
	},
	{
		name: "AlexNet",
		build: (seed) => alexnet({ ...twoClasses, width: 8, headWidth: 64, seed }),
		batches: labelled,
		size: 64,
		falls: "C/loss_cls",
	},
];

for (const one of cases) {
	test.serial(
		`${one.name} trains 30 steps on slices, and goes on from a checkpoint as if it had not stopped`,
		async (t) => {
			await trainsAndGoesOn(t, { ...one, batches: () => one.batches(one.size), below: 0.99 });
		},
	);
}
