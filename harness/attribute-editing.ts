/**
 * The experiment of attribute-editing papers: trains the compared systems over seeds, judges their edits of test pictures,
 * draws them, and decides the paper's claims.
 */
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { currentEngine } from "../engine/engine.ts";
import { mobilenet } from "../metrics/features/mobilenet.ts";
import { extractRows } from "../metrics/features/rows.ts";
import { fid } from "../metrics/fid.ts";
import type { ConditionalGan } from "../models/layers/stargan-training.ts";
import type { Claim, Paper } from "../models/paper.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { type ClaimVerdict, decide } from "./claims.ts";
import { type CurvePoint, curves } from "./curves.ts";
import { attributeShares, type Dataset } from "./datasets/dataset.ts";
import { deviation, type EditScores, type EditTest, mean, picturesOf, scoreEdits } from "./edit-scores.ts";
import { attentionSheet, editName, testPictures, tileOf } from "./edit-sheets.ts";
import { absoluteDifferences, blurredCopies, generateAll, type PictureSet } from "./edits.ts";
import type { EditingPreset } from "./experiments/cca-gan.ts";
import { writeAtomically } from "./files.ts";
import { trainJudge } from "./judge.ts";
import type { ReproduceEvent, ReproduceOptions, Reproduction, TrainingReport } from "./reproduce.ts";
import { type Sheet, writeSheet } from "./sheet.ts";
import { markdownTable, type Table } from "./table.ts";
import { type PoolResult, runPool } from "./training-pool.ts";
import { readLog } from "./training-run.ts";
import { version } from "./version.ts";

export interface EditingExperiment {
	readonly paper: Paper;
	/** Ids of the compared systems, in the order of the table. */
	readonly systems: readonly string[];
	/** Row of the published table by system id. */
	readonly rows: Readonly<Record<string, string>>;
	/** Column of the published table by attribute. */
	readonly columns: Readonly<Record<string, string>>;
	readonly preset: EditingPreset;
	open(data: string | undefined): Promise<Dataset>;
	build(system: string, attributes: number, seed: number): ConditionalGan;
}

interface Judged {
	readonly training: PoolResult;
	readonly scores: EditScores;
	/** What the system makes of each test picture when asked for no change. */
	readonly copies: PictureSet;
	readonly attention: Sheet | undefined;
	readonly belowFloor: string | undefined;
}

/** Runs the experiment into `options.out`, yielding progress; returns the report that it also writes as report.json. */
export async function* reproduceEdits(
	experiment: EditingExperiment,
	options: ReproduceOptions,
): AsyncGenerator<ReproduceEvent, Reproduction> {
	const { paper, systems, preset } = experiment;
	const { out, workers, signal } = options;
	const begun = performance.now();
	const dataset = await experiment.open(options.data);
	const seeds = options.seeds ?? preset.seeds;
	const jobs = systems.flatMap((system) =>
		seeds.map((seed) => ({
			...{ system, seed, preset: options.preset, data: options.data, steps: options.steps },
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
		judged.push({ training, scores, copies, attention, belowFloor: floor.misses(scores) });
	}
	yield { what: "judging", done: trainings.length, total: trainings.length };

	const claims = paper.claims
		.filter(({ better, worse }) => systems.includes(better) && systems.includes(worse))
		.map((claim) => decideClaim(claim, judged));
	const table = mainTable(experiment, dataset, judged);
	const tables = [table, qualityTable(dataset, judged)];
	const pictures = await draw(experiment, out, test, judged);
	const engine = currentEngine();
	const report: Reproduction = {
		schema: "fovea-reproduction/1",
		paper: paper.id,
		preset: options.preset,
		fovea: version,
		engine: { name: engine.name, version: engine.version },
		data: dataset.describe(),
		command: commandOf(paper.id, options),
		seconds: (performance.now() - begun) / 1000,
		tables,
		table,
		claims,
		floor: floor.sentences,
		trainings: judged.map(({ training, scores, belowFloor }): TrainingReport => {
			const { system, seed, result } = training;
			return {
				...{
					system,
					seed,
					folder: relative(out, training.out),
					seconds: result.seconds,
					steps: result.steps,
					scores: scores.scores,
				},
				...(belowFloor === undefined ? {} : { belowFloor }),
			};
		}),
		pictures,
	};
	await writeAtomically(join(out, "report.json"), `${JSON.stringify(report, null, "\t")}\n`);
	await writeAtomically(join(out, "report.md"), markdown(paper, report));
	if (options.keep !== undefined) await keepReport(paper, report, out, options.keep);
	return report;
}

/** Files of a report that hold nothing but what systems made. */
const generatedOnly = /^(generated\.png|attention-.*\.png|losses\.svg)$/;

async function keepReport(paper: Paper, report: Reproduction, out: string, keep: string): Promise<void> {
	const pictures = Object.fromEntries(Object.entries(report.pictures).filter(([file]) => generatedOnly.test(file)));
	for (const file of Object.keys(pictures)) await writeAtomically(join(keep, file), await readFile(join(out, file)));
	await writeAtomically(join(keep, "report.json"), `${JSON.stringify({ ...report, pictures }, null, "\t")}\n`);
	await writeAtomically(join(keep, "report.md"), markdown(paper, { ...report, pictures }));
}

function commandOf(paper: string, { preset, data, seeds, steps }: ReproduceOptions): string {
	const options = [
		`--preset ${preset}`,
		...(data === undefined ? [] : [`--data ${data.replace(/:.*/, "")}`]),
		...(seeds === undefined ? [] : [`--seeds ${seeds.join(",")}`]),
		...(steps === undefined ? [] : [`--steps ${steps}`]),
	];
	return `fovea reproduce ${paper} ${options.join(" ")}`;
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

interface Floor {
	readonly sentences: readonly string[];
	/** Why scores lie below the floor; undefined where they clear it. */
	misses(scores: EditScores): string | undefined;
}

/**
 * What a training must reach before a claim is decided by it: its edits keep more of the picture, and lie nearer to real
 * pictures, than a blurred copy does, and the judge sees more of the edits asked for than of those not made at all.
 */
async function floorOf(test: EditTest, dataset: Dataset): Promise<Floor> {
	const blurred = await blurredCopies(test.pictures, 4);
	const keeps = mean(absoluteDifferences(blurred, test.pictures));
	const { features } = await extractRows(test.extractor, picturesOf(blurred));
	const distance = (await fid().measure(test.rows.features, features)).value;
	const shares = attributeShares(dataset, "test");
	// An edit that changes nothing is right where a hair colour was there before, and never where an attribute is turned over.
	const unedited = mean(dataset.attributes.map((name) => (name.endsWith("_Hair") ? (shares[name] as number) : 0)));
	const reached = (1 + unedited) / 2;
	const rounded = (value: number) => value.toPrecision(3);
	return {
		sentences: [
			`reconstruction: mean |x − G(G(x, edit), source)| at most ${rounded(keeps)}, that of a copy blurred to a quarter of its size`,
			`FID-lite of the edits below ${rounded(distance)}, that of the same blurred copies`,
			`accuracy of the edits by the judge at least ${rounded(reached)}, half way from no edit (${rounded(unedited)}) to all`,
		],
		misses({ reconstruction, means, accuracy }) {
			const missed = [
				reconstruction > keeps ? `reconstruction ${rounded(reconstruction)} over ${rounded(keeps)}` : "",
				means.fid.value >= distance ? `FID-lite ${rounded(means.fid.value)} not below ${rounded(distance)}` : "",
				accuracy < reached ? `accuracy of edits ${rounded(accuracy)} under ${rounded(reached)}` : "",
			].filter((text) => text !== "");
			return missed.length === 0 ? undefined : `under-trained: ${missed.join(", ")}`;
		},
	};
}

function decideClaim(claim: Claim, judged: readonly Judged[]): ClaimVerdict {
	const of = (system: string) =>
		judged
			.filter(({ training }) => training.system === system)
			.map(({ training, scores, belowFloor }) => {
				const { value, resamples } = scores.means[claim.metric as "fid" | "kid"];
				return { seed: training.seed, value, resamples, belowFloor };
			});
	return decide(claim, of(claim.better), of(claim.worse), { seed: 13 });
}

/** Values of one metric and edit over the trainings of a system. */
function valuesOf(judged: readonly Judged[], system: string, metric: string, edit: string): number[] {
	return judged
		.filter(({ training }) => training.system === system)
		.flatMap(({ scores }) =>
			scores.scores.filter((score) => score.metric === metric && score.protocol["edit"] === edit),
		)
		.map(({ value }) => value);
}

/** The paper's table: its numbers beside ours, mean over seeds ± their standard deviation. */
function mainTable(
	{ paper, systems, rows, columns }: EditingExperiment,
	dataset: Dataset,
	judged: readonly Judged[],
): Table {
	const metrics = [
		{ id: "fid", printed: "FID", shown: "FID-lite", scale: 1, digits: 1 },
		{ id: "kid", printed: "KID", shown: "KID-lite × 100", scale: 100, digits: 2 },
	];
	const body = metrics.flatMap(({ id, printed, shown, scale, digits }) =>
		systems.flatMap((system) => {
			const row = rows[system] ?? system;
			const published = dataset.attributes.map((attribute) => {
				const cell = paper.published.find(
					(cell) => cell.metric === printed && cell.system === row && cell.column === columns[attribute],
				);
				if (cell === undefined) return "–";
				return cell.spread === undefined
					? cell.value.toFixed(2)
					: `${cell.value.toFixed(2)} ± ${cell.spread.toFixed(2)}`;
			});
			const measured = dataset.attributes.map((attribute) => {
				const values = valuesOf(judged, system, id, attribute).map((value) => value * scale);
				return `${mean(values).toFixed(digits)} ± ${deviation(values).toFixed(digits)}`;
			});
			return [
				[`${row}: ${printed}, published`, ...published],
				[`${row}: ${shown}, here`, ...measured],
			];
		}),
	);
	return {
		title: `${paper.published[0]?.table ?? "Table"} (published: FID / 100 and KID × 100 of Inception, 128 × 128; here: MobileNet features, lower is better)`,
		columns: ["", ...dataset.attributes.map((attribute) => columns[attribute] ?? editName(attribute))],
		rows: body,
	};
}

/** What the distances do not see: are the edits made, and is the rest kept? */
function qualityTable(dataset: Dataset, judged: readonly Judged[]): Table {
	const find = (scores: EditScores, metric: string) => scores.scores.find((score) => score.metric === metric)?.value;
	const inMasks = (scores: EditScores, metric: string) => {
		const values = scores.scores.filter((score) => score.metric === metric).map(({ value }) => value);
		return values.length === 0 ? "–" : mean(values).toFixed(2);
	};
	return {
		title: "Edits: accuracy by the judge, what is kept, and where the true masks are known, what lies inside them",
		columns: [
			"training",
			...dataset.attributes.map(editName),
			...["FID-lite", "reconstruction L1", "unchanged L1", "change inside", "change IoU", "attention IoU"],
			...["minutes", "floor"],
		],
		rows: judged.map(({ training, scores, belowFloor }) => [
			`${training.system}, seed ${training.seed}`,
			...dataset.attributes.map((attribute) => {
				const own = scores.scores.find((score) => score.metric === "accuracy" && score.protocol["edit"] === attribute);
				return (own?.value ?? Number.NaN).toFixed(2);
			}),
			scores.means.fid.value.toFixed(1),
			(find(scores, "reconstruction-l1") ?? Number.NaN).toFixed(3),
			(find(scores, "unchanged-l1") ?? Number.NaN).toFixed(3),
			...["change-inside", "change-iou", "attention-iou"].map((metric) => inMasks(scores, metric)),
			(training.result.seconds / 60).toFixed(1),
			belowFloor === undefined ? "cleared" : "below",
		]),
	};
}

/** Writes the sheets and curves of the report; returns what each shows. */
async function draw(
	{ systems, rows }: EditingExperiment,
	out: string,
	test: EditTest,
	judged: readonly Judged[],
): Promise<Record<string, string>> {
	const shown: Record<string, string> = {};
	const firsts = systems.flatMap((system) => judged.filter(({ training }) => training.system === system).slice(0, 1));
	const faces = Array.from({ length: Math.min(5, test.pictures.count) }, (_, face) => face);
	const comparison = (first: string, pictureOf: (judged: Judged) => PictureSet) => ({
		columns: [first, ...test.attributes.map(editName)],
		rows: faces.flatMap((face) =>
			firsts.map((one) => ({
				label: rows[one.training.system] ?? one.training.system,
				tiles: [tileOf(pictureOf(one), face), ...one.scores.edits.map((edit) => tileOf(edit, face))],
			})),
		),
	});
	await writeSheet(join(out, "comparison.png"), {
		title: "The same edits by each system",
		...comparison("source", () => test.pictures),
	});
	shown["comparison.png"] = "Test pictures edited by each system (first seed)";
	await writeSheet(join(out, "generated.png"), {
		title: "The same edits by each system",
		subtitle: "All pictures are generated: the first column is the system's copy of its input, unedited.",
		...comparison("unedited copy", ({ copies }) => copies),
	});
	shown["generated.png"] = "The same, without pictures of the data set";
	for (const { training, attention } of firsts) {
		if (attention === undefined) continue;
		const file = `attention-${training.system}.png`;
		await writeSheet(join(out, file), attention);
		shown[file] = `Attention of ${training.system} over its own copies of test pictures`;
	}
	const points = (
		await Promise.all(
			judged.map(async ({ training }) => smoothed(await readLog(join(training.out, "log.jsonl")), training)),
		)
	).flat();
	const svg = curves(points, { title: "Losses while training, smoothed", x: "iteration", y: "loss" });
	await writeAtomically(join(out, "losses.svg"), svg);
	shown["losses.svg"] = "Losses of every training";
	return shown;
}

/** Means over windows of a fiftieth of the training, one line per system and seed. */
function smoothed(log: Awaited<ReturnType<typeof readLog>>, { system, seed }: PoolResult): CurvePoint[] {
	const window = Math.max(1, Math.floor(log.length / 50));
	const points: CurvePoint[] = [];
	for (let start = 0; start + window <= log.length; start += window) {
		const lines = log.slice(start, start + window);
		const names = new Set(lines.flatMap(({ losses }) => Object.keys(losses)));
		for (const panel of names) {
			const values = lines.flatMap(({ losses }) => (losses[panel] === undefined ? [] : [losses[panel]]));
			points.push({ x: lines.at(-1)?.step ?? 0, y: mean(values), series: system, line: String(seed), panel });
		}
	}
	return points;
}

/** The report as Markdown: tables, claims, pictures. */
function markdown({ title, citation }: Paper, report: Reproduction): string {
	const claims = report.claims.map(({ text, where, published, measured, interval, verdict, why }) => [
		`${text} (${where})`,
		published,
		`${measured.toPrecision(3)} [${interval.low.toPrecision(3)}, ${interval.high.toPrecision(3)}]`,
		verdict,
		why,
	]);
	const columns = ["claim", "published", "measured gain, 95 % interval", "verdict", "why"];
	return [
		`# ${title}`,
		"",
		citation,
		"",
		`Preset ${report.preset}, data: ${report.data}.`,
		`Engine ${report.engine.name} ${report.engine.version}, ${(report.seconds / 60).toFixed(0)} minutes.`,
		"",
		`    ${report.command}`,
		"",
		...report.tables.flatMap((table) => [markdownTable(table), ""]),
		markdownTable({ title: "Claims", columns, rows: claims }),
		"",
		"A verdict needs every training above the floor:",
		"",
		...report.floor.map((sentence) => `- ${sentence}`),
		"",
		...Object.entries(report.pictures).map(([file, what]) => `![${what}](${file})\n`),
	].join("\n");
}
