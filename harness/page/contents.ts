/** What a report page shows, read from the folder of a reproduction, from a training's or from evaluation reports. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import type { Score } from "../../metrics/metric.ts";
import { type AttentionFile, readAttention } from "../attention-file.ts";
import type { ClaimVerdict } from "../claims.ts";
import { groupBy } from "../group.ts";
import { duration } from "../progress.ts";
import { type Input, parseReport, type Report, reportSchema } from "../report.ts";
import { parseReproduction, type Reproduction, reproductionSchema } from "../reproduce.ts";
import type { Table } from "../table.ts";
import { type LogLine, readLog } from "../training-run.ts";
import { lossPlots, metricPlots, type PlotSpec, picturePlots, type TrainingLog } from "./plots.ts";

/** One score with where it is from. */
export interface PageNumber {
	/** The training or the report: "cca-gan, seed 1". */
	readonly source: string;
	readonly system: string;
	/** What tells it from other scores of the same metric and source: the edit, the class. Empty where nothing does. */
	readonly part: string;
	readonly score: Score;
}

export interface PagePicture {
	readonly path: string;
	/** What it shows. */
	readonly what: string;
}

export interface PageContents {
	readonly title: string;
	readonly subtitle: string;
	/** What a reader must know first: name and value. */
	readonly facts: readonly (readonly [name: string, value: string])[];
	/** The command that makes this again. */
	readonly command: string | undefined;
	readonly claims: readonly ClaimVerdict[];
	/** What every training must reach before a claim is decided. */
	readonly floor: readonly string[];
	/** Trainings below the floor with the reason. */
	readonly belowFloor: readonly (readonly [source: string, why: string])[];
	readonly tables: readonly Table[];
	readonly numbers: readonly PageNumber[];
	readonly inputs: readonly (readonly [name: string, input: Input])[];
	readonly metrics: readonly PlotSpec[];
	readonly losses: readonly PlotSpec[];
	readonly attention: readonly AttentionFile[];
	readonly pictures: readonly PagePicture[];
}

/** Reads `place`: a folder, or one report's file. Throws, saying what it must hold. */
export async function readContents(place: string): Promise<PageContents> {
	const found = await stat(place).catch(() => undefined);
	if (found === undefined) throw new RangeError(`${place}: must be a folder or a report, got nothing of that name`);
	const files = found.isDirectory() ? await jsonFiles(place) : [place];
	const documents = await Promise.all(files.map(async (path) => ({ path, json: await readJson(path) })));
	const reproduction = documents.find(({ json }) => json.schema === reproductionSchema);
	if (reproduction !== undefined) {
		const folder = found.isDirectory() ? place : join(place, "..");
		return ofReproduction(folder, parseReproduction(reproduction.json, reproduction.path));
	}
	const reports = documents.filter(({ json }) => json.schema === reportSchema);
	if (reports.length > 0) {
		return ofReports(
			place,
			reports.map(({ path, json }) => ({ path, report: parseReport(json, path) })),
		);
	}
	const training = documents.find(({ path }) => basename(path) === "training.json");
	if (training !== undefined && found.isDirectory()) return ofTraining(place, training.json);
	const what = found.isDirectory() ? "hold a report.json of fovea reproduce or of fovea evaluate" : "be such a report";
	throw new RangeError(`${place}: must ${what}, got ${files.length === 0 ? "no JSON file" : "another schema"}`);
}

async function jsonFiles(folder: string): Promise<string[]> {
	const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
	return names.map((name) => join(folder, name));
}

async function readJson(path: string): Promise<Record<string, unknown>> {
	const text = await readFile(path, "utf8");
	try {
		const json: unknown = JSON.parse(text);
		return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
	} catch (cause) {
		throw new Error(`${path}: must be JSON, got ${(cause as Error).message}`, { cause });
	}
}

async function ofReproduction(folder: string, report: Reproduction): Promise<PageContents> {
	const { paperOf } = await import("../experiments/find.ts");
	const paper = await paperOf(report.paper);
	const systems = [...new Set(report.trainings.map(({ system }) => system))];
	const named = report.trainings.map((training) => ({
		...training,
		source: `${training.system}, seed ${training.seed}`,
		path: within(folder, training.folder),
	}));
	const numbers = named.flatMap(({ source, system, scores }) => numbersOf(source, system, scores));
	const logs = await Promise.all(
		named.map(async ({ system, source, path }): Promise<TrainingLog> => {
			return { system, source, lines: path === undefined ? [] : await readLog(join(path, "log.jsonl")) };
		}),
	);
	const seconds = report.trainings.reduce((sum, training) => sum + training.seconds, 0);
	const logged = logs.filter(({ lines }) => lines.length > 0);
	return {
		title: paper?.title ?? report.paper,
		subtitle: paper?.citation ?? "",
		facts: [
			["Preset", report.preset],
			["Data", report.data],
			["Trainings", `${report.trainings.length}, ${duration(seconds)} in all`],
			["Seeds", [...new Set(report.trainings.map(({ seed }) => seed))].join(", ")],
			["Engine", `${report.engine.name} ${report.engine.version}`],
			["fovea", report.fovea],
		],
		command: report.command,
		claims: report.claims,
		floor: report.floor,
		belowFloor: named.flatMap(({ source, belowFloor }) => (belowFloor === undefined ? [] : [[source, belowFloor]])),
		tables: report.tables,
		numbers,
		inputs: [],
		metrics: metricPlots(numbers, systems),
		losses: lossPlots(logged, systems),
		attention: await attentionIn(
			folder,
			named.flatMap(({ path }) => path ?? []),
		),
		pictures: Object.entries(report.pictures).flatMap(([file, what]) => {
			const path = within(folder, file);
			// Losses that can be plotted need no still picture.
			const isPlotted = logged.length > 0 && /^losses.*\.svg$/.test(file);
			return path === undefined || isPlotted ? [] : [{ path, what }];
		}),
	};
}

async function ofReports(
	place: string,
	reports: readonly { readonly path: string; readonly report: Report }[],
): Promise<PageContents> {
	const numbers = reports.flatMap(({ path, report }) => {
		const source = basename(path, ".json");
		return numbersOf(source, source, report.scores);
	});
	const { report: first } = reports[0] as { readonly report: Report };
	return {
		title: reports.length === 1 ? `Evaluation: ${basename(resolve(place), ".json")}` : "Evaluations",
		subtitle: "",
		facts: [
			["Made", reports.map(({ report }) => report.created).join(", ")],
			["Engine", `${first.engine.name} ${first.engine.version}`],
			["Seed", [...new Set(reports.map(({ report }) => report.seed))].join(", ")],
			["fovea", first.fovea],
		],
		...{
			command: undefined,
			claims: [],
			floor: [],
			belowFloor: [],
			tables: [],
			losses: [],
			attention: [],
			pictures: [],
		},
		numbers,
		inputs: reports.flatMap(({ path, report }) =>
			Object.entries(report.inputs).map(([name, input]): [string, Input] => [
				reports.length === 1 ? name : `${basename(path, ".json")}: ${name}`,
				input,
			]),
		),
		metrics: [
			...metricPlots(
				numbers,
				reports.map(({ path }) => basename(path, ".json")),
			),
			...picturePlots(numbers),
		],
	};
}

async function ofTraining(folder: string, json: Readonly<Record<string, unknown>>): Promise<PageContents> {
	const system = String(json["system"] ?? "training");
	const lines: readonly LogLine[] = await readLog(join(folder, "log.jsonl"));
	const settings = Object.entries((json["settings"] ?? {}) as Record<string, unknown>);
	const names = (await readdir(folder)).filter((name) => name.endsWith(".png")).sort();
	return {
		title: `Training of ${system}`,
		subtitle: "",
		facts: [
			["Seed", String(json["seed"] ?? "")],
			["Iterations", String(json["steps"] ?? "")],
			["Time", duration(Number(json["seconds"] ?? 0))],
			...settings.map(([name, value]): [string, string] => [name, String(value)]),
		],
		...{ command: undefined, claims: [], floor: [], belowFloor: [], tables: [], numbers: [], inputs: [], metrics: [] },
		losses: lossPlots([{ system, source: system, lines }], [system]),
		attention: await attentionIn(folder, [folder]),
		pictures: names.map((name) => ({ path: join(folder, name), what: basename(name, ".png") })),
	};
}

/** `attention-*.json` of the folder; for systems without one, the first training's own. */
async function attentionIn(folder: string, trainings: readonly string[]): Promise<AttentionFile[]> {
	const own = (await readdir(folder)).filter((name) => /^attention-.*\.json$/.test(name)).sort();
	const files = await Promise.all(own.map((name) => readAttention(join(folder, name))));
	for (const training of trainings) {
		const path = join(training, "attention.json");
		if ((await stat(path).catch(() => undefined)) === undefined) continue;
		const file = await readAttention(path);
		if (files.every(({ system }) => system !== file.system)) files.push(file);
	}
	return files;
}

/** A path in the folder; undefined for one that leads out of it, which a report has no business to name. */
function within(folder: string, path: string): string | undefined {
	const inside = relative(folder, resolve(folder, path));
	return inside === ".." || inside.startsWith(`..${sep}`) || resolve(inside) === inside
		? undefined
		: join(folder, inside);
}

/** Scores with the part of their protocol that tells those of one metric apart. */
function numbersOf(source: string, system: string, scores: readonly Score[]): PageNumber[] {
	const groups = groupBy(scores, (score) => `${score.metric} ${score.label ?? ""}`);
	return scores.map((score) => {
		const group = groups.get(`${score.metric} ${score.label ?? ""}`) ?? [];
		const names = [...new Set(group.flatMap(({ protocol }) => Object.keys(protocol)))];
		const telling = names.filter((name) => new Set(group.map(({ protocol }) => protocol[name])).size > 1);
		const part = telling.map((name) => String(score.protocol[name] ?? "").replaceAll("_", " ")).join(", ");
		return { source, system, part, score };
	});
}
