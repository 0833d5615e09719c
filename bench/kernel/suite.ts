import type { Bench } from "../bench.ts";
import { writeTable } from "./document.ts";
import { ask, kernels, startJupyter } from "./kernels.ts";

/** Seconds the whole suite may take with one kernel; each of its tests is bounded by suite.py itself. */
const PATIENCE = 200;

export const bench: Bench = {
	about: "jupyter_kernel_test 0.7.0 with our kernel, tslab, Deno and ipykernel; needs .ci/jupyter",
	async run(report) {
		using jupyter = await startJupyter();
		const rows: string[][] = [];
		for (const kernel of kernels) {
			const words = [kernel.name, kernel.samples] as const;
			const script = "test/jupyter/python/suite.py";
			const outcomes = await ask<Record<string, string>>(jupyter, kernel, [script, ...words], PATIENCE);
			const all = Object.entries(outcomes ?? {}).sort(([a], [b]) => a.localeCompare(b));
			const count = (what: string) => all.filter(([, outcome]) => outcome.startsWith(what)).length;
			const failed = all.filter(([, outcome]) => outcome.startsWith("failed"));
			const [passed, skipped] = [count("passed"), count("skipped")];
			const isOurs = kernel.name === "fovea";
			report({
				name: `jupyter_kernel_test, passed (failed ${failed.length}), ${kernel.name}`,
				ours: passed,
				unit: "",
				target: isOurs ? "all" : "",
				pass: !isOurs || (failed.length === 0 && passed > 0),
			});
			const names = failed.map(([name]) => name.replace(/^test_/, "")).join(", ");
			rows.push(
				outcomes
					? [kernel.title, `${passed} / ${failed.length} / ${skipped}`, names]
					: [kernel.title, `no answer within ${PATIENCE} s`, ""],
			);
		}
		await writeTable("kernel-suite", ["jupyter_kernel_test 0.7.0", "passed / failed / skipped", "failed"], rows);
	},
};
