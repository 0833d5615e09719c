/** What a reproduction is: the events while it runs and the report it ends with. */
import { z } from "zod";
import type { Score } from "../metrics/metric.ts";
import type { ClaimVerdict } from "./claims.ts";
import { type PresetName, presetNames } from "./experiments/experiment.ts";
import { reportNumber, scoreForm } from "./report.ts";
import type { Table } from "./table.ts";

export const reproductionSchema = "fovea-reproduction/1";

export interface ReproduceOptions {
	readonly preset: PresetName;
	/** Set to use instead of the preset's. */
	readonly data?: string | undefined;
	/** Folder for trainings, pictures and report.json. */
	readonly out: string;
	/** Trainings at a time, each on its own thread. @default 2, or 1 on one core */
	readonly workers?: number | undefined;
	/** Seeds of the trainings. @default the preset's */
	readonly seeds?: readonly number[] | undefined;
	/** Iterations of each training. @default the preset's */
	readonly steps?: number | undefined;
	/** Folder for a copy of the report that holds no picture of the data set, so that it may be published. @default none */
	readonly keep?: string | undefined;
	readonly signal?: AbortSignal | undefined;
}

/** Progress of one part of the work. */
export interface ReproduceEvent {
	readonly what: string;
	readonly done: number;
	readonly total: number;
}

/** What one training scored. */
export interface TrainingReport {
	readonly system: string;
	readonly seed: number;
	readonly folder: string;
	/** Seconds it took, on one thread where several ran at a time. */
	readonly seconds: number;
	readonly steps: number;
	readonly scores: readonly Score[];
	/** Why it may not be judged; absent where it clears the floor. */
	readonly belowFloor?: string;
}

export interface Reproduction {
	readonly schema: typeof reproductionSchema;
	readonly paper: string;
	readonly preset: PresetName;
	readonly fovea: string;
	readonly engine: { readonly name: string; readonly version: string };
	readonly data: string;
	/** The command that makes this again. */
	readonly command: string;
	readonly seconds: number;
	readonly tables: readonly Table[];
	/** The paper's main table: published and measured. */
	readonly table: Table;
	readonly claims: readonly ClaimVerdict[];
	readonly floor: readonly string[];
	readonly trainings: readonly TrainingReport[];
	/** Pictures and curves by file name, with what each shows. */
	readonly pictures: Readonly<Record<string, string>>;
}

const tableForm = z.object({ title: z.string(), columns: z.array(z.string()), rows: z.array(z.array(z.string())) });

const reproductionForm = z.object({
	schema: z.literal(reproductionSchema),
	paper: z.string(),
	preset: z.enum(presetNames),
	fovea: z.string(),
	engine: z.object({ name: z.string(), version: z.string() }),
	data: z.string(),
	command: z.string(),
	seconds: z.number(),
	tables: z.array(tableForm),
	table: tableForm,
	claims: z.array(
		z.object({
			text: z.string(),
			where: z.string(),
			published: z.string(),
			measured: reportNumber,
			interval: z.object({ low: reportNumber, high: reportNumber, level: z.number(), method: z.string() }),
			verdict: z.enum(["held", "not-held", "undecided"]),
			why: z.string(),
		}),
	),
	floor: z.array(z.string()),
	trainings: z.array(
		z.object({
			system: z.string(),
			seed: z.number(),
			folder: z.string(),
			seconds: z.number(),
			steps: z.number(),
			scores: z.array(scoreForm),
			belowFloor: z.string().optional(),
		}),
	),
	pictures: z.record(z.string(), z.string()),
});

/** Checks the parsed report of a reproduction; `where` names it in errors. */
export function parseReproduction(json: unknown, where: string): Reproduction {
	const parsed = reproductionForm.safeParse(json);
	if (parsed.success) return parsed.data as Reproduction;
	const [issue] = parsed.error.issues;
	throw new RangeError(
		`${where}: ${issue?.path.join(".") || "report"} must be as in ${reproductionSchema}, got: ${issue?.message}`,
	);
}
