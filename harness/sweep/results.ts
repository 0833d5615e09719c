/** What came of a sweep, on disk and in a table. */
import { join } from "node:path";
import { writeAtomically } from "../files.ts";
import { reportJson } from "../report.ts";
import { type Table, textTable } from "../table.ts";
import { readResult, type TrainingResult } from "../training-run.ts";
import type { SweepJob, SweepPlan } from "./plan.ts";

export interface SweepResult {
	readonly jobs: number;
	readonly done: number;
	readonly failed: number;
	/** Of this run; jobs done before take none. */
	readonly seconds: number;
	readonly results: readonly (SweepJob & { readonly result: TrainingResult })[];
	readonly failures: readonly { readonly id: string; readonly why: string }[];
}

/** The jobs' states while a sweep goes on. */
export class SweepRecord {
	readonly #plan: SweepPlan;
	readonly #begun = performance.now();
	readonly #results = new Map<string, TrainingResult>();
	readonly #failures = new Map<string, string>();

	private constructor(plan: SweepPlan) {
		this.#plan = plan;
	}

	/** Knows the jobs that were done before. */
	static async open(plan: SweepPlan): Promise<SweepRecord> {
		const record = new SweepRecord(plan);
		for (const { id, out } of plan.jobs) {
			const result = await readResult(join(out, "training.json"));
			if (result !== undefined) record.#results.set(id, result);
		}
		return record;
	}

	/** Jobs that are not done; those that failed before are tried again. */
	get open(): SweepJob[] {
		return this.#plan.jobs.filter(({ id }) => !this.#results.has(id));
	}

	done(id: string, result: TrainingResult): void {
		this.#results.set(id, result);
	}

	failed(id: string, why: string): void {
		this.#failures.set(id, why);
	}

	/** Writes sweep.json and gives what it says. */
	async write(): Promise<SweepResult> {
		const { jobs, out } = this.#plan;
		const result: SweepResult = {
			...{ jobs: jobs.length, done: this.#results.size, failed: this.#failures.size },
			seconds: (performance.now() - this.#begun) / 1000,
			results: jobs.flatMap((job) => {
				const result = this.#results.get(job.id);
				return result === undefined ? [] : [{ ...job, result }];
			}),
			failures: [...this.#failures].map(([id, why]) => ({ id, why })),
		};
		await writeAtomically(join(out, "sweep.json"), reportJson(result));
		return result;
	}
}

/** The results as a table, then why jobs failed. */
export function sweepText({ jobs, done, failed, seconds, results, failures }: SweepResult): string {
	const names = [...new Set(results.flatMap(({ result }) => Object.keys(result.losses)))];
	const table: Table = {
		title: "Jobs",
		columns: ["job", "iterations", "seconds", ...names],
		rows: results.map(({ id, result }) => [
			...[id, String(result.steps), result.seconds.toFixed(1)],
			...names.map((name) => result.losses[name]?.toPrecision(4) ?? ""),
		]),
	};
	return [
		...(results.length === 0 ? [] : [textTable(table)]),
		...failures.map(({ id, why }) => `failed: ${id}: ${why}`),
		`${done} of ${jobs} jobs done, ${failed} failed, ${seconds.toFixed(1)} s`,
	].join("\n");
}
