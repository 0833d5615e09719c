/**
 * The experiment of attribute-guided face enlargement: trains the systems over seeds, then the refinement of one of them,
 * judges what they make of test faces under right, wrong and partly known attributes, and decides the paper's claims.
 */
import { join } from "node:path";
import { Random } from "../engine/random.ts";
import type { Claim, Gan, Paper, ResolutionBatch } from "../models/paper.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { type ClaimVerdict, decide, type TrainingScores } from "./claims.ts";
import { partlyKnown } from "./datasets/guided-faces.ts";
import type { ResolutionDataset } from "./datasets/resolution.ts";
import { mean } from "./edit-test.ts";
import type { PictureSet } from "./edits.ts";
import { conditionTable, drawEnlargements, localTable } from "./enlargement-report.ts";
import { type EnlargementScores, resampledMeans, scoreEnlargement } from "./enlargement-scores.ts";
import { type EnlargementTest, enlargeAll, enlargementTest } from "./enlargement-sheets.ts";
import { finishReport, trainingReport } from "./experiment-report.ts";
import type { GuidedPreset } from "./experiments/aga-gan.ts";
import type { ReproduceEvent, ReproduceOptions, Reproduction } from "./reproduce.ts";
import { type PoolJob, type PoolResult, runPool } from "./training-pool.ts";

export interface EnlargementExperiment {
	readonly paper: Paper;
	readonly preset: GuidedPreset;
	/** Systems that are trained first, the paper's own at the start. */
	readonly first: readonly string[];
	/** A system that is trained behind a finished training of another, of the same seed. */
	readonly refinement: { readonly system: string; readonly of: string };
	open(data: string | undefined): Promise<ResolutionDataset>;
	build(system: string, seed: number): Gan<ResolutionBatch>;
}

/** What one training made of the test faces under one kind of attributes. */
export interface Enlargement {
	/** As claims name it: `aga-gan`, `aga-gan-wrong`. */
	readonly name: string;
	readonly training: PoolResult;
	readonly made: PictureSet;
	readonly scores: EnlargementScores;
	/** Why its training may not be judged. */
	readonly belowFloor: string | undefined;
}

/** Attributes that a finished AGA-GAN is told: the right ones, or otherwise. */
interface Condition {
	readonly suffix: string;
	readonly words: string;
	readonly labels: Float32Array;
}

/** How many of the 38 attributes the authors' script leaves unknown. */
const unknownAttributes = 29;

/** Runs the experiment into `options.out`, yielding progress; returns the report that it also writes as report.json. */
export async function* reproduceEnlargement(
	experiment: EnlargementExperiment,
	options: ReproduceOptions,
): AsyncGenerator<ReproduceEvent, Reproduction> {
	const { paper, preset, first, refinement } = experiment;
	const { out, workers, signal } = options;
	const begun = performance.now();
	const dataset = await experiment.open(options.data);
	const seeds = options.seeds ?? preset.seeds;
	const folderOf = (system: string, seed: number) => join(out, "trainings", `${system}-${seed}`);
	const job = (system: string, seed: number): PoolJob => ({
		...{ paper: paper.id, system, seed, preset: options.preset, data: options.data, steps: options.steps },
		out: folderOf(system, seed),
		...(system === refinement.system ? { from: folderOf(refinement.of, seed) } : {}),
	});
	const jobsOf = (systems: readonly string[]) => systems.flatMap((system) => seeds.map((seed) => job(system, seed)));
	const trainings = [
		...(yield* runPool(jobsOf(first), { workers, signal })),
		...(yield* runPool(jobsOf([refinement.system]), { workers, signal })),
	];

	const test = await enlargementTest(dataset, preset.pictures.test);
	const bicubic = await scoreEnlargement(test.bicubic, test.high, { enlarged: "OpenCV's cubic" });
	const least = mean(bicubic.perPicture["psnr"] ?? []);
	const judged: Enlargement[] = [];
	for (const [index, training] of trainings.entries()) {
		signal?.throwIfAborted();
		yield { what: `judging ${training.system} (seed ${training.seed})`, done: index, total: trainings.length };
		using gan = experiment.build(training.system, training.seed);
		await loadCheckpoint(training.out, gan);
		let belowFloor: string | undefined;
		for (const { suffix, words, labels } of conditionsOf(training.system === first[0], test)) {
			const made = enlargeAll(gan, test.low, labels);
			const scores = await scoreEnlargement(made, test.high, { attributes: words });
			if (suffix === "") belowFloor = floorOf(scores, least);
			judged.push({ name: `${training.system}${suffix}`, training, made, scores, belowFloor });
		}
	}
	yield { what: "judging", done: trainings.length, total: trainings.length };

	return finishReport(paper, options, {
		begun,
		data: dataset.describe(),
		tables: [conditionTable(judged, bicubic), localTable(judged, test, bicubic)],
		claims: paper.claims.map((claim) => decideClaim(claim, judged, bicubic, preset.resamples)),
		floor: [
			`PSNR of the test faces, with the right attributes, above ${least.toFixed(2)} dB, that of bicubic enlargement`,
		],
		trainings: trainings.map((training) => {
			const own = judged.filter((one) => one.training === training);
			const scores = own.flatMap(({ scores }) => scores.scores);
			return trainingReport(out, training, scores, (own[0] as Enlargement).belowFloor);
		}),
		pictures: await drawEnlargements(experiment, out, test, judged),
	});
}

/** The right attributes for every system; for the guided one also those that show whether it uses them. */
function conditionsOf(isGuided: boolean, { labels, low, attributes }: EnlargementTest): Condition[] {
	const right = { suffix: "", words: "right", labels };
	if (!isGuided) return [right];
	const width = attributes.length;
	const shift = width * Math.floor(low.count / 2);
	const others = Float32Array.from(labels, (_, at) => labels[(at + shift) % labels.length] as number);
	const partial = partlyKnown(labels, width, unknownAttributes, Random.seed(17).split("unknown attributes"));
	return [
		right,
		{ suffix: "-partial", words: `${unknownAttributes} of ${width} unknown`, labels: partial },
		{ suffix: "-unknown", words: "all unknown", labels: new Float32Array(labels.length) },
		{ suffix: "-wrong", words: "another face's", labels: others },
	];
}

function floorOf({ perPicture }: EnlargementScores, least: number): string | undefined {
	const reached = mean(perPicture["psnr"] ?? []);
	if (reached > least) return undefined;
	return `under-trained: PSNR ${reached.toFixed(2)} dB not above ${least.toFixed(2)} dB of bicubic enlargement`;
}

function decideClaim(
	claim: Claim,
	judged: readonly Enlargement[],
	bicubic: EnlargementScores,
	resamples: number,
): ClaimVerdict {
	const scored = (seed: number, { perPicture }: EnlargementScores, belowFloor: string | undefined): TrainingScores => {
		const values = perPicture[claim.metric] ?? [];
		return { seed, value: mean(values), resamples: resampledMeans(values, resamples), belowFloor };
	};
	const of = (name: string): TrainingScores[] =>
		name === "bicubic"
			? [scored(0, bicubic, undefined)]
			: judged
					.filter((one) => one.name === name)
					.map(({ training, scores, belowFloor }) => scored(training.seed, scores, belowFloor));
	return decide(claim, of(claim.better), of(claim.worse), { seed: 13 });
}
