import type { AddCommand } from "../command-line.ts";

interface Options {
	readonly data?: string;
	readonly preset: string;
	readonly out?: string;
	readonly workers?: string;
	readonly seeds?: string;
	readonly steps?: string;
	readonly keep?: string;
}

/** `fovea reproduce`: a paper's experiment from data to verdicts. */
export const addReproduce: AddCommand = (program, line) => {
	program
		.command("reproduce")
		.description("a paper's experiment: train its systems over seeds, evaluate, show, decide its claims")
		.argument("<paper>", "id of the paper, for example cca-gan")
		.option("--preset <name>", "smoke (minutes), laptop (hours) or paper", "smoke")
		.option(
			"--data <spec>",
			"faces, celeba, horses, horse2zebra, or a set by its path, as celeba:PATH; the preset's without it",
		)
		.option("--out <folder>", "where everything is kept; the same folder resumes", undefined)
		.option("--workers <n>", "trainings at a time, one thread each; 2 without it")
		.option("--seeds <list>", "seeds of the trainings, as 1,2,3; the preset's without it")
		.option("--steps <n>", "iterations of each training; the preset's without it")
		.option("--keep <folder>", "a copy of the report without pictures of the data set, fit to be published")
		.action(async (paper: string, options: Options) => {
			const { join, relative } = await import("node:path");
			const { startEngine } = await import("../../engine/engine.ts");
			const { findExperiment, presetOf, wholeNumber } = await import("../experiments/find.ts");
			const { textTable } = await import("../table.ts");
			const number = (option: string, text: string | undefined, least: number) =>
				text === undefined ? undefined : wholeNumber(option, text, least);
			const experiment = await findExperiment(paper);
			const preset = presetOf(options.preset);
			const out = options.out ?? join("out", paper, preset);
			const engine = await startEngine();
			line.say(`engine: ${engine.name} ${engine.version} (${engine.why.join("; ")})`);
			const events = experiment.reproduce({
				...{ preset, out, data: options.data, keep: options.keep, signal: line.signal },
				workers: number("--workers", options.workers, 1),
				steps: number("--steps", options.steps, 1),
				seeds: options.seeds?.split(",").map((seed) => wholeNumber("--seeds", seed.trim())),
			});
			let label = "";
			let progress = line.progress(paper);
			let next = await events.next();
			while (next.done !== true) {
				const { what, done, total } = next.value;
				const kind = what.split(" ", 1)[0] as string;
				if (kind !== label) {
					label = kind;
					progress[Symbol.dispose]();
					progress = line.progress(paper);
				}
				progress.update({ done, total, text: what });
				next = await events.next();
			}
			progress[Symbol.dispose]();
			const { value: report } = next;
			const claims = report.claims.map(({ text, verdict, measured, interval, why }) => {
				const { low, high } = interval;
				const gain = `gain ${measured.toPrecision(3)} [${low.toPrecision(3)}, ${high.toPrecision(3)}]`;
				return `${verdict.padEnd(9)} ${text}: ${gain}; ${why}`;
			});
			const place = relative(process.cwd(), out) || ".";
			const pictures = Object.entries(report.pictures).map(([file, what]) => `  ${join(place, file)}  ${what}`);
			const text = [
				...report.tables.map(textTable),
				["Claims", ...claims].join("\n"),
				[
					"Floor: a claim is decided only where every training reaches",
					...report.floor.map((line) => `  ${line}`),
				].join("\n"),
				[`Report: ${join(place, "report.md")}`, ...pictures].join("\n"),
			].join("\n\n");
			if (report.claims.some(({ verdict }) => verdict === "not-held")) line.failed();
			line.answer(report, text);
		});
};
