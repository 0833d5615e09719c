import { type Bench, type Figure, median } from "../bench.ts";
import { writeTable } from "./document.ts";
import { ask, kernels, startJupyter } from "./kernels.ts";

const CELLS = 100;
const RUNS = 3;

export const bench: Bench = {
	about: "a notebook of 100 cells by nbconvert in our kernel, tslab, Deno and ipykernel; needs .ci/jupyter",
	async run(report) {
		using jupyter = await startJupyter();
		const times = new Map(kernels.map(({ name }): [string, number[]] => [name, []]));
		// By turns, so that what else the machine does falls on all alike.
		for (let turn = 0; turn < RUNS; turn++)
			for (const kernel of kernels) {
				const words = ["notebook", String(CELLS), kernel.name, kernel.language] as const;
				const answer = await ask<{ notebook: number }>(jupyter, kernel, ["bench/rivals/kernels.py", ...words], 60);
				if (answer) times.get(kernel.name)?.push(answer.notebook);
			}
		const seconds = (name: string) => {
			const all = times.get(name) ?? [];
			return all.length > 0 ? median(all) : undefined;
		};
		const ours = seconds("fovea") as number;
		const tslab = seconds("tslab");
		for (const { name } of kernels.slice(1)) {
			const rival = seconds(name);
			const figure: Figure = {
				name: `notebook of ${CELLS} cells by nbconvert, beside ${name}`,
				ours,
				unit: "s",
				target: "≤ tslab's",
				pass: tslab === undefined || ours <= tslab,
			};
			report(rival === undefined ? figure : { ...figure, rival, ratio: ours / rival });
		}
		await writeTable(
			"kernel-notebook",
			["", ...kernels.map(({ title }) => title), "target"],
			[
				[
					`notebook of ${CELLS} cells by nbconvert, s (median of ${RUNS})`,
					...kernels.map(({ name }) => seconds(name)?.toFixed(1) ?? "no answer"),
					"≤ tslab's",
				],
			],
			true,
		);
	},
};
