/** A sweep's file: systems × seeds × options, and the jobs it comes to. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { presetNames } from "../experiments/experiment.ts";
import { experimentOf } from "../experiments/find.ts";
import { refuseSettings } from "../experiments/settings.ts";
import type { PoolJob } from "../training-pool.ts";

const one = <T extends z.ZodType>(form: T) =>
	z.union([form, z.array(form).min(1)]).transform((value) => [value].flat());

const form = z.strictObject({
	/** Where the jobs' folders go, from the file's own. @default the file's name without its ending */
	out: z.string().min(1).optional(),
	systems: one(z.string().min(1)),
	/** The paper whose presets count, where several compare a system. */
	experiment: z.string().min(1).optional(),
	seeds: one(z.int().min(0)),
	/** One or several of each; the grid has all combinations. */
	preset: one(z.enum(presetNames)).default(["smoke"]),
	data: one(z.string().min(1)).optional(),
	steps: one(z.int().min(1)).optional(),
	/** Numbers over the preset's, as `fovea train --set` takes them; several of one name are a dimension of the grid. */
	options: z.record(z.string(), one(z.number())).default({}),
});

/** A sweep may not be larger. */
const mostJobs = 10_000;

export interface SweepJob extends PoolJob {
	/** Its folder's name: what it is, and a hash of all that decides it. */
	readonly id: string;
}

export interface SweepPlan {
	readonly out: string;
	readonly jobs: readonly SweepJob[];
}

/** Reads and checks a sweep's file (YAML, of which JSON is a part). Errors name the file and what of it is wrong. */
export async function readPlan(path: string, out?: string): Promise<SweepPlan> {
	const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
		throw new Error(
			`${path}: must be a sweep's file, got ${cause.code === "ENOENT" ? "nothing of that name" : cause.code}`,
		);
	});
	let value: unknown;
	try {
		value = parse(text);
	} catch (cause) {
		throw new Error(`${path}: must be YAML or JSON, got ${(cause as Error).message.split("\n")[0]}`, { cause });
	}
	const parsed = form.safeParse(value);
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		throw new RangeError(
			`${path}: ${issue?.path.join(".") || "sweep"} must be as a sweep's file has it, got: ${issue?.message}`,
		);
	}
	const plan = parsed.data;
	const folder = resolve(out ?? join(dirname(path), plan.out ?? path.replace(/^.*[\\/]|\.[^.]*$/g, "")));
	const papers = new Map<string, string>();
	for (const system of plan.systems) {
		const experiment = await experimentOf(system, plan.experiment).catch((cause: Error) => {
			throw new RangeError(`${path}: ${cause.message.replace(/^train: /, "")}`, { cause });
		});
		for (const set of combinations(Object.entries(plan.options))) {
			refuseSettings(experiment.settable(system), set, `${path}: options of ${system}`);
		}
		papers.set(system, experiment.paper.id);
	}
	return { out: folder, jobs: grid(plan, folder, papers) };
}

function grid(plan: z.infer<typeof form>, folder: string, papers: ReadonlyMap<string, string>): SweepJob[] {
	const { systems, seeds, preset, options, data = [undefined], steps = [undefined] } = plan;
	const sizes = [systems, seeds, preset, data, steps, ...Object.values(options)].map(({ length }) => length);
	const count = sizes.reduce((product, size) => product * size, 1);
	if (count > mostJobs) throw new RangeError(`sweep: must have at most ${mostJobs} jobs, got ${count}`);
	const sets = combinations(Object.entries(options));
	const jobs = new Map<string, SweepJob>();
	for (const [system, paper] of papers) {
		for (const own of preset) {
			for (const set of data) {
				for (const length of steps) {
					for (const numbers of sets) {
						for (const seed of seeds) {
							const job = { paper, system, preset: own, data: set, steps: length, set: numbers, seed };
							const id = idOf(job);
							jobs.set(id, { ...job, id, out: join(folder, id) });
						}
					}
				}
			}
		}
	}
	return [...jobs.values()];
}

/** All ways to take one value of each name. */
function combinations(options: readonly (readonly [string, readonly number[]])[]): Record<string, number>[] {
	return options.reduce<Record<string, number>[]>(
		(sets, [name, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))),
		[{}],
	);
}

/** "cca-gan-seed1-rate0.001-3fa2b1c4": readable, and different for whatever differs. */
function idOf(job: Omit<PoolJob, "out">): string {
	const { paper, system, seed, preset, data = "", steps = 0, set = {} } = job;
	const sorted = Object.entries(set).sort(([a], [b]) => (a < b ? -1 : 1));
	const hash = createHash("sha256").update(JSON.stringify([paper, system, seed, preset, data, steps, sorted]));
	const words = [system, `seed${seed}`, ...sorted.map(([name, value]) => `${name}${value}`)];
	const readable = words
		.join("-")
		.replace(/[^\w.-]/g, "")
		.slice(0, 80);
	return `${readable}-${hash.digest("hex").slice(0, 8)}`;
}
