/** What every system of a super-resolution experiment is tested with, and its scores. */
import { join } from "node:path";
import { Random } from "../engine/random.ts";
import { type PairedMetric, type Picture, type Protocol, type Score, score } from "../metrics/metric.ts";
import { holdsNiqeBlocks, niqe } from "../metrics/niqe.ts";
import { psnr } from "../metrics/psnr.ts";
import { ssim } from "../metrics/ssim.ts";
import type { ResolutionGan } from "../models/layers/resolution-training.ts";
import type { Resampled } from "./claims.ts";
import { openDataset } from "./datasets/find.ts";
import type { ResolutionDataset } from "./datasets/resolution.ts";
import { shrunk } from "./datasets/resolution.ts";
import { testPictures } from "./edit-sheets.ts";
import { mean } from "./edit-test.ts";
import type { PictureSet } from "./edits.ts";
import { comparePairs } from "./evaluate-pairs.ts";
import type { UpscalingPreset } from "./experiments/fasrgan.ts";
import { trainJudge } from "./judge.ts";
import { lpipsNamed } from "./lpips-names.ts";
import type { PixelArray } from "./pictures.ts";
import type { ReproduceEvent } from "./reproduce.ts";
import { bicubic, upscaleBytes, upscalePicture } from "./upscaling-sheets.ts";
import { hasWeights } from "./weights/catalogue.ts";

export interface TestPicture {
	readonly id: string;
	readonly low: PixelArray;
	readonly high: PixelArray;
}

/** Labelled pictures in two resolutions and who recognises them. */
interface Recognition {
	readonly low: PictureSet;
	readonly high: PictureSet;
	/** Of each picture, the share of attributes that the classifier gets right. */
	accuracies(pictures: PictureSet): number[];
	readonly protocol: Protocol;
}

export interface UpscalingTest extends Disposable {
	readonly pictures: readonly TestPicture[];
	readonly scale: number;
	readonly metrics: readonly PairedMetric[];
	readonly recognition: Recognition;
	/** Rows of each resample of the test pictures, and of the labelled ones; the same for every system. */
	readonly draws: { readonly pictures: readonly Int32Array[]; readonly labelled: readonly Int32Array[] };
	/** What was not measured, and why. */
	readonly notes: readonly string[];
}

export interface UpscalingTestOptions {
	/** Folder in which the classifier is kept. */
	readonly out: string;
	/** Whether LPIPS is measured. @default where the cache has AlexNet's weights */
	readonly hasAlexnet?: boolean;
	readonly signal?: AbortSignal | undefined;
}

/** Makes pictures larger: whole ones, and sets of small ones of one size. */
export interface Upscaler {
	picture(low: PixelArray): PixelArray;
	set(low: PictureSet): PictureSet;
}

export interface UpscalingScores {
	readonly scores: readonly Score[];
	/** By metric id: the value on all pictures, and on each resample. */
	readonly means: Readonly<Record<string, Resampled>>;
	readonly made: readonly PixelArray[];
}

/** The trained system as an upscaler. */
export function upscalerOf(gan: ResolutionGan): Upscaler {
	return {
		picture: (low) => upscalePicture(gan, low),
		set: (low) => enlarged(low, (data, count) => upscaleBytes(gan, data, count, low.height, low.width)),
	};
}

/** The baseline. */
export function bicubicUpscaler(scale: number): Upscaler {
	return {
		picture: (low) => bicubic(low, scale),
		set: (low) =>
			enlarged(
				{ ...low },
				(data) => bicubic({ data, height: low.height, width: low.width, channels: 3 }, scale).data,
				1,
			),
	};
}

/** Reads the test pictures, trains the classifier, and takes every metric that can be computed here. */
export async function* prepareUpscalingTest(
	dataset: ResolutionDataset,
	preset: UpscalingPreset,
	{ out, signal, hasAlexnet = hasWeights("alexnet") }: UpscalingTestOptions,
): AsyncGenerator<ReproduceEvent, UpscalingTest> {
	const count = dataset.count("test");
	if (count === 0) throw new RangeError(`${dataset.name}: must have test pictures, got none; give them with --data`);
	const pictures = await Promise.all(Array.from({ length: count }, (_, index) => dataset.read("test", index)));
	const crop = dataset.scale;
	const notes: string[] = [];
	if (!hasAlexnet)
		notes.push("LPIPS is not measured: AlexNet's weights are not in the cache; fovea weights get alexnet");
	const perceptual = hasAlexnet ? await lpipsNamed("alex:alexnet") : undefined;
	const small = pictures.find(({ high }) => !holdsNiqeBlocks(high));
	if (small !== undefined) {
		const { id, high } = small;
		notes.push(`NIQE is not measured: pictures must hold two blocks of 96×96, ${id} is ${high.width}×${high.height}`);
	}
	const metrics: PairedMetric[] = [
		psnr({ protocol: "basicsr-y", crop }),
		ssim({ protocol: "basicsr-y", crop }),
		...(small === undefined ? [niqe()] : []),
		...(perceptual === undefined ? [] : [perceptual]),
	];
	const recognition = yield* prepareRecognition(preset, dataset.scale, out, signal);
	const random = Random.seed(11).split("resamples of test pictures");
	const draw = (name: string, size: number) =>
		Array.from({ length: preset.resamples }, (_, resample) => {
			const own = random.split(name).split(resample);
			return Int32Array.from({ length: size }, () => own.integer(size));
		});
	return {
		...{ pictures, scale: dataset.scale, metrics, recognition, notes },
		draws: { pictures: draw("pictures", count), labelled: draw("labelled", recognition.high.count) },
		[Symbol.dispose]: () => perceptual?.[Symbol.dispose]?.(),
	};
}

/** Scores what an upscaler makes of the test pictures and of the labelled ones. */
export async function scoreUpscaler(upscaler: Upscaler, test: UpscalingTest): Promise<UpscalingScores> {
	const made = test.pictures.map(({ low }) => upscaler.picture(low));
	const pairs = test.pictures.map(({ id, high }, index) => ({
		...{ name: id, reference: high as Picture, image: made[index] as Picture },
	}));
	const scores = await comparePairs(pairs, test.metrics, { interval: false });
	const recognised = recognise(upscaler.set(test.recognition.low), test.recognition);
	const all = [...scores, recognised];
	const means = Object.fromEntries(
		all.map(({ metric, value, perImage = [] }) => {
			const draws = metric === "accuracy" ? test.draws.labelled : test.draws.pictures;
			const resamples = draws.map((rows) => mean(Array.from(rows, (row) => perImage[row] as number)));
			return [metric, { value, resamples }];
		}),
	);
	return { scores: all, means, made };
}

/** Accuracy of the classifier on pictures, upscaled or true. */
export function recognise(pictures: PictureSet, { accuracies, protocol }: Recognition): Score {
	const perImage = accuracies(pictures);
	const metric = { id: "accuracy", better: "higher" as const, protocol };
	return score(metric, mean(perImage), { samples: { pictures: perImage.length }, perImage });
}

async function* prepareRecognition(
	{ recognition, judgeSteps }: UpscalingPreset,
	scale: number,
	out: string,
	signal: AbortSignal | undefined,
): AsyncGenerator<ReproduceEvent, Recognition> {
	const { data, size, train, test } = recognition;
	const dataset = await openDataset(data, { size, train, test });
	const options = { steps: judgeSteps, batchSize: 32, widths: [16, 32, 64, 64], seed: 7 };
	const { judge, judgeProtocol } = yield* trainJudge(dataset, { ...options, folder: join(out, "judge"), signal });
	const { pictures: high, labels } = await testPictures(dataset, Math.min(test, dataset.count("test")));
	const side = { height: high.height / scale, width: high.width / scale };
	const low = enlarged(
		high,
		(pixels) => shrunk({ data: pixels, height: high.height, width: high.width, channels: 3 }, scale).data,
		1,
		side,
	);
	const width = dataset.attributes.length;
	return {
		low,
		high,
		accuracies(pictures) {
			const seen = judge(pictures);
			return Array.from({ length: pictures.count }, (_, row) => {
				let right = 0;
				for (let at = row * width; at < (row + 1) * width; at += 1) if (seen[at] === labels[at]) right += 1;
				return right / width;
			});
		},
		protocol: { ...judgeProtocol, data: dataset.describe(), what: "share of attributes recognised" },
	};
}

/** A set made larger, `chunk` pictures at a time; `size` is what comes out, four times the sides unless it is said. */
function enlarged(
	set: PictureSet,
	make: (pixels: Uint8Array, count: number) => Uint8Array,
	chunk = 16,
	size?: { readonly height: number; readonly width: number },
): PictureSet {
	const { data, count, height, width } = set;
	const area = height * width * 3;
	const parts: Uint8Array[] = [];
	for (let start = 0; start < count; start += chunk) {
		const rows = Math.min(chunk, count - start);
		parts.push(make(data.subarray(start * area, (start + rows) * area), rows));
	}
	const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	const scale = Math.sqrt(all.length / data.length);
	return { data: all, count, ...(size ?? { height: Math.round(height * scale), width: Math.round(width * scale) }) };
}
