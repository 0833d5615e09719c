import type { Bench, Figure } from "../bench.ts";
import { writeTable } from "./document.ts";
import { ask, kernels, startJupyter } from "./kernels.ts";

const CELLS = 100;

/** What bench/rivals/kernels.py measures of a session: seconds, milliseconds, megabytes. */
type Measured = Readonly<Record<"ready" | "first" | "median" | "p90" | "memory", number>> & {
	/** Null for a kernel that completes no members. */
	readonly completion: number | null;
};

interface Row {
	readonly what: string;
	readonly key: keyof Measured;
	readonly unit: string;
	readonly digits: number;
	/** The most it may be: a number of its unit, or what tslab took. */
	readonly most?: number | "tslab's";
}

const rows: readonly Row[] = [
	{ what: "start to ready", key: "ready", unit: "s", digits: 2, most: 2 },
	{ what: "start to the first cell's value", key: "first", unit: "s", digits: 2, most: "tslab's" },
	{ what: "trivial cell, median", key: "median", unit: "ms", digits: 1, most: 25 },
	{ what: "trivial cell, 90th percentile", key: "p90", unit: "ms", digits: 1, most: "tslab's" },
	{ what: "completion of a member, median", key: "completion", unit: "ms", digits: 1, most: "tslab's" },
	{ what: `memory after ${CELLS} cells`, key: "memory", unit: "MB", digits: 0, most: 250 },
];

export const bench: Bench = {
	about: "start, cells, completion and memory of our kernel against tslab, Deno and ipykernel; needs .ci/jupyter",
	async run(report) {
		using jupyter = await startJupyter();
		const measured = new Map<string, Measured | undefined>();
		for (const kernel of kernels) {
			const words = ["session", String(CELLS), kernel.name, kernel.language] as const;
			measured.set(kernel.name, await ask(jupyter, kernel, ["bench/rivals/kernels.py", ...words], 60));
		}
		const measure = (name: string, key: keyof Measured) => measured.get(name)?.[key] ?? undefined;
		for (const { what, key, unit, most } of rows) {
			const ours = measure("fovea", key);
			if (ours === undefined) throw new Error(`kernel-session: fovea must have a ${what}, got none`);
			const limit = most === "tslab's" ? measure("tslab", key) : most;
			const pass = limit === undefined || ours <= limit;
			const target = most === undefined ? "" : `≤ ${most}`;
			for (const { name } of kernels.slice(1)) {
				const rival = measure(name, key);
				const figure: Figure = { name: `${what}, beside ${name}`, ours, unit, target, pass };
				report(rival === undefined ? figure : { ...figure, rival, ratio: ours / rival });
			}
		}
		const shown = (key: keyof Measured, digits: number) =>
			kernels.map(({ name }) => measure(name, key)?.toFixed(digits) ?? (measured.get(name) ? "none" : "no answer"));
		await writeTable(
			"kernel-session",
			["", ...kernels.map(({ title }) => title), "target"],
			rows.map(({ what, key, unit, digits, most }) => [
				`${what}, ${unit}`,
				...shown(key, digits),
				most === undefined ? "" : `≤ ${most}`,
			]),
			true,
		);
	},
};
