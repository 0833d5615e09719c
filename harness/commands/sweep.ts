import type { AddCommand } from "../command-line.ts";

interface Options {
	readonly workers?: string;
	readonly redis?: string;
	readonly queue: string;
	readonly out?: string;
}

/** `fovea sweep`: a grid of trainings, here or on many machines. */
export const addSweep: AddCommand = (program, line) => {
	program
		.command("sweep")
		.description("train a grid of systems × seeds × options from a YAML or JSON file; the same command resumes")
		.argument("<file>", "systems, seeds, preset, data, steps, options; lists make the grid")
		.option("--workers <n>", "trainings at a time on this machine; 2 without it")
		.option("--redis <url>", "give the jobs to fovea worker on any machine, over BullMQ on this Redis server")
		.option("--queue <name>", "name of the queue on Redis", "fovea")
		.option("--out <folder>", "where the jobs are kept (default: the file's out, or its name without its ending)")
		.action(async (file: string, options: Options) => {
			const { wholeNumber } = await import("../experiments/find.ts");
			const { readPlan } = await import("../sweep/plan.ts");
			const { sweepText } = await import("../sweep/results.ts");
			if (options.workers !== undefined && options.redis !== undefined) {
				throw new RangeError(
					"sweep: --workers or --redis must be given, got both; workers of Redis are started by fovea worker",
				);
			}
			const workers = options.workers === undefined ? undefined : wholeNumber("--workers", options.workers, 1);
			const plan = await readPlan(file, options.out);
			line.say(`${plan.jobs.length} jobs in ${plan.out}`);
			const { signal } = line;
			const { redis, queue } = options;
			const events =
				redis === undefined
					? (await import("../sweep/local.ts")).sweepHere(plan, { workers, signal })
					: (await import("../sweep/distribute.ts")).sweepAway(plan, { redis, queue, signal });
			const progress = line.progress("sweep");
			let next = await events.next();
			while (next.done !== true) {
				const { what, done, total } = next.value;
				progress.update({ done, total, text: what });
				next = await events.next();
			}
			progress[Symbol.dispose]();
			const { value: result } = next;
			if (result.failed > 0) line.failed();
			line.answer(result, sweepText(result));
		});
};
