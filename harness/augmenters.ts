/** The systems that augment a set of slices with and without tumours, as one experiment compares them. */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../engine/random.ts";
import { aggan, curriculum } from "../models/aggan.ts";
import { cyclegan } from "../models/cyclegan.ts";
import { msgGan } from "../models/msg-gan.ts";
import type { Gan, UnpairedBatch } from "../models/paper.ts";
import { pggan } from "../models/pggan.ts";
import { sagGan } from "../models/sag-gan.ts";
import type { Options } from "../models/system.ts";
import { uaggan } from "../models/uaggan.ts";
import { type ClassPair, classPair } from "./class-pair.ts";
import type { Dataset, Example } from "./datasets/dataset.ts";
import { toBytes, toSigned } from "./edits.ts";

/** Table I's systems that turn pictures of one class into the other, and those that make pictures of a class from noise. */
export const translatorIds = ["sag-gan", "cyclegan", "uaggan", "aggan"] as const;
export const noiseIds = ["pggan", "msg-gan"] as const;
/** SAG-GAN without its mask loss: no label teaches its masks. No row of Table I. */
const ablationIds = ["sag-gan-without-labels"] as const;
export const augmenterIds = [...translatorIds, ...noiseIds, ...ablationIds] as const;
export type AugmenterId = (typeof augmenterIds)[number];
type TranslatorId = Exclude<AugmenterId, (typeof noiseIds)[number]>;

export function isTranslator(id: AugmenterId): id is TranslatorId {
	return noiseIds.every((one) => one !== id);
}

/** Widths and budget, the same for every system as far as they share them. */
export interface AugmenterPreset {
	/** Side of the pictures, a multiple of 4. */
	readonly imageSize: number;
	/** Width of the first layer of CycleGAN's, AGGAN's and SAG-GAN's generators; UAGGAN's have half, as published. */
	readonly ngf: number;
	/** Width of the first layer of SAG-GAN's attention networks; half of `ngf` in the paper's reading. */
	readonly ngfAttention: number;
	readonly blocks: number;
	/** Width of the first layer of every discriminator of a translator. */
	readonly ndf: number;
	readonly dLayers: number;
	/** Channels for each one in an AMSE gate. */
	readonly reduction: number;
	/** Weight of SAG-GAN's mask loss. */
	readonly lambdaMask: number;
	/** Length of the noise and greatest width of PGGAN and MSG-GAN. */
	readonly latent: number;
	readonly batchSize: number;
	/** Iterations of a translator. */
	readonly steps: number;
	/** Adam's rate of translators; PGGAN and MSG-GAN have their own. */
	readonly rate: number;
	/** Pictures of each class in a batch of PGGAN and MSG-GAN, and their iterations. */
	readonly noise: { readonly batchSize: number; readonly steps: number };
}

export interface Augmenter {
	readonly id: AugmenterId;
	readonly gan: Gan<UnpairedBatch>;
	/** Of either half of a pair from noise; a translator's can be told from its weights. */
	readonly options?: Options;
	readonly isTranslator: boolean;
	/** A picture for each of some [N, H, W, C] that are all of one class, and the class it is of. */
	synthesize(
		images: tf.Tensor4D,
		label: 0 | 1,
		random: Random,
	): { readonly images: tf.Tensor4D; readonly label: 0 | 1 };
}

/** Builds one system as a preset has it, for a training of `steps` iterations. */
export function buildAugmenter(id: AugmenterId, preset: AugmenterPreset, steps: number, seed: number): Augmenter {
	const { imageSize, latent } = preset;
	const random = Random.seed(seed);
	if (!isTranslator(id)) {
		const options = noiseOptions(id, preset, steps);
		const build = id === "pggan" ? pggan : msgGan;
		const make = (domain: "a" | "b") => build({ ...options, seed: random.split(domain).uint32() });
		const pair = classPair(id, { a: make("a"), b: make("b") }, imageSize);
		return { id, gan: pair, options, isTranslator: false, synthesize: fromNoise(pair, latent) };
	}
	const gan = translator(id, preset, steps, random.split("initial weights").uint32());
	return {
		id,
		gan,
		isTranslator: true,
		synthesize(images, label) {
			const output = gan.apply?.({ images, direction: label === 0 ? "a-to-b" : "b-to-a" });
			if (output === undefined) throw new TypeError(`${id}: must be applicable to pictures`);
			tf.dispose(output.maps as Record<string, tf.Tensor>);
			return { images: output.images, label: label === 0 ? 1 : 0 };
		},
	};
}

function translator(id: TranslatorId, preset: AugmenterPreset, steps: number, seed: number): Gan<UnpairedBatch> {
	const { ngf, ngfAttention, blocks, ndf, dLayers, reduction, rate, lambdaMask } = preset;
	const common = { channels: 1, blocks, ndf, rate, seed };
	// Published schedules, as shares of the training: a hundred epochs of UAGGAN, two hundred of AGGAN.
	const epoch = (epochs: number) => Math.max(1, Math.ceil(steps / epochs));
	if (id === "sag-gan" || id === "sag-gan-without-labels") {
		return sagGan({
			...common,
			ngf,
			dLayers,
			reduction,
			ngfAttention,
			lambdaMask: id === "sag-gan" ? lambdaMask : 0,
		});
	}
	if (id === "cyclegan") return cyclegan({ ...common, ngf, dLayers, discriminator: "spectral" });
	if (id === "uaggan") return uaggan({ ...common, ngf: Math.ceil(ngf / 2), epochLength: epoch(100) });
	return aggan({ ...common, ngf, dLayers, share: curriculum({ iterations: 10 * epoch(200) }) });
}

/** PGGAN's or MSG-GAN's options, the same for both classes. */
function noiseOptions(
	id: (typeof noiseIds)[number],
	{ imageSize, latent, noise }: AugmenterPreset,
	steps: number,
): Options {
	const level = Math.ceil(Math.log2(imageSize));
	if (id === "msg-gan") return { depth: level - 1, latentSize: latent, featureSize: latent, channels: 1 };
	// Levels take equal parts of the first seven tenths of the training, each to fade in and to settle; the rest is at full size.
	const phases = 2 * (level - 2) + 1;
	const images = Math.max(1, Math.floor((0.7 * steps * noise.batchSize) / phases));
	return {
		...{ depth: level, latentSize: latent, fmapMax: latent, fmapBase: latent * 16, channels: 1 },
		...{ stableImages: images, fadeImages: images, minibatch: String(noise.batchSize) },
		// Groups of four cannot be formed of fewer pictures.
		groupSize: Math.min(4, noise.batchSize),
	};
}

function fromNoise(pair: ClassPair, latent: number): Augmenter["synthesize"] {
	return (images, label, random) => {
		const noise = tf.tensor2d(random.normals(images.shape[0] * latent), [images.shape[0], latent]);
		const made = pair.generate(label === 0 ? "a" : "b", noise);
		noise.dispose();
		return { images: made, label };
	};
}

/** One made picture for each training picture of the set, in its order; noise depends on `seed` alone. */
export async function syntheticExamples(
	{ id, synthesize }: Augmenter,
	dataset: Dataset,
	seed: number,
	{ batchSize = 16 }: { readonly batchSize?: number } = {},
): Promise<Example[]> {
	const [height, width] = dataset.size;
	const count = dataset.count("train");
	const size = height * width * dataset.channels;
	const made = new Array<Example>(count);
	for (const label of [0, 1] as const) {
		const rows = Array.from({ length: count }, (_, row) => row).filter(
			(row) => dataset.label("train", row)[0] === label,
		);
		for (let start = 0; start < rows.length; start += batchSize) {
			const part = rows.slice(start, start + batchSize);
			const sources = await Promise.all(part.map((row) => dataset.read("train", row)));
			const bytes = new Uint8Array(part.length * size);
			for (const [index, { pixels }] of sources.entries()) bytes.set(pixels, index * size);
			const images = tf.tensor4d(toSigned(bytes), [part.length, height, width, dataset.channels]);
			const random = Random.seed(seed).split("synthetic").split(label).split(start);
			const result = synthesize(images, label, random);
			const pixels = toBytes((await result.images.data()) as Float32Array);
			tf.dispose([images, result.images]);
			for (const [index, row] of part.entries()) {
				made[row] = {
					id: `${id} of ${sources[index]?.id}`,
					pixels: pixels.slice(index * size, (index + 1) * size),
					label: Float32Array.of(result.label),
				};
			}
		}
	}
	return made;
}
