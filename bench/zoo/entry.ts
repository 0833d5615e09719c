/** What one small checkpoint of zoo/ is: how it is trained, scored and applied. */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../../engine/random.ts";
import { toBytes, toSigned } from "../../harness/edits.ts";
import type { Training } from "../../harness/experiments/experiment.ts";
import { experimentOf } from "../../harness/experiments/find.ts";
import type { Applicable } from "../../harness/generate/apply.ts";
import type { GenerateOptions } from "../../harness/generate/generate.ts";
import type { PixelArray } from "../../harness/pictures.ts";
import { findSystem } from "../../harness/systems.ts";
import { linearDecay, type WarmUp } from "../../harness/train.ts";
import type { Images } from "../../metrics/images.ts";
import type { Score } from "../../metrics/metric.ts";
import type { Gan, Input } from "../../models/paper.ts";
import type { Options } from "../../models/system.ts";

/** What a system scores on pictures that it was not trained on, beside what needs no training. */
export interface Judgement {
	readonly scores: readonly Score[];
	/** The same metrics, in the same order, of what stands in `than`. */
	readonly beside: readonly Score[];
	/** "bicubic enlargement", "the sources as they are" … */
	readonly than: string;
}

/** A training of one system on small pictures that may be shipped. */
export interface Entry {
	readonly system: string;
	/** The training itself; `from` is the folder of the one that it starts from. */
	training(seed: number, from?: string): Promise<Training<object>>;
	/** System of the zoo whose training it starts from. */
	readonly from?: string;
	/** What `fovea train` is told besides, where an experiment's smoke preset has it. */
	readonly flags?: readonly string[];
	/** Networks that it is applied with, each under its name in the training; the others are left out of the zoo. */
	readonly networks: Readonly<Record<string, string>>;
	/** What else it remembers, alike. @default nothing */
	readonly memories?: Readonly<Record<string, string>>;
	/** Of the system's card. @default the training's */
	readonly options?: Options;
	/** A few pictures that it was not trained on; absent where it starts from noise. */
	readonly inputs?: () => Promise<readonly PixelArray[]>;
	/** How `fovea generate` applies it. */
	readonly generate: Pick<GenerateOptions, "edits" | "source" | "direction" | "count" | "seed">;
	judge(gan: Applicable): Promise<Judgement>;
}

/** Networks that keep their names. */
export const named = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]));

/** The training of a system as the smoke preset of a paper's experiment has it. */
export function presetTraining(system: string, paper: string, steps?: number) {
	return {
		flags: [`--experiment ${paper}`, ...(steps === undefined ? [] : [`--steps ${steps}`])],
		async training(seed: number, from?: string) {
			const experiment = await experimentOf(system, paper);
			return experiment.training(system, { preset: "smoke", seed, from, steps });
		},
	};
}

/** A training of a system that no experiment has, at the sizes of the smoke presets. */
export interface OwnTraining<Batch extends object> {
	readonly options: Options;
	readonly data: string;
	readonly steps: number;
	/** @default 0 */
	readonly warmUp?: number;
	readonly batchSize: number;
	readonly attributes?: readonly string[];
	batches(stream: {
		readonly seed: number;
		readonly start: number;
		readonly signal?: AbortSignal;
	}): AsyncIterable<Batch>;
	/** Networks of another training that it starts from. @default none */
	prepare?(gan: Gan<Batch>, from: string | undefined): Promise<void>;
}

export function ownTraining<Batch extends object>(
	system: string,
	open: () => OwnTraining<Batch> | Promise<OwnTraining<Batch>>,
) {
	return {
		async training(seed: number, from?: string): Promise<Training<object>> {
			const own = await open();
			const { options, data, steps, warmUp = 0, batchSize, attributes, batches, prepare } = own;
			const { build } = await findSystem(system, "zoo");
			const random = Random.seed(seed);
			const gan = build?.({ ...options, seed: random.split("initial weights").uint32() }) as Gan<Batch>;
			await prepare?.(gan, from);
			const decay = linearDecay(steps, 0.5, warmUp);
			return {
				gan: gan as Gan<object> & Partial<WarmUp<object>>,
				...{ steps, warmUp, options, attributes: attributes ?? [] },
				settings: { ...options, data, steps, warmUp, batchSize },
				rate: (iteration) => (iteration < warmUp ? 1 : decay(iteration)),
				data: (start, signal) =>
					batches({ seed: random.split("data").uint32(), start, ...(signal === undefined ? {} : { signal }) }),
				preview: async () => ({}),
			};
		},
	};
}

/** Pictures of one size as one set. */
export function imagesOf(pictures: readonly PixelArray[]): Images<"byte"> {
	const [{ height = 0, width = 0, channels = 3 } = {}] = pictures;
	const size = height * width * channels;
	const data = new Uint8Array(pictures.length * size);
	for (const [index, picture] of pictures.entries()) data.set(picture.data, index * size);
	return { data, count: pictures.length, height, width, channels, range: "byte" };
}

/** Single pictures of a set. */
export function picturesOf({ data, count, height, width, channels = 3 }: Images<"byte">): PixelArray[] {
	const size = height * width * channels;
	return Array.from({ length: count }, (_, index) => ({
		...{ data: data.subarray(index * size, (index + 1) * size), height, width, channels },
	}));
}

/** Values of rows `start` to `start + count` of pictures, in [-1, 1]. */
export function signedTensor({ data, height, width, channels = 3 }: Images<"byte">, start: number, count: number) {
	const size = height * width * channels;
	const part = data.subarray(start * size, (start + count) * size);
	return tf.tensor4d(toSigned(part), [count, height, width, channels]);
}

/** What a system makes of `count` inputs, `batchSize` at a time. */
export function madeBy(
	gan: Applicable,
	count: number,
	input: (start: number, rows: number) => Input,
	batchSize = 16,
): Images<"byte"> {
	const parts: Uint8Array[] = [];
	let shape: readonly number[] = [];
	for (let start = 0; start < count; start += batchSize) {
		tf.tidy(() => {
			const made = gan.apply?.(input(start, Math.min(batchSize, count - start)));
			if (made === undefined) throw new TypeError(`${gan.id}: must make pictures, got none`);
			shape = made.images.shape;
			parts.push(toBytes(made.images.dataSync<"float32">()));
		});
	}
	const [, height = 0, width = 0, channels = 3] = shape;
	return { data: Uint8Array.from(Buffer.concat(parts)), count, height, width, channels, range: "byte" };
}

/** What a system makes of pictures of one size, under labels [count, attributes] where it takes them. */
export function appliedTo(
	gan: Applicable,
	images: Images<"byte">,
	{ labels, direction }: { readonly labels?: Float32Array; readonly direction?: "a-to-b" | "b-to-a" } = {},
): Images<"byte"> {
	const width = (labels?.length ?? 0) / images.count;
	const labelsOf = (start: number, rows: number) =>
		labels && { labels: tf.tensor2d(labels.slice(start * width, (start + rows) * width), [rows, width]) };
	return madeBy(gan, images.count, (start, rows) => ({
		images: signedTensor(images, start, rows),
		...(direction === undefined ? {} : { direction }),
		...labelsOf(start, rows),
	}));
}
