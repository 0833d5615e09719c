import path from "node:path";
import type { AddCommand } from "../command-line.ts";

interface RunCommandOptions {
	readonly out?: string;
	readonly parameter: readonly string[];
	readonly timeout?: string;
	readonly keepGoing?: true;
	readonly check?: true;
	readonly tolerance?: string;
	readonly ssim?: string;
	readonly cwd?: string;
}

/** `fovea run NOTEBOOK`: executes a notebook with our kernel, without Python. */
export const addRun: AddCommand = (program, line) => {
	program
		.command("run")
		.description("run a TypeScript notebook without Python; fails when a cell fails or did not run")
		.argument("<notebook>", "a notebook (.ipynb) or a script with `// %%` cells (.ts)")
		.option("--out <file>", "where the run notebook goes (default: the notebook itself; with --check nowhere)")
		.option("-p, --parameter <name=value>", "set a parameter (repeatable)", (one, all: string[]) => [...all, one], [])
		.option("--timeout <seconds>", "what a cell may take")
		.option("--keep-going", "run the cells after one that failed")
		.option("--cwd <folder>", "the folder the cells work in (default: the notebook's)")
		.option("--check", "compare the outputs with those in the notebook instead of replacing them")
		.option("--tolerance <relative>", "how far numbers may differ under --check (default 1e-6)")
		.option("--ssim <least>", "how alike pictures must be under --check (default 0.98)")
		.action(async (file: string, options: RunCommandOptions) => {
			const { readAnyNotebook, writeNotebook } = await import("../../kernel/scripts.ts");
			const { injectParameters, parseParameter } = await import("../../kernel/parameters.ts");
			const { runNotebook } = await import("../../kernel/run.ts");
			const original = readAnyNotebook(file);
			const parameters = Object.fromEntries(options.parameter.map(parseParameter));
			const cellTimeout = positive("--timeout", options.timeout);
			const tolerance = positive("--tolerance", options.tolerance);
			const ssim = positive("--ssim", options.ssim);
			const prepared = injectParameters(original, parameters);
			const bar = line.progress("run");
			const result = await runNotebook(prepared, {
				folder: options.cwd ?? path.dirname(file),
				signal: line.signal,
				keepGoing: options.keepGoing ?? false,
				onCell: (done, total) => bar.update({ done, total, text: "cells" }),
				...(cellTimeout === undefined ? {} : { cellTimeout }),
			}).finally(() => bar[Symbol.dispose]());
			const { notebook, cells, ran, failed, seconds, failure } = result;
			const out = options.out ?? (options.check ? undefined : file.replace(/\.ts$/, ".ipynb"));
			if (out !== undefined) await writeNotebook(out, notebook);
			if (failure !== undefined) line.say(`${file}: ${failure}`);
			const summary = `${ran} of ${cells} cells ran, ${failed} failed, ${seconds.toFixed(1)} s`;
			if (failed > 0 || ran < cells) line.failed();
			if (!options.check) {
				line.answer({ cells, ran, failed, seconds, ...(failure ? { failure } : {}) }, summary);
				return;
			}
			const { compareNotebooks } = await import("../../kernel/compare.ts");
			const differences = await compareNotebooks(prepared, notebook, {
				...(tolerance === undefined ? {} : { tolerance }),
				...(ssim === undefined ? {} : { ssim }),
			});
			if (differences.length > 0) line.failed();
			const text = differences.map(({ cell, what }) => `cell ${cell}: ${what}`);
			line.answer(
				{ cells, ran, failed, seconds, differences },
				[...text, `${summary}, ${differences.length} outputs differ`].join("\n"),
			);
		});
};

function positive(option: string, text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const value = Number(text);
	if (!(value > 0)) throw new Error(`run: ${option} must be a number above 0, got ${text}`);
	return value;
}
