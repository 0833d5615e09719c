/** What a reproduction is: the events while it runs and the report it ends with. */
import type { Score } from "../metrics/metric.ts";
import type { ClaimVerdict } from "./claims.ts";
import type { PresetName } from "./experiments/experiment.ts";
import type { Table } from "./table.ts";

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
	readonly schema: "fovea-reproduction/1";
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
