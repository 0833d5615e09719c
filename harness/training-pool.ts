/** Several trainings at a time, each in a process of its own: `fovea train`, so each can be run by hand just the same. */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { currentEngine } from "../engine/engine.ts";
import type { PresetName } from "./experiments/experiment.ts";
import type { ReproduceEvent } from "./reproduce.ts";
import { readResult, type TrainingResult } from "./training-run.ts";

export interface PoolJob {
	/** Id of the paper whose experiment it belongs to. */
	readonly paper: string;
	readonly system: string;
	readonly preset: PresetName;
	readonly data?: string | undefined;
	readonly seed: number;
	readonly steps?: number | undefined;
	/** Folder of the training that it starts from, as `fovea train --from` takes it. */
	readonly from?: string | undefined;
	readonly out: string;
}

export interface PoolResult extends PoolJob {
	readonly result: TrainingResult;
}

const cli = fileURLToPath(new URL("cli.js", import.meta.url));

/**
 * Runs the jobs, `workers` at a time, each process on one engine thread where there are several; yields the progress of all
 * together and returns the results in the order of the jobs. A job that ended before is not run again; one that was
 * interrupted is resumed. The first failure ends the others and is thrown with the last line the process wrote.
 */
export async function* runPool(
	jobs: readonly PoolJob[],
	{
		workers = Math.min(2, availableParallelism()),
		signal,
	}: { readonly workers?: number | undefined; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<ReproduceEvent, PoolResult[]> {
	const stop = new AbortController();
	const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
	const progress = new Map<PoolJob, { done: number; total: number }>();
	const waiting = [...jobs];
	let wake: () => void = () => {};
	let failure: unknown;
	let running = 0;
	const start = (job: PoolJob) => {
		running += 1;
		const report = (done: number, total: number) => {
			progress.set(job, { done, total });
			wake();
		};
		runJob(job, workers, report, both)
			.catch((error: unknown) => {
				failure ??= error;
				stop.abort(error);
			})
			.finally(() => {
				running -= 1;
				wake();
			});
	};
	try {
		while ((waiting.length > 0 || running > 0) && failure === undefined) {
			while (running < workers && waiting.length > 0) start(waiting.shift() as PoolJob);
			await new Promise<void>((resolve) => {
				wake = resolve;
			});
			const done = [...progress.values()].reduce((sum, job) => sum + job.done / Math.max(1, job.total), 0);
			const active = [...progress].filter(([, { done, total }]) => done < total);
			const names = active.map(([{ system, seed }]) => `${system} (seed ${seed})`).join(", ");
			yield { what: `training ${names}`, done: Math.round(1000 * done), total: 1000 * jobs.length };
		}
	} finally {
		stop.abort(new Error("pool: stopped"));
	}
	if (failure !== undefined) throw failure;
	return Promise.all(
		jobs.map(async (job) => {
			const path = join(job.out, "training.json");
			const result = await readResult(path);
			if (result === undefined) throw new Error(`${path}: must have been written by its training, got no such file`);
			return { ...job, result };
		}),
	);
}

async function runJob(
	job: PoolJob,
	workers: number,
	report: (done: number, total: number) => void,
	signal: AbortSignal,
): Promise<void> {
	signal.throwIfAborted();
	const { paper, system, preset, data, seed, steps, from, out } = job;
	const options = [
		...["--experiment", paper],
		...["--preset", preset, "--seed", String(seed), "--out", out, "--resume", "--progress-json", "--json"],
		...(data === undefined ? [] : ["--data", data]),
		...(steps === undefined ? [] : ["--steps", String(steps)]),
		...(from === undefined ? [] : ["--from", from]),
	];
	const threads = workers > 1 ? { TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "1" } : {};
	const child = spawn(process.execPath, [cli, "train", system, ...options], {
		env: { ...process.env, ...threads, FOVEA_ENGINE: currentEngine().name },
		stdio: ["ignore", "ignore", "pipe"],
	});
	const closed = new Promise<number | null>((resolve, reject) => {
		child.once("close", resolve);
		child.once("error", reject);
	});
	const end = () => child.kill("SIGINT");
	signal.addEventListener("abort", end);
	let last = "";
	for await (const line of createInterface({ input: child.stderr })) {
		if (line.startsWith('{"step":')) {
			const { step, steps } = JSON.parse(line) as { step: number; steps: number };
			report(step, steps);
		} else if (line.trim() !== "") last = line;
	}
	const code = await closed;
	signal.removeEventListener("abort", end);
	signal.throwIfAborted();
	if (code !== 0) throw new Error(`train ${system} (seed ${seed}): must end well, got exit code ${code}: ${last}`);
	report(1, 1);
}
