/** What the reports of all experiments have in common: their fields, files, curves and command. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { currentEngine } from "../engine/engine.ts";
import type { Score } from "../metrics/metric.ts";
import type { Paper } from "../models/paper.ts";
import { type CurvePoint, curves } from "./curves.ts";
import { mean } from "./edit-test.ts";
import { writeAtomically } from "./files.ts";
import { reportJson } from "./report.ts";
import { type ReproduceOptions, type Reproduction, reproductionSchema, type TrainingReport } from "./reproduce.ts";
import { markdownTable, type Table } from "./table.ts";
import type { PoolResult } from "./training-pool.ts";
import { readLog } from "./training-run.ts";
import { version } from "./version.ts";

/** What an experiment found; the rest of its report follows from the options. */
export interface Findings extends Pick<Reproduction, "claims" | "floor" | "trainings" | "pictures"> {
	/** What the set says of itself. */
	readonly data: string;
	/** The paper's main table first. */
	readonly tables: readonly [Table, ...Table[]];
	/** Value of performance.now() when the experiment began. */
	readonly begun: number;
}

/**
 * Makes the report of an experiment, writes it into `options.out` and, where `options.keep` names a folder, what may be
 * passed on into that: files whose name `passedOn` matches.
 */
export async function finishReport(
	paper: Paper,
	options: ReproduceOptions,
	{ begun, tables, ...found }: Findings,
	passedOn = generatedOnly,
): Promise<Reproduction> {
	const { name, version: engineVersion } = currentEngine();
	const report: Reproduction = {
		...{ schema: reproductionSchema, paper: paper.id, preset: options.preset, fovea: version },
		engine: { name, version: engineVersion },
		command: commandOf(paper.id, options),
		seconds: (performance.now() - begun) / 1000,
		...{ tables, table: tables[0] },
		...found,
	};
	await writeReport(paper, report, options.out);
	if (options.keep !== undefined) await keepReport(paper, report, options.out, options.keep, passedOn);
	return report;
}

/** What the report says of one training, whose folder it names as seen from `out`. */
export function trainingReport(
	out: string,
	{ system, seed, out: folder, result }: PoolResult,
	scores: readonly Score[],
	belowFloor: string | undefined,
): TrainingReport {
	return {
		...{ system, seed, folder: relative(out, folder), seconds: result.seconds, steps: result.steps, scores },
		...(belowFloor === undefined ? {} : { belowFloor }),
	};
}

/** Writes report.json and report.md. */
async function writeReport(paper: Paper, report: Reproduction, folder: string): Promise<void> {
	await writeAtomically(join(folder, "report.json"), reportJson(report));
	await writeAtomically(join(folder, "report.md"), markdown(paper, report));
}

/** Files of a report that hold nothing but what systems made. */
const generatedOnly = /^(generated\.png|colours\.png|attention-.*\.(png|json)|losses\.svg)$/;

/** Writes a copy of the report and the files that may be passed on into `keep`. */
async function keepReport(
	paper: Paper,
	report: Reproduction,
	out: string,
	keep: string,
	passedOn: RegExp,
): Promise<void> {
	const pictures = Object.fromEntries(Object.entries(report.pictures).filter(([file]) => passedOn.test(file)));
	const maps = (await readdir(out)).filter((file) => /^attention-.*\.json$/.test(file) && passedOn.test(file));
	for (const file of [...Object.keys(pictures), ...maps])
		await writeAtomically(join(keep, file), await readFile(join(out, file)));
	await writeReport(paper, { ...report, pictures }, keep);
}

/** Draws the losses of the trainings, smoothed, as losses.svg. */
export async function writeLossCurves(folder: string, trainings: readonly PoolResult[]): Promise<void> {
	const points = await Promise.all(
		trainings.map(async (training) => smoothed(await readLog(join(training.out, "log.jsonl")), training)),
	);
	const svg = curves(points.flat(), { title: "Losses while training, smoothed", x: "iteration", y: "loss" });
	await writeAtomically(join(folder, "losses.svg"), svg);
}

/** The command that makes a report again. */
export function commandOf(paper: string, { preset, data, seeds, steps }: ReproduceOptions): string {
	const options = [
		`--preset ${preset}`,
		...(data === undefined ? [] : [`--data ${withoutPlaces(data)}`]),
		...(seeds === undefined ? [] : [`--seeds ${seeds.join(",")}`]),
		...(steps === undefined ? [] : [`--steps ${steps}`]),
	];
	return `fovea reproduce ${paper} ${options.join(" ")}`;
}

/** A data set's name and numbers, without the folders that are one machine's. */
function withoutPlaces(data: string): string {
	const [name = "", ...rest] = data.split(":");
	const numbers = rest
		.join(":")
		.split(",")
		.filter((part) => part.includes("=") && !/[\\/]/.test(part));
	return numbers.length === 0 ? name : `${name}:${numbers.join(",")}`;
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
		Number.isNaN(measured)
			? "–"
			: `${measured.toPrecision(3)} [${interval.low.toPrecision(3)}, ${interval.high.toPrecision(3)}]`,
		verdict,
		why,
	]);
	const minutes = report.trainings.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
	const columns = ["claim", "published", "measured gain, 95 % interval", "verdict", "why"];
	return [
		`# ${title}`,
		"",
		citation,
		"",
		`Preset ${report.preset}, data: ${report.data}.`,
		`Engine ${report.engine.name} ${report.engine.version}; ${report.trainings.length} trainings of ${minutes.toFixed(0)} minutes in all.`,
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
