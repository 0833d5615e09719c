/** What a file in harness/experiments/ exports: how one paper's systems are trained and compared, in three sizes. */
import type { Gan, Paper } from "../../models/paper.ts";
import type { Options } from "../../models/system.ts";
import type { ReproduceEvent, ReproduceOptions, Reproduction } from "../reproduce.ts";
import type { Sheet } from "../sheet.ts";
import type { WarmUp } from "../train.ts";
import type { SettableNumbers } from "./settings.ts";

export const presetNames = ["smoke", "laptop", "paper"] as const;
export type PresetName = (typeof presetNames)[number];

/** Numbers over those of a preset, by name. */
export type Settings = Readonly<Record<string, number>>;

/** Everything one training needs. */
export interface Training<Batch extends object> {
	/** The system and its networks; the caller disposes. */
	readonly gan: Gan<Batch> & Partial<WarmUp<Batch>>;
	/** Iterations in all and how many of them are warm-up. */
	readonly steps: number;
	readonly warmUp: number;
	/** Options that decide the result, kept in the checkpoint: a resume with others is refused. */
	readonly settings: Readonly<Record<string, string | number | boolean>>;
	/** Options of the system's card that its networks are built with, kept for `fovea generate`; found by shapes without them. */
	readonly options?: Options;
	/** Names of a conditional system's labels, in order. */
	readonly attributes?: readonly string[];
	/** What a reader must know of it: a term that is left out, a start that was given. */
	readonly notes?: readonly string[];
	rate(iteration: number): number;
	/** Batches from number `start` on. */
	data(start: number, signal?: AbortSignal): AsyncIterable<Batch>;
	/** Sample grids and attention maps by file name. */
	preview(): Promise<Record<string, Sheet>>;
}

export interface TrainingOptions {
	readonly preset: PresetName;
	/** `faces`, `celeba`, `celeba:PATH`. @default the preset's */
	readonly data?: string | undefined;
	readonly seed: number;
	/** Iterations in all. @default the preset's */
	readonly steps?: number | undefined;
	/** Folder of a finished training that this one starts from, where the system wants one. */
	readonly from?: string | undefined;
	/** Values over the preset's, of those that the system's experiment lets replace. @default none */
	readonly set?: Settings | undefined;
}

export interface Experiment {
	readonly paper: Paper;
	/** Ids of the systems compared, the paper's own first. */
	readonly systems: readonly string[];
	/** The numbers of a preset that `set` may replace in a training of one of the systems. */
	settable(system: string): SettableNumbers;
	/** Prepares a training of one of the systems. */
	training(system: string, options: TrainingOptions): Promise<Training<object>>;
	/** Trains all systems over seeds, evaluates, compares. */
	reproduce(options: ReproduceOptions): AsyncGenerator<ReproduceEvent, Reproduction>;
}
