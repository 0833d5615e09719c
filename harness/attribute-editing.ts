/**
 * The experiment of attribute-editing papers: trains the compared systems over seeds, judges their edits of test pictures,
 * draws them, and decides the paper's claims.
 */
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { mobilenet } from "../metrics/features/mobilenet.ts";
import { extractRows } from "../metrics/features/rows.ts";
import { fid } from "../metrics/fid.ts";
import type { ConditionalGan } from "../models/layers/stargan-training.ts";
import type { Claim } from "../models/paper.ts";
import { type AttentionFile, attentionOf, writeAttention } from "./attention-file.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { type ClaimVerdict, decide } from "./claims.ts";
import { attributeShares, type Dataset } from "./datasets/dataset.ts";
import { type EditMeasure, type EditScores, scoreEdits } from "./edit-scores.ts";
import { attentionSheet, testPictures, tileOf } from "./edit-sheets.ts";
import { type EditTest, mean, picturesOf } from "./edit-test.ts";
import { draw, type EditingExperiment, type Judged, mainTable, qualityTable } from "./editing-report.ts";
import { absoluteDifferences, blurredCopies, generateAll, type PictureSet, toSigned } from "./edits.ts";
import { finishReport, trainingReport } from "./experiment-report.ts";
import type { EditingPreset } from "./experiments/cca-gan.ts";
import { type Floor, rounded, underTrained } from "./floor.ts";
import { trainJudge } from "./judge.ts";
import type { ReproduceEvent, ReproduceOptions, Reproduction } from "./reproduce.ts";
import { runPool } from "./training-pool.ts";

/** Runs the experiment into `options.out`, yielding progress; returns the report that it also writes as report.json. */
export async function* reproduceEdits(
	experiment: EditingExperiment,
	options: ReproduceOptions,
): AsyncGenerator<ReproduceEvent, Reproduction> {
	const { paper, compared, preset } = experiment;
	const { out, workers, signal } = options;
	const begun = performance.now();
	const dataset = await experiment.open(options.data);
	const seeds = options.seeds ?? preset.seeds;
	const ablationSeeds =
		options.seeds === undefined ? preset.ablationSeeds : seeds.slice(0, preset.ablationSeeds.length);
	const seedsOf = (system: string) => (compared.includes(system) ? seeds : ablationSeeds);
	const systems = experiment.systems.filter((system) => seedsOf(system).length > 0);
	const jobs = systems.flatMap((system) =>
		seedsOf(system).map((seed) => ({
			...{ paper: paper.id, system, seed, preset: options.preset, data: options.data, steps: options.steps },
			out: join(out, "trainings", `${system}-${seed}`),
		})),
	);
	const trainings = yield* runPool(jobs, { workers, signal });

	const test = yield* prepareTest(dataset, preset, out, signal);
	const floor = await floorOf(test, dataset);
	const judged: Judged[] = [];
	for (const [index, training] of trainings.entries()) {
		signal?.throwIfAborted();
		yield { what: `judging ${training.system} (seed ${training.seed})`, done: index, total: trainings.length };
		using gan = experiment.build(training.system, dataset.attributes.length, training.seed);
		await loadCheckpoint(training.out, gan);
		const scores = await scoreEdits(gan, test);
		const copies = generateAll(gan, test.pictures, test.labels);
		const attention = attentionSheet(gan, test.pictures, test.labels, { under: copies, name: "its copy" });
		if (judged.every((other) => other.training.system !== training.system)) {
			const path = join(out, `attention-${training.system}.json`);
			await writeAttention(path, await attentionOverCopies(gan, test, copies, training.seed));
		}
		judged.push({ training, scores, copies, attention, belowFloor: floor.misses(scores) });
	}
	yield { what: "judging", done: trainings.length, total: trainings.length };

	const claims = paper.claims
		.filter(({ better, worse }) => systems.includes(better) && systems.includes(worse))
		.map((claim) => decideClaim(claim, judged, seeds.length));
	return finishReport(paper, options, {
		begun,
		data: dataset.describe(),
		tables: [mainTable({ ...experiment, systems }, dataset, judged), qualityTable(dataset, judged)],
		...{ claims, floor: floor.sentences },
		trainings: judged.map(({ training, scores, belowFloor }) =>
			trainingReport(out, training, scores.scores, belowFloor),
		),
		pictures: await draw({ ...experiment, systems }, out, test, judged),
	});
}

/** The maps of test pictures over the system's own copies of them. */
async function attentionOverCopies(
	gan: ConditionalGan,
	{ pictures, labels, attributes }: EditTest,
	copies: PictureSet,
	seed: number,
): Promise<AttentionFile | undefined> {
	const count = Math.min(4, pictures.count);
	const { height, width } = pictures;
	const batch = {
		images: tf.tensor4d(toSigned(pictures.data.subarray(0, count * height * width * 3)), [count, height, width, 3]),
		labels: tf.tensor2d(labels.slice(0, count * attributes.length), [count, attributes.length]),
	};
	const tiles = Array.from({ length: count }, (_, index) => tileOf(copies, index));
	const file = await attentionOf(gan, batch, { seed, under: { tiles, name: "its own copy of a test picture" } });
	tf.dispose(batch);
	return file;
}

async function* prepareTest(
	dataset: Dataset,
	preset: EditingPreset,
	out: string,
	signal: AbortSignal | undefined,
): AsyncGenerator<ReproduceEvent, EditTest> {
	const judge = yield* trainJudge(dataset, { ...preset.judge, seed: 7, folder: join(out, "judge"), signal });
	const count = Math.min(preset.pictures.test, dataset.count("test"));
	const { pictures, labels, masks } = await testPictures(dataset, count);
	const extractor = await mobilenet();
	const rows = await extractRows(extractor, picturesOf(pictures));
	const { attributes } = dataset;
	return { attributes, pictures, labels, rows, extractor, resamples: preset.resamples, masks, ...judge };
}

/**
 * What a training must reach before a claim is decided by it: its edits keep more of the picture, and lie nearer to real
 * pictures, than a blurred copy does, and the judge sees more of the edits asked for than of those not made at all.
 */
async function floorOf(test: EditTest, dataset: Dataset): Promise<Floor<EditScores>> {
	const blurred = await blurredCopies(test.pictures, 4);
	const keeps = mean(absoluteDifferences(blurred, test.pictures));
	const { features } = await extractRows(test.extractor, picturesOf(blurred));
	const distance = (await fid().measure(test.rows.features, features)).value;
	const shares = attributeShares(dataset, "test");
	// An edit that changes nothing is right where a hair colour was there before, and never where an attribute is turned over.
	const unedited = mean(dataset.attributes.map((name) => (name.endsWith("_Hair") ? (shares[name] as number) : 0)));
	const reached = (1 + unedited) / 2;
	return {
		sentences: [
			`reconstruction: mean |x − G(G(x, edit), source)| at most ${rounded(keeps)}, that of a copy blurred to a quarter of its size`,
			`FID-lite of the edits below ${rounded(distance)}, that of the same blurred copies`,
			`accuracy of the edits by the judge at least ${rounded(reached)}, half way from no edit (${rounded(unedited)}) to all`,
		],
		misses({ reconstruction, means, accuracy }) {
			return underTrained([
				reconstruction > keeps ? `reconstruction ${rounded(reconstruction)} over ${rounded(keeps)}` : "",
				means.fid.value >= distance ? `FID-lite ${rounded(means.fid.value)} not below ${rounded(distance)}` : "",
				accuracy < reached ? `accuracy of edits ${rounded(accuracy)} under ${rounded(reached)}` : "",
			]);
		},
	};
}

function decideClaim(claim: Claim, judged: readonly Judged[], wanted: number): ClaimVerdict {
	const of = (system: string) =>
		judged
			.filter(({ training }) => training.system === system)
			.map(({ training, scores, belowFloor }) => {
				const { value, resamples } = scores.means[claim.metric as EditMeasure];
				return { seed: training.seed, value, resamples, belowFloor };
			});
	return decide(claim, of(claim.better), of(claim.worse), { seed: 13, wanted });
}
