/** A sweep on this machine. */
import type { ReproduceEvent } from "../reproduce.ts";
import { runJobs } from "../training-pool.ts";
import type { SweepPlan } from "./plan.ts";
import { SweepRecord, type SweepResult } from "./results.ts";

export interface LocalSweepOptions {
	/** Trainings at a time. @default 2, or 1 on one core */
	readonly workers?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

/** Runs what is not done, several trainings at a time. A failure stops no other job. */
export async function* sweepHere(
	plan: SweepPlan,
	{ workers, signal }: LocalSweepOptions,
): AsyncGenerator<ReproduceEvent, SweepResult> {
	const record = await SweepRecord.open(plan);
	yield* runJobs(record.open, {
		...{ workers, signal },
		onResult: async ({ id }, result) => record.done(id, result),
		onFailure: ({ id }, error) => record.failed(id, error.message),
	});
	return record.write();
}
