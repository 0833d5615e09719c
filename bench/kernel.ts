import { Jupyter, repository } from "../test/helpers/jupyter.ts";
import type { Bench, Figure } from "./bench.ts";

const CELLS = 100;
/** Each kernel's name in Jupyter, its language, and the samples of test/jupyter/python/suite.py that suit it. */
const kernels = [
	["fovea", "typescript", "typescript"],
	["tslab", "typescript", "tslab"],
	["deno", "typescript", "deno"],
	["python3", "python", "python"],
] as const;
type Name = (typeof kernels)[number][0];

/** What bench/rivals/kernels.py measures: seconds, milliseconds for median and p90, megabytes. */
type Measured = Readonly<Record<"ready" | "first" | "median" | "p90" | "memory" | "notebook", number>>;

export const bench: Bench = {
	about: "our kernel against tslab 1.0.22, Deno and ipykernel, by jupyter_client and nbconvert; needs .ci/jupyter",
	async run(report) {
		using jupyter = new Jupyter();
		await jupyter.addRivals();
		const words = kernels.map(([name, language]) => `${name}:${language}`);
		const script = `${repository}/bench/rivals/kernels.py`;
		const { stdout, stderr, code } = await jupyter.run("python", [script, String(CELLS), ...words], {
			patience: 900_000,
		});
		if (code !== 0) throw new Error(`kernels.py: must measure every kernel, got ${stderr}`);
		const measured = JSON.parse(stdout) as Record<Name, Measured>;

		const { fovea } = measured;
		const rivals = kernels.slice(1).map(([name]) => name);
		const rows = (what: string, key: keyof Measured, unit: string, target: string, pass: boolean) => {
			for (const rival of rivals) {
				const figure: Figure = {
					name: `${what}, beside ${rival}`,
					ours: fovea[key],
					rival: measured[rival][key],
					ratio: fovea[key] / measured[rival][key],
					unit,
					target,
					pass,
				};
				report(figure);
			}
		};
		rows("start to ready", "ready", "s", "≤ 2 s", fovea.ready <= 2);
		rows("first cell", "first", "s", "", true);
		rows("trivial cell, median", "median", "ms", "≤ 25 ms", fovea.median <= 25);
		rows("trivial cell, 90th percentile", "p90", "ms", "", true);
		rows(`memory after ${CELLS} cells`, "memory", "MB", "≤ 250 MB", fovea.memory <= 250);
		const fastEnough = fovea.notebook <= measured.tslab.notebook;
		rows(`notebook of ${CELLS} cells by nbconvert`, "notebook", "s", "≤ tslab's", fastEnough);
		for (const [name, , samples] of kernels) {
			const [passed = 0, failed = 0] = (await suite(jupyter, name, samples)).split(" / ").map(Number);
			const whose = `jupyter_kernel_test, passed (failed ${failed}), ${name}`;
			const isOurs = name === "fovea";
			report({ name: whose, ours: passed, unit: "", target: isOurs ? "all" : "", pass: !isOurs || failed === 0 });
		}
	},
};

/** Tests passed, failed and skipped, as "11 / 0 / 1". */
async function suite(jupyter: Jupyter, name: Name, samples: string): Promise<string> {
	const { stdout, stderr, code } = await jupyter.python("suite.py", [name, samples]);
	if (code !== 0) throw new Error(`suite.py ${name}: must end well, got ${stderr}`);
	const outcomes = Object.values(JSON.parse(stdout) as Record<string, string>);
	return ["passed", "failed", "skipped"]
		.map((what) => outcomes.filter((outcome) => outcome.startsWith(what)).length)
		.join(" / ");
}
