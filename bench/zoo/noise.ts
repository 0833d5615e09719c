/** Entries that make pictures from noise: brain slices with a tumour, and faces. */

import * as tf from "@tensorflow/tfjs";
import { Random } from "../../engine/random.ts";
import { tumourAttribute } from "../../harness/datasets/brains.ts";
import { batches } from "../../harness/datasets/dataset.ts";
import { faces } from "../../harness/datasets/faces.ts";
import { byAttribute } from "../../harness/datasets/unpaired.ts";
import { presets } from "../../harness/experiments/sag-gan.ts";
import type { Applicable } from "../../harness/generate/apply.ts";
import { picturesOf } from "../../harness/scores.ts";
import { findSystem } from "../../harness/systems.ts";
import type { Images } from "../../metrics/images.ts";
import type { Gan, PictureBatch } from "../../models/paper.ts";
import type { Options } from "../../models/system.ts";
import { sideOf, slices } from "./domains.ts";
import { type Entry, imagesOf, madeBy, named, ownTraining, presetTraining } from "./entry.ts";
import { judgeSets } from "./judges.ts";

const { smoke } = presets;
const { latent } = smoke;

/** Pictures of a fixed noise. */
function fromNoise(gan: Applicable, count: number, length: number): Images<"byte"> {
	const noise = Random.seed(5)
		.split("noise")
		.normals(count * length);
	return madeBy(gan, count, (start, rows) => ({
		noise: tf.tensor2d(noise.slice(start * length, (start + rows) * length), [rows, length]),
	}));
}

const making = (
	system: string,
	{ options, length, what, real }: { options: Options; length: number; what: string; real: () => Promise<Images> },
): Pick<Entry, "options" | "generate" | "judge"> => ({
	options,
	generate: { count: 16, seed: 1 },
	async judge(gan) {
		const { build } = await findSystem(system, "zoo");
		using untrained = build?.({ ...options, seed: 1 }) as Gan<object>;
		const pictures = await real();
		const [made, beside] = [gan, untrained].map((one) => fromNoise(one, pictures.count, length)) as [Images, Images];
		return judgeSets([{ what, real: pictures, made, beside }], "the same networks untrained");
	},
});

/** Of the two that an augmentation trains, one for each class, that of slices with a tumour. */
const ofTumours = (system: string, options: Options): Entry => ({
	...{ system, ...presetTraining(system, "sag-gan", 600) },
	// Not its running average, of which after so few iterations half is still the untrained generator.
	networks: { Gs: "b.G" },
	...making(system, {
		options: { ...options, channels: 1, latentSize: latent },
		...{ length: latent, what: "slices with a tumour" },
		real: async () => imagesOf(await sideOf({ data: byAttribute(slices, tumourAttribute) }, "b")),
	}),
});

const level = Math.log2(smoke.imageSize);
const portraits = faces({ size: 64, count: { train: 400, test: 64 } });
const portraitSizes = { convDim: 12, zDim: 32, gRate: 1e-4, dRate: 4e-4 };

export const noiseEntries: readonly Entry[] = [
	{
		...ofTumours("pggan", { depth: level, fmapMax: latent, fmapBase: latent * 16, minibatch: "4" }),
		memories: { growth: "b.growth" },
	},
	ofTumours("msg-gan", { depth: level - 1, featureSize: latent }),
	{
		...{ system: "sagan", networks: named("G") },
		...making("sagan", {
			...{ options: portraitSizes, length: portraitSizes.zDim, what: "faces" },
			real: () => picturesOf(portraits, "test"),
		}),
		...ownTraining<PictureBatch>("sagan", () => ({
			...{ options: portraitSizes, steps: 400, batchSize: 8, data: portraits.describe() },
			batches: (stream) => batches(portraits, { split: "train", batchSize: 8, flip: true, ...stream }),
		})),
	},
];
