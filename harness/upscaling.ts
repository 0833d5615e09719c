/**
 * The experiment of super-resolution papers: trains the generators on pixels, then every GAN from there, scores what they make of test
 * pictures beside bicubic, draws it, and decides the paper's claims.
 */
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { pearson } from "../metrics/statistics/correlation.ts";
import type { ResolutionGan } from "../models/layers/resolution-training.ts";
import type { Claim, Paper } from "../models/paper.ts";
import { type AttentionFile, attentionOf, writeAttention } from "./attention-file.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { type ClaimVerdict, decide } from "./claims.ts";
import type { ResolutionDataset } from "./datasets/resolution.ts";
import { mean } from "./edit-test.ts";
import { toSigned } from "./edits.ts";
import { finishReport, trainingReport } from "./experiment-report.ts";
import type { UpscalingPreset } from "./experiments/fasrgan.ts";
import { type Floor, underTrained } from "./floor.ts";
import type { PixelArray } from "./pictures.ts";
import type { ReproduceEvent, ReproduceOptions, Reproduction } from "./reproduce.ts";
import { type PoolJob, type PoolResult, runPool } from "./training-pool.ts";
import { drawUpscaling, mainTable, recognitionTable, trainingTable } from "./upscaling-report.ts";
import { attentionOfPicture, errorMap, errorTile, middle } from "./upscaling-sheets.ts";
import {
	bicubicUpscaler,
	prepareUpscalingTest,
	recognise,
	scoreUpscaler,
	type UpscalingScores,
	type UpscalingTest,
	upscalerOf,
} from "./upscaling-test.ts";

export interface UpscalingExperiment {
	readonly paper: Paper;
	readonly preset: UpscalingPreset;
	/** Ids of the GANs compared, in the order of the table. */
	readonly systems: readonly string[];
	/** The training on pixels that each starts from. */
	readonly starts: Readonly<Record<string, string>>;
	/** Row of the published tables by system id; `bicubic` too. */
	readonly rows: Readonly<Record<string, string>>;
	open(data: string | undefined): Promise<ResolutionDataset>;
	build(system: string, seed: number): ResolutionGan;
}

/** One training with all that was found out about it. */
export interface Upscaled {
	readonly training: PoolResult;
	readonly scores: UpscalingScores;
	/** Mean over test pictures of the correlation of the discriminator's map with the error; undefined without a map. */
	readonly mapCorrelation: number | undefined;
	readonly belowFloor: string | undefined;
}

/** What nothing was trained for. */
export interface Baselines {
	readonly bicubic: UpscalingScores;
	/** Accuracy on the true labelled pictures. */
	readonly original: number;
}

/** Runs the experiment into `options.out`, yielding progress; returns the report that it also writes as report.json. */
export async function* reproduceUpscaling(
	experiment: UpscalingExperiment,
	options: ReproduceOptions,
): AsyncGenerator<ReproduceEvent, Reproduction> {
	const { paper, preset, systems, starts } = experiment;
	const { out, workers, signal } = options;
	const begun = performance.now();
	const dataset = await experiment.open(options.data);
	const seeds = options.seeds ?? preset.seeds;
	const folderOf = (system: string, seed: number) => join(out, "trainings", `${system}-${seed}`);
	const job = (system: string, seed: number, from?: string): PoolJob => ({
		...{ paper: paper.id, system, seed, preset: options.preset, data: options.data, steps: options.steps },
		...(from === undefined ? {} : { from: folderOf(from, seed) }),
		out: folderOf(system, seed),
	});
	const first = [...new Set(Object.values(starts))].flatMap((system) => seeds.map((seed) => job(system, seed)));
	const onPixels = yield* runPool(first, { workers, signal });
	const games = systems.flatMap((system) => seeds.map((seed) => job(system, seed, starts[system])));
	const trainings = [...onPixels, ...(yield* runPool(games, { workers, signal }))];

	using test = yield* prepareUpscalingTest(dataset, preset, { out, signal });
	const bicubic = await scoreUpscaler(bicubicUpscaler(test.scale), test);
	const original = recognise(test.recognition.high, test.recognition).value;
	const floor = upscalingFloor(bicubic);
	const judged: Upscaled[] = [];
	for (const [index, training] of trainings.entries()) {
		signal?.throwIfAborted();
		yield { what: `judging ${training.system} (seed ${training.seed})`, done: index, total: trainings.length };
		using gan = experiment.build(training.system, training.seed);
		await loadCheckpoint(training.out, gan);
		const one = await judgeUpscaler(gan, training, test, floor);
		if (judged.every((other) => other.training.system !== training.system)) {
			const { made } = one.scores;
			const maps = await mapsOverPictures(gan, test, made, { seed: training.seed });
			await writeAttention(join(out, `attention-${training.system}.json`), maps);
		}
		judged.push(one);
	}
	yield { what: "judging", done: trainings.length, total: trainings.length };

	const claims = decideUpscaling(paper, judged, test.notes);
	const baselines = { bicubic, original };
	return finishReport(paper, options, {
		begun,
		data: dataset.describe(),
		tables: [
			mainTable(experiment, judged, baselines, test.notes),
			recognitionTable(experiment, judged, baselines),
			trainingTable(judged),
		],
		...{ claims, floor: floor.sentences },
		trainings: judged.map(({ training, scores, belowFloor }) =>
			trainingReport(out, training, scores.scores, belowFloor),
		),
		pictures: await drawUpscaling(experiment, out, test, judged, bicubic),
	});
}

/** Scores a trained system, and its map where it has one. */
export async function judgeUpscaler(
	gan: ResolutionGan,
	training: PoolResult,
	test: UpscalingTest,
	floor: Floor<UpscalingScores>,
): Promise<Upscaled> {
	const scores = await scoreUpscaler(upscalerOf(gan), test);
	const mapCorrelation = correlationOf(gan, test, scores.made);
	return { training, scores, mapCorrelation, belowFloor: floor.misses(scores) };
}

/**
 * What a training must reach before a claim is decided by it: the fidelity of bicubic, which every system of the paper exceeds
 * by 1.5 dB on Set5. An under-trained GAN has sharp pictures and less of the truth in them than a blurred one.
 */
export function upscalingFloor({ means }: UpscalingScores): Floor<UpscalingScores> {
	const [decibels, similarity] = [means["psnr"]?.value ?? 0, means["ssim"]?.value ?? 0];
	return {
		sentences: [
			`Y-PSNR at least ${decibels.toFixed(2)} dB, that of bicubic`,
			`SSIM at least ${similarity.toFixed(4)}, that of bicubic`,
		],
		misses({ means }) {
			const [own, like] = [means["psnr"]?.value ?? 0, means["ssim"]?.value ?? 0];
			return underTrained([
				own < decibels ? `Y-PSNR ${own.toFixed(2)} dB under ${decibels.toFixed(2)}` : "",
				like < similarity ? `SSIM ${like.toFixed(4)} under ${similarity.toFixed(4)}` : "",
			]);
		},
	};
}

/** A verdict for each claim of the paper. */
export function decideUpscaling(
	{ claims }: Paper,
	judged: readonly Upscaled[],
	notes: readonly string[],
): ClaimVerdict[] {
	return claims.map((claim) => decideClaim(claim, judged, notes));
}

function decideClaim(claim: Claim, judged: readonly Upscaled[], notes: readonly string[]): ClaimVerdict {
	const of = (system: string) =>
		judged
			.filter(({ training }) => training.system === system)
			.flatMap(({ training, scores, belowFloor }) => {
				const found = scores.means[claim.metric];
				return found === undefined ? [] : [{ seed: training.seed, ...found, belowFloor }];
			});
	const [better, worse] = [of(claim.better), of(claim.worse)];
	if (better.length > 0 && worse.length > 0) return decide(claim, better, worse, { seed: 13 });
	const nothing = Number.NaN;
	return {
		...{ text: claim.text, where: claim.where, published: claim.published ?? "", measured: nothing },
		interval: { low: nothing, high: nothing, level: 0.95, method: "not measured" },
		verdict: "undecided",
		why: notes.find((note) => note.toLowerCase().startsWith(claim.metric)) ?? `${claim.metric} is not measured`,
	};
}

function correlationOf(
	gan: ResolutionGan,
	{ pictures }: UpscalingTest,
	made: readonly PixelArray[],
): number | undefined {
	const values = pictures.flatMap(({ high }, index) => {
		const picture = made[index] as PixelArray;
		const attention = attentionOfPicture(gan, picture);
		return attention === undefined ? [] : [pearson(attention, errorMap(picture, high)).statistic];
	});
	return values.length === 0 ? undefined : mean(values);
}

/** The maps of middle parts of test pictures, over what the system makes of them or over its error; undefined without a map. */
export async function mapsOverPictures(
	gan: ResolutionGan,
	{ pictures, scale }: Pick<UpscalingTest, "pictures" | "scale">,
	made: readonly PixelArray[],
	{ seed, over = "result" }: { readonly seed: number; readonly over?: "result" | "error" },
): Promise<AttentionFile | undefined> {
	if (gan.judgeMap === undefined) return undefined;
	const side = Math.min(96, ...pictures.flatMap(({ high }) => [high.height, high.width]));
	const shown = pictures.slice(0, 4);
	const lows = shown.map(({ low }) => middle(low, side / scale).pixels);
	const all = new Float32Array(lows.flatMap((pixels) => [...toSigned(pixels)]));
	const low = tf.tensor4d(all, [shown.length, side / scale, side / scale, 3]);
	const tiles = shown.map(({ high }, index) => {
		const picture = made[index] as PixelArray;
		return over === "result" ? middle(picture, side) : errorTile(picture, high, side);
	});
	const name = over === "result" ? "what the system makes of a test picture" : "the error of what the system makes";
	try {
		return await attentionOf(gan, { low, high: low }, { seed, under: { tiles, name } });
	} finally {
		low.dispose();
	}
}
