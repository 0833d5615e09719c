/** Several trainings at a time, each in a process of its own: `fovea train`, so each can be run by hand just the same. */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { currentEngine } from "../engine/engine.ts";
import type { PresetName, Settings } from "./experiments/experiment.ts";
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
	/** Settings over the preset's, as `fovea train --set` takes them. */
	readonly set?: Settings | undefined;
	readonly out: string;
}

export interface PoolResult extends PoolJob {
	readonly result: TrainingResult;
}

export interface PoolOptions<Job extends PoolJob> {
	/** Processes at a time. @default 2, or 1 on one core */
	readonly workers?: number | undefined;
	readonly signal?: AbortSignal | undefined;
	/** Of all processes. @default the environment's */
	readonly engine?: string | undefined;
	/** Told of each job that ended, while others run. */
	readonly onResult?: (job: Job, result: TrainingResult) => Promise<void>;
	/** Told of each job that failed; the others go on. @default the first failure ends all and is thrown */
	readonly onFailure?: (job: Job, error: Error) => void;
}

const cli = fileURLToPath(new URL("cli.js", import.meta.url));
/** A process that is killed, for want of memory say, is started again this often: it resumes where it was. */
const mostDeaths = 2;

/**
 * Runs the jobs, `workers` at a time, each process on one engine thread where there are several; yields the progress of all
 * together. A job that ended before is not run again; one that was interrupted, or whose process was killed, is resumed.
 */
export async function* runJobs<Job extends PoolJob>(
	jobs: readonly Job[],
	{ workers = Math.min(2, availableParallelism()), signal, engine, onResult, onFailure }: PoolOptions<Job>,
): AsyncGenerator<ReproduceEvent, void> {
	const stop = new AbortController();
	const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
	const progress = new Map<Job, { done: number; total: number }>();
	const waiting = [...jobs];
	let wake: () => void = () => {};
	let failure: unknown;
	let running = 0;
	const start = (job: Job) => {
		running += 1;
		const report = (done: number, total: number) => {
			progress.set(job, { done, total });
			wake();
		};
		runJob(job, { threads: workers > 1 ? 1 : undefined, engine, report, signal: both })
			.then((result) => onResult?.(job, result))
			.catch((error: unknown) => {
				if (onFailure !== undefined && error instanceof TrainingFailed) {
					onFailure(job, error);
					report(1, 1);
					return;
				}
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
			while (running < workers && waiting.length > 0) start(waiting.shift() as Job);
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
}

/** Runs the jobs as `runJobs` does and returns the results in their order; the first failure is thrown. */
export async function* runPool(
	jobs: readonly PoolJob[],
	options: Pick<PoolOptions<PoolJob>, "workers" | "signal">,
): AsyncGenerator<ReproduceEvent, PoolResult[]> {
	const results = new Map<PoolJob, TrainingResult>();
	yield* runJobs(jobs, {
		...options,
		engine: currentEngine().name,
		onResult: async (job, result) => {
			results.set(job, result);
		},
	});
	return jobs.map((job) => ({ ...job, result: results.get(job) as TrainingResult }));
}

/** A training that ended with a failure of its own; the message holds the last line that it wrote. */
export class TrainingFailed extends Error {}

export interface JobOptions {
	/** Threads of the engine. @default as many as it likes */
	readonly threads?: number | undefined;
	/** @default the environment's */
	readonly engine?: string | undefined;
	readonly report: (done: number, total: number) => void;
	readonly signal: AbortSignal;
}

/** Trains in a process of its own, which is started again where it is killed. Throws `TrainingFailed` where it fails. */
export async function runJob(job: PoolJob, options: JobOptions): Promise<TrainingResult> {
	const { system, seed, out } = job;
	for (let deaths = 0; ; deaths += 1) {
		const { code, last } = await runProcess(job, options);
		options.signal.throwIfAborted();
		if (code === null && deaths < mostDeaths) continue;
		if (code !== 0) {
			const end = code === null ? `${deaths + 1} kills in a row` : `exit code ${code}`;
			throw new TrainingFailed(`train ${system} (seed ${seed}): must end well, got ${end}: ${last}`);
		}
		options.report(1, 1);
		const path = join(out, "training.json");
		const result = await readResult(path);
		if (result === undefined) throw new Error(`${path}: must have been written by its training, got no such file`);
		return result;
	}
}

async function runProcess(
	job: PoolJob,
	{ threads, engine, report, signal }: JobOptions,
): Promise<{ readonly code: number | null; readonly last: string }> {
	signal.throwIfAborted();
	const { paper, system, preset, data, seed, steps, from, set = {}, out } = job;
	const options = [
		...["--experiment", paper],
		...["--preset", preset, "--seed", String(seed), "--out", out, "--resume", "--progress-json", "--json"],
		...(data === undefined ? [] : ["--data", data]),
		...(steps === undefined ? [] : ["--steps", String(steps)]),
		...(from === undefined ? [] : ["--from", from]),
		...Object.entries(set).flatMap(([name, value]) => ["--set", `${name}=${value}`]),
	];
	const limit =
		threads === undefined ? {} : { TF_NUM_INTRAOP_THREADS: String(threads), TF_NUM_INTEROP_THREADS: String(threads) };
	const child = spawn(process.execPath, [cli, "train", system, ...options], {
		env: { ...process.env, ...limit, ...(engine === undefined ? {} : { FOVEA_ENGINE: engine }) },
		// The channel tells the training when this process is gone, however it went.
		stdio: ["ignore", "ignore", "pipe", "ipc"],
	});
	const closed = new Promise<number | null>((resolve, reject) => {
		child.once("close", resolve);
		child.once("error", reject);
	});
	const end = () => child.kill("SIGINT");
	signal.addEventListener("abort", end);
	let last = "";
	for await (const line of createInterface({ input: child.stderr as Readable })) {
		if (line.startsWith('{"step":')) {
			const { step, steps } = JSON.parse(line) as { step: number; steps: number };
			report(step, steps);
		} else if (line.trim() !== "") last = line;
	}
	const code = await closed;
	signal.removeEventListener("abort", end);
	return { code, last };
}
