/** A worker: takes jobs of sweeps from the queue and trains them, each in a process of its own. */
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { runJob } from "../training-pool.ts";
import { connectRedis, lockDuration, type QueuedJob, type QueuedResult } from "./queue.ts";

export interface WorkerOptions {
	readonly redis: string;
	readonly queue: string;
	/** Folder of this worker's trainings. A folder that all machines share lets any worker go on with another's job. */
	readonly out: string;
	/** Trainings at a time. @default 1 */
	readonly workers?: number | undefined;
	readonly signal: AbortSignal;
	/** Told what happens: a job begun, done, failed. */
	readonly say: (text: string) => void;
}

/**
 * Works until the signal is aborted; then the jobs at hand keep their checkpoints and go back into the queue. The job of a
 * worker that gives no sign of life goes to another one, which resumes it where the folder is shared.
 */
export async function work({ redis, queue, out, workers = 1, signal, say }: WorkerOptions): Promise<void> {
	const { bullmq, connection } = await connectRedis("worker", redis);
	const worker = new bullmq.Worker<QueuedJob, QueuedResult>(
		queue,
		async (job, token) => {
			const { id } = job.data;
			const folder = join(resolve(out), id);
			say(`begun: ${id}`);
			let told = 0;
			const report = (done: number, total: number) => {
				if (performance.now() - told < 1000) return;
				told = performance.now();
				void job.updateProgress({ share: done / Math.max(1, total) }).catch(() => undefined);
			};
			try {
				const threads = workers > 1 ? 1 : undefined;
				return {
					...(await runJob({ ...job.data, out: folder }, { threads, report, signal })),
					host: hostname(),
					folder,
				};
			} catch (error) {
				if (!signal.aborted) throw error;
				await job.moveToWait(token);
				throw new bullmq.WaitingError();
			}
		},
		{ connection, concurrency: workers, lockDuration, stalledInterval: lockDuration / 2, maxStalledCount: 3 },
	);
	worker.on("error", (error) => say(`queue: ${error.message}`));
	worker.on("completed", ({ data }) => say(`done: ${data.id}`));
	worker.on("failed", (job, error) => say(`failed: ${job?.data.id}: ${error.message}`));
	await new Promise<void>((end) => {
		signal.addEventListener("abort", () => end(), { once: true });
		if (signal.aborted) end();
	});
	await worker.close();
}
