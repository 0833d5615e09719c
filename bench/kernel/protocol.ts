import type { Bench } from "../bench.ts";
import { writeTable } from "./document.ts";
import { ask, kernels, startJupyter } from "./kernels.ts";

/** Seconds a row may take, and a whole kernel. */
const ROW = 8;
const PATIENCE = 240;

export const bench: Bench = {
	about: "every row of the messaging protocol with our kernel, tslab, Deno and ipykernel; needs .ci/jupyter",
	async run(report) {
		using jupyter = await startJupyter();
		const answers = new Map<string, Record<string, string> | undefined>();
		for (const kernel of kernels) {
			const words = [kernel.name, kernel.samples, String(ROW)] as const;
			const script = "test/jupyter/python/protocol.py";
			const outcomes = await ask<Record<string, string>>(jupyter, kernel, [script, ...words], PATIENCE);
			answers.set(kernel.name, outcomes);
			const all = Object.values(outcomes ?? {});
			const good = all.filter((outcome) => outcome === "yes").length;
			const isOurs = kernel.name === "fovea";
			report({
				name: `rows of the protocol answered, of ${all.length}, ${kernel.name}`,
				ours: good,
				unit: "",
				target: isOurs ? "all" : "",
				pass: !isOurs || (good === all.length && good > 0),
			});
		}
		const rows = Object.keys(answers.get("fovea") ?? {});
		// Why a rival fails a row is in its answer, which would make the table unreadable.
		const word = (answer: string | undefined) =>
			answer === undefined
				? "no answer"
				: answer === "yes"
					? "yes"
					: answer.startsWith("no answer")
						? "no answer"
						: "no";
		await writeTable(
			"kernel-protocol",
			["message", ...kernels.map(({ title }) => title)],
			rows.map((row) => [row, ...kernels.map(({ name }) => word(answers.get(name)?.[row]))]),
		);
	},
};
