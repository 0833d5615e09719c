/**
 * The experiment of papers on unpaired translation: trains the compared systems over seeds, judges their translations of test
 * pictures both ways, draws them and their masks, and decides the paper's claims.
 */
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { mobilenet } from "../metrics/features/mobilenet.ts";
import { extractRows } from "../metrics/features/rows.ts";
import type { TwoDomainGan } from "../models/layers/two-domain.ts";
import type { Claim } from "../models/paper.ts";
import { attentionOf, writeAttention } from "./attention-file.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { type ClaimVerdict, decide } from "./claims.ts";
import { labelledSides } from "./datasets/labelled-sides.ts";
import type { Domain, UnpairedDataset } from "./datasets/unpaired.ts";
import { mean, picturesOf } from "./edit-test.ts";
import { absoluteDifferences, blurredCopies, toSigned } from "./edits.ts";
import { finishReport, trainingReport } from "./experiment-report.ts";
import type { TranslationPreset } from "./experiments/attention-gan.ts";
import { type Floor, rounded, underTrained } from "./floor.ts";
import { type Judge, trainJudge } from "./judge.ts";
import type { ReproduceEvent, ReproduceOptions, Reproduction } from "./reproduce.ts";
import { runPool } from "./training-pool.ts";
import {
	ablationTable,
	drawTranslations,
	type JudgedTranslator,
	type TranslationExperiment,
	translationQuality,
	translationTable,
} from "./translation-report.ts";
import {
	distancesOf,
	scoreTranslations,
	seenAsOther,
	type TranslationScores,
	type TranslationTest,
} from "./translation-scores.ts";
import { directions, testSide } from "./translations.ts";

/** Runs the experiment into `options.out`, yielding progress; returns the report that it also writes as report.json. */
export async function* reproduceTranslations(
	experiment: TranslationExperiment,
	options: ReproduceOptions,
): AsyncGenerator<ReproduceEvent, Reproduction> {
	const { paper, preset, compared, variants } = experiment;
	const { out, workers, signal } = options;
	const begun = performance.now();
	const dataset = await experiment.open(options.data);
	const jobsOf = (systems: readonly string[], seeds: readonly number[]) =>
		systems.flatMap((system) =>
			seeds.map((seed) => ({
				...{ paper: paper.id, system, seed, preset: options.preset, data: options.data, steps: options.steps },
				out: join(out, "trainings", `${system}-${seed}`),
			})),
		);
	const seeds = options.seeds ?? preset.seeds;
	const jobs = [
		...jobsOf(compared, seeds),
		...jobsOf(
			variants,
			options.seeds === undefined ? preset.ablationSeeds : seeds.slice(0, preset.ablationSeeds.length),
		),
	];
	const trainings = yield* runPool(jobs, { workers, signal });

	const judge = yield* trainJudge(labelledSides(dataset), {
		...preset.judge,
		seed: 7,
		folder: join(out, "judge"),
		signal,
	});
	const test = await prepareTest(dataset, preset, judge);
	const untouched = {
		a: await distancesOf(test, "a", test.sides.a.pictures),
		b: await distancesOf(test, "b", test.sides.b.pictures),
	};
	const distances = (side: Domain) => Object.fromEntries(untouched[side].map(([{ metric, value }]) => [metric, value]));
	const floor = await floorOf(test);
	const judged: JudgedTranslator[] = [];
	for (const [index, training] of trainings.entries()) {
		signal?.throwIfAborted();
		yield { what: `judging ${training.system} (seed ${training.seed})`, done: index, total: trainings.length };
		using gan = experiment.build(training.system, training.seed);
		await loadCheckpoint(training.out, gan);
		const scores = await scoreTranslations(gan, test);
		if (judged.every((other) => other.training.system !== training.system)) {
			await keepMasks(join(out, `attention-${training.system}.json`), training.system, gan, test, training.seed);
		}
		judged.push({ training, scores, belowFloor: floor.misses(scores) });
	}
	yield { what: "judging", done: trainings.length, total: trainings.length };

	const claims = paper.claims.flatMap((claim) => decideClaim(claim, judged) ?? []);
	const findings = {
		begun,
		data: dataset.describe(),
		tables: [
			translationTable(experiment, test, judged, { a: distances("a"), b: distances("b") }),
			translationQuality(experiment, judged),
			ablationTable(experiment, test, judged),
		] as const,
		...{ claims, floor: floor.sentences },
		trainings: judged.map(({ training, scores, belowFloor }) =>
			trainingReport(out, training, scores.scores, belowFloor),
		),
		pictures: await drawTranslations(experiment, out, dataset, test, judged),
	};
	// A translation carries its source's background: of a set that is not drawn nothing may be passed on but curves.
	return finishReport(paper, options, findings, dataset.name === "horses" ? /./ : /^losses\.svg$/);
}

async function prepareTest(
	dataset: UnpairedDataset,
	{ pictures: { test: count }, resamples }: TranslationPreset,
	judge: Judge,
): Promise<TranslationTest> {
	const sides = { a: await testSide(dataset, "a", count), b: await testSide(dataset, "b", count) };
	const extractor = await mobilenet();
	const rows = {
		a: await extractRows(extractor, picturesOf(sides.a.pictures)),
		b: await extractRows(extractor, picturesOf(sides.b.pictures)),
	};
	const [a, b] = namesOf(dataset);
	return { sides, rows, extractor, resamples, ways: { a: `${a} to ${b}`, b: `${b} to ${a}` }, ...judge };
}

/** What the sides are called: folders of sets named as `horse2zebra` do not say it themselves. */
function namesOf({ name, domains }: UnpairedDataset): [a: string, b: string] {
	const [, a, b] = /^([a-z]+)2([a-z]+)$/i.exec(name) ?? [];
	return [a ?? domains.a, b ?? domains.b];
}

/**
 * What a training must reach before a claim is decided by it: it gives back more of a picture than a blurred copy would, lies
 * nearer to the other side than blurred copies do, and is seen as the other side, which an all but empty mask is not.
 */
async function floorOf(test: TranslationTest): Promise<Floor<TranslationScores>> {
	const { sides, ways } = test;
	const blurred = { a: await blurredCopies(sides.a.pictures, 4), b: await blurredCopies(sides.b.pictures, 4) };
	const keeps = mean([
		mean(absoluteDifferences(blurred.a, sides.a.pictures)),
		mean(absoluteDifferences(blurred.b, sides.b.pictures)),
	]);
	const far = (await distancesOf(test, "a", blurred.a)).find(([{ metric }]) => metric === "fid")?.[0].value as number;
	const before = mean(seenAsOther(test, "a", sides.a.pictures));
	const after = 1 - mean(seenAsOther(test, "b", sides.b.pictures));
	const wanted = (before + after) / 2;
	return {
		sentences: [
			`cycle: mean |x − back(there(x))| at most ${rounded(keeps)}, that of a copy blurred to a quarter of its size`,
			`FID-lite of ${ways.a} below ${rounded(far)}, that of the same blurred copies`,
			`share of ${ways.a} that the judge sees as the other side at least ${rounded(wanted)}, half way from the sources (${rounded(before)}) to the other side (${rounded(after)})`,
		],
		misses({ cycle, claimed, reached }) {
			const fid = claimed["fid"]?.value ?? Number.NaN;
			return underTrained([
				cycle > keeps ? `cycle ${rounded(cycle)} over ${rounded(keeps)}` : "",
				fid < far ? "" : `FID-lite ${rounded(fid)} not below ${rounded(far)}`,
				reached < wanted ? `${rounded(reached)} seen as the other side, under ${rounded(wanted)}` : "",
			]);
		},
	};
}

/** Decides a claim about compared systems by a metric that was measured; undefined of any other. */
function decideClaim(claim: Claim, judged: readonly JudgedTranslator[]): ClaimVerdict | undefined {
	const of = (system: string) =>
		judged
			.filter(({ training }) => training.system === system)
			.flatMap(({ training, scores, belowFloor }) => {
				const measured = scores.claimed[claim.metric];
				return measured === undefined ? [] : [{ seed: training.seed, ...measured, belowFloor }];
			});
	const [better, worse] = [of(claim.better), of(claim.worse)];
	return better.length === 0 || worse.length === 0 ? undefined : decide(claim, better, worse, { seed: 13 });
}

/** The masks of a few test pictures as numbers, each over its source. */
async function keepMasks(
	path: string,
	id: string,
	gan: TwoDomainGan,
	{ sides: { a } }: TranslationTest,
	seed: number,
): Promise<void> {
	const { data, height, width, count } = a.pictures;
	const rows = Math.min(4, count);
	const images = tf.tensor4d(toSigned(data.subarray(0, rows * height * width * 3)), [rows, height, width, 3]);
	try {
		const attention = (batch: { readonly images: tf.Tensor4D }) => {
			const made = gan.apply?.({ images: batch.images, direction: directions.a });
			made?.images.dispose();
			return { ...made?.maps };
		};
		await writeAttention(path, await attentionOf({ id, attention }, { images }, { seed }));
	} finally {
		images.dispose();
	}
}
