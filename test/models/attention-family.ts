/** Every system of the AttentionGAN family in training on small real pictures, where they are, or drawn ones. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { batches } from "../../harness/datasets/dataset.ts";
import { openDataset, openUnpaired } from "../../harness/datasets/find.ts";
import { unpairedBatches } from "../../harness/datasets/unpaired.ts";
import { parity } from "../../harness/parity.ts";
import { type AgganOptions, aggan } from "../../models/aggan.ts";
import { attentionGan } from "../../models/attention-gan.ts";
import { attentionGanMulti } from "../../models/attention-gan-multi.ts";
import { cyclegan } from "../../models/cyclegan.ts";
import type { LabelledBatch, UnpairedBatch } from "../../models/paper.ts";
import { onEngines } from "../helpers/engines.ts";
import { type FamilyCase, few, trainsAndGoesOn } from "../helpers/family.ts";

const size = 32;
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

const order = { split: "train", batchSize: 1, seed: 1, prefetch: 1 } as const;
const unpaired = async (): Promise<readonly UnpairedBatch[]> =>
	few(unpairedBatches(await openUnpaired(has("horse2zebra") ? "horse2zebra" : "horses", { size }), order));
const labelled = async (): Promise<readonly LabelledBatch[]> =>
	few(batches(await openDataset(has("celeba") ? "celeba" : "faces", { size }), { ...order, batchSize: 4 }));

interface Case extends Omit<FamilyCase, "size" | "below"> {
	readonly name: string;
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

for (const one of cases) {
	test.serial(
		`${one.name} trains 30 steps on pictures, and goes on from a checkpoint as if it had not stopped`,
		async (t) => {
			await trainsAndGoesOn(t, { size, ...one, below: 0.9 });
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
