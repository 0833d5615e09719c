/** SAG-GAN, UAGGAN and the classifiers in training on brain slices: of BraTS where they are, else drawn. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../engine/random.ts";
import { loadCheckpoint, saveCheckpoint } from "../../harness/checkpoint.ts";
import { tumourAttribute } from "../../harness/datasets/brains.ts";
import { batches } from "../../harness/datasets/dataset.ts";
import { openDataset } from "../../harness/datasets/find.ts";
import { byAttribute, unpairedBatches } from "../../harness/datasets/unpaired.ts";
import { alexnet } from "../../models/alexnet.ts";
import type { Gan, Losses } from "../../models/paper.ts";
import { resnet } from "../../models/resnet.ts";
import { sagGan } from "../../models/sag-gan.ts";
import { uaggan } from "../../models/uaggan.ts";
import { vggClassifier } from "../../models/vgg-classifier.ts";
import { onEngines } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const steps = 30;
const data = process.env["FOVEA_DATA"];
const name = data !== undefined && existsSync(join(data, "brats20_slices")) ? "brats" : "brains";

/** The first few batches of the set, over and over: what is learnt of them shows within 30 steps. */
async function few<Batch extends object>(stream: AsyncIterable<Batch>): Promise<readonly Batch[]> {
	const kept: Batch[] = [];
	for await (const batch of stream) {
		kept.push(batch);
		if (kept.length === 3) break;
	}
	return kept;
}

const unpaired = async (size: number): Promise<readonly object[]> => {
	const set = byAttribute(await openDataset(name, { size }), tumourAttribute);
	return few(unpairedBatches(set, { split: "train", batchSize: 1, seed: 1, prefetch: 1, masks: true }));
};
const labelled = async (size: number): Promise<readonly object[]> =>
	few(batches(await openDataset(name, { size }), { split: "train", batchSize: 8, seed: 1, prefetch: 1 }));

interface Case {
	readonly name: string;
	readonly build: (seed: number) => Gan<never>;
	readonly batches: (size: number) => Promise<readonly object[]>;
	readonly size: number;
	/** Loss that must fall. */
	readonly falls: string;
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

for (const { name, build, batches, size, falls } of cases) {
	test.serial(
		`${name} trains 30 steps on slices, and goes on from a checkpoint as if it had not stopped`,
		async (t) => {
			await onEngines(async (engine) => {
				const folder = await temporaryFolder(t);
				const given = await batches(size);
				const random = Random.seed(5);
				const step = (gan: Gan<never>, iteration: number): Losses => {
					const batch = given[iteration % given.length] as never;
					return gan.step(batch, gan.draw(random.split(iteration), batch, iteration), iteration);
				};
				using gan = build(1);
				const losses: Losses[] = [];
				let tensors = 0;
				for (let iteration = 0; iteration < steps; iteration += 1) {
					// Pools are full by then, and every moment is there.
					if (iteration === 10) tensors = tf.memory().numTensors;
					losses.push(step(gan, iteration));
				}
				t.is(tf.memory().numTensors, tensors, engine);
				t.true(losses.flatMap((all) => Object.values(all)).every(Number.isFinite));
				const mean = (part: readonly Losses[]) =>
					part.reduce((sum, all) => sum + (all[falls] as number), 0) / part.length;
				// Each mean is over the same three batches, three times.
				const [first, last] = [mean(losses.slice(0, 9)), mean(losses.slice(-9))];
				t.true(last < 0.99 * first, `${engine}: ${falls} from ${first} to ${last}`);

				const header = { system: gan.id, step: steps, seed: 1, settings: {} };
				await saveCheckpoint(folder, gan, header);
				using again = build(2);
				await loadCheckpoint(folder, again, header);
				for (let iteration = steps; iteration < steps + 2; iteration += 1) {
					t.deepEqual(step(again, iteration), step(gan, iteration), `${engine}, step ${iteration}`);
				}
				const maps = gan.attention(given[0] as never);
				for (const map of Object.values(maps)) {
					t.deepEqual(map.shape.slice(1), [size, size]);
					const values = map.dataSync();
					t.true(Math.min(...values) >= 0 && Math.max(...values) <= 1);
				}
				tf.dispose([maps, given] as unknown as tf.TensorContainer);
			});
		},
	);
}
