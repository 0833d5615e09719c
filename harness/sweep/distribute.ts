/** A sweep over many machines: puts its jobs into the queue and gathers what workers make of them. */
import { join } from "node:path";
import type { Job, Queue } from "bullmq";
import { writeAtomically } from "../files.ts";
import type { ReproduceEvent } from "../reproduce.ts";
import type { SweepPlan } from "./plan.ts";
import { connectRedis, type QueuedJob, type QueuedResult } from "./queue.ts";
import { SweepRecord, type SweepResult } from "./results.ts";

export interface DistributedSweepOptions {
	readonly redis: string;
	readonly queue: string;
	readonly signal: AbortSignal;
}

type OurJob = Job<QueuedJob, QueuedResult>;

/** How often the queue is asked for what was done. */
const pause = 500;

/**
 * Puts what is not done into the queue and waits for workers. Jobs that another run of the same sweep put there are not put
 * there twice; those that failed are tried again. Interrupted, it takes back what no worker has begun.
 */
export async function* sweepAway(
	plan: SweepPlan,
	{ redis, queue: name, signal }: DistributedSweepOptions,
): AsyncGenerator<ReproduceEvent, SweepResult> {
	const { bullmq, connection } = await connectRedis("sweep", redis);
	const record = await SweepRecord.open(plan);
	const queue = new bullmq.Queue<QueuedJob, QueuedResult>(name, { connection });
	queue.on("error", () => undefined);
	const open = new Map(record.open.map((job) => [job.id, job]));
	try {
		for (const { out: _, ...job } of open.values()) await put(queue, job);
		while (open.size > 0) {
			signal.throwIfAborted();
			const jobs = await Promise.all([...open.keys()].map((id) => queue.getJob(id) as Promise<OurJob | undefined>));
			let running = 0;
			for (const job of jobs) {
				if (job === undefined)
					throw new Error(`sweep: the queue ${name} must keep its jobs, got one removed by others`);
				const { id } = job.data;
				const state = await job.getState();
				if (state === "completed") {
					const path = join(plan.out, id, "training.json");
					await writeAtomically(path, `${JSON.stringify(job.returnvalue, null, "\t")}\n`);
					record.done(id, job.returnvalue);
				} else if (state === "failed") record.failed(id, job.failedReason);
				if (state === "completed" || state === "failed") open.delete(id);
				if (state === "active") running += Number((job.progress as { share?: number }).share ?? 0);
			}
			const done = plan.jobs.length - open.size;
			yield {
				what: `waiting for ${open.size} jobs`,
				done: Math.round(1000 * (done + running)),
				total: 1000 * plan.jobs.length,
			};
			if (open.size > 0) await new Promise((resolve) => setTimeout(resolve, pause));
		}
	} finally {
		if (signal.aborted) await takeBack(queue, [...open.keys()]);
		await queue.close();
	}
	return record.write();
}

async function put(queue: Queue<QueuedJob, QueuedResult>, job: QueuedJob): Promise<void> {
	const known = await queue.getJob(job.id);
	const state = await known?.getState();
	// One that failed before is tried again; one that is done already gives its result at once.
	if (state === "failed") await known?.remove();
	await queue.add("training", job, { jobId: job.id });
}

async function takeBack(queue: Queue<QueuedJob, QueuedResult>, ids: readonly string[]): Promise<void> {
	for (const id of ids) {
		const job = await queue.getJob(id);
		if ((await job?.isWaiting()) === true) await job?.remove().catch(() => undefined);
	}
}
