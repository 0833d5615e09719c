/** Every system of the AttentionGAN family in training on small real pictures, where they are, or drawn ones. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../engine/random.ts";
import { loadCheckpoint, saveCheckpoint } from "../../harness/checkpoint.ts";
import { batches } from "../../harness/datasets/dataset.ts";
import { openDataset, openUnpaired } from "../../harness/datasets/find.ts";
import { unpairedBatches } from "../../harness/datasets/unpaired.ts";
import { parity } from "../../harness/parity.ts";
import { type AgganOptions, aggan } from "../../models/aggan.ts";
import { attentionGan } from "../../models/attention-gan.ts";
import { attentionGanMulti } from "../../models/attention-gan-multi.ts";
import { cyclegan } from "../../models/cyclegan.ts";
import type { Gan, LabelledBatch, Losses, UnpairedBatch } from "../../models/paper.ts";
import { onEngines } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const size = 32;
const steps = 30;
const data = process.env["FOVEA_DATA"];
const has = (folder: string) => data !== undefined && existsSync(join(data, folder));

const cycle = { ngf: 4, ndf: 4, blocks: 1, dLayers: 2, poolSize: 3, rate: 1e-3 };
const scheme1: AgganOptions = { ...cycle, share: () => 0.5 };
const multi = {
	imageSize: size,
	gConvDim: 4,
	dConvDim: 4,
	gRepeatNum: 1,
	dRepeatNum: 3,
	nCritic: 1,
	gRate: 1e-3,
	dRate: 1e-3,
};

/** The first few batches of the set, over and over: what is learnt of them shows within 30 steps. */
async function few<Batch extends object>(stream: AsyncIterable<Batch>): Promise<readonly Batch[]> {
	const kept: Batch[] = [];
	for await (const batch of stream) {
		kept.push(batch);
		if (kept.length === 3) break;
	}
	return kept;
}

const order = { split: "train", batchSize: 1, seed: 1, prefetch: 1 } as const;
const unpaired = async (): Promise<readonly UnpairedBatch[]> =>
	few(unpairedBatches(await openUnpaired(has("horse2zebra") ? "horse2zebra" : "horses", { size }), order));
const labelled = async (): Promise<readonly LabelledBatch[]> =>
	few(batches(await openDataset(has("celeba") ? "celeba" : "faces", { size }), { ...order, batchSize: 4 }));

interface Case {
	readonly name: string;
	readonly build: (seed: number) => Gan<never>;
	readonly batches: () => Promise<readonly object[]>;
	/** Loss that must fall. */
	readonly falls: string;
}

const cases: readonly Case[] = [
	{ name: "scheme I", build: (seed) => aggan({ ...scheme1, seed }), batches: unpaired, falls: "cycle_ABA" },
	{
		name: "scheme I with discriminators of the mask",
		build: (seed) => aggan({ ...scheme1, attentionDiscriminators: true, contentTanh: true, tv: "mean", seed }),
		batches: unpaired,
		falls: "cycle_ABA",
	},
	{
		name: "scheme I for faces",
		build: (seed) => attentionGanMulti({ ...multi, seed }),
		batches: labelled,
		falls: "G/loss_rec",
	},
	{ name: "scheme II", build: (seed) => attentionGan({ ...cycle, seed }), batches: unpaired, falls: "cycle_A" },
	{
		name: "scheme II, geo",
		build: (seed) => attentionGan({ ...cycle, geo: true, seed }),
		batches: unpaired,
		falls: "cycle_A",
	},
	{ name: "CycleGAN", build: (seed) => cyclegan({ ...cycle, seed }), batches: unpaired, falls: "cycle_A" },
	{
		name: "CycleGAN with U-Nets and PixelGANs",
		build: (seed) => cyclegan({ ...cycle, generator: "unet", downs: 5, discriminator: "pixel", seed }),
		batches: unpaired,
		falls: "cycle_A",
	},
];

for (const { name, build, batches, falls } of cases) {
	test.serial(
		`${name} trains 30 steps on pictures, and goes on from a checkpoint as if it had not stopped`,
		async (t) => {
			await onEngines(async (engine) => {
				const folder = await temporaryFolder(t);
				const given = await batches();
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
				// Each mean is over the same three pictures, three times.
				const [first, last] = [mean(losses.slice(0, 9)), mean(losses.slice(-9))];
				t.true(last < 0.9 * first, `${engine}: ${falls} from ${first} to ${last}`);

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

const goldens = process.env["FOVEA_GOLDEN"];
const there = goldens === undefined ? test.skip : test.serial;

for (const folder of ["attentiongan_v1", "attentiongan_v1_multi", "attentiongan_v2", "cyclegan"]) {
	there(`${folder} equals the authors' code, training steps included`, async (t) => {
		await onEngines(async (engine) => {
			const cases = parity(join(goldens as string, folder));
			let next = await cases.next();
			for (; next.done !== true; next = await cases.next()) {
				const { file, error, quantities } = next.value;
				const wrong = quantities
					.filter(({ pass }) => !pass)
					.map(({ name, relativeError }) => `${name} ${relativeError}`);
				t.deepEqual([error, wrong], [undefined, []], `${engine}: ${file}`);
			}
			t.true(next.value.passed > 0);
			t.deepEqual(next.value.unsupported, []);
		});
	});
}
