import type { AddCommand } from "../command-line.ts";

interface Options {
	readonly redis: string;
	readonly queue: string;
	readonly out: string;
	readonly workers: string;
}

/** `fovea worker`: trains what sweeps put on a Redis server, until it is interrupted. */
export const addWorker: AddCommand = (program, line) => {
	program
		.command("worker")
		.description("train the jobs that fovea sweep --redis gives out, until interrupted")
		.requiredOption("--redis <url>", "the Redis server, as redis://127.0.0.1:6379")
		.option("--queue <name>", "name of the queue on Redis", "fovea")
		.option(
			"--out <folder>",
			"where trainings are kept; one that all workers share lets them resume each other's",
			"out/worker",
		)
		.option("--workers <n>", "trainings at a time", "1")
		.action(async ({ redis, queue, out, workers }: Options) => {
			const { wholeNumber } = await import("../experiments/find.ts");
			const { work } = await import("../sweep/worker.ts");
			await work({
				...{ redis, queue, out, signal: line.signal, workers: wholeNumber("--workers", workers, 1) },
				say: (text) => line.say(text),
			});
		});
};
