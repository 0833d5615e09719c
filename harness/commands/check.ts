import type { Tolerance } from "../baseline.ts";
import type { AddCommand } from "../command-line.ts";

interface Options {
	readonly baseline: string;
	readonly tolerance?: Readonly<Record<string, Tolerance>>;
	readonly junit?: string;
	readonly markdown?: string;
	readonly update?: true;
}

/** `fovea check`: a report against a baseline; exit code 1 where a metric got worse. */
export const addCheck: AddCommand = (program, line) => {
	program
		.command("check")
		.description("the regression gate: fails where a metric got worse by more than tolerance and chance")
		.argument("<report>", "report of fovea evaluate")
		.requiredOption("--baseline <file>", "accepted scores; --update writes them")
		.option("--tolerance <list>", "METRIC=0.5 or METRIC=2% between commas, * for all others", tolerances)
		.option("--junit <file>", "write JUnit XML")
		.option("--markdown <file>", "write a Markdown table")
		.option("--update", "take the report as the new baseline; still fails when that changed it")
		.action(async (reportPath: string, options: Options) => {
			const { baselineOf, readBaseline, writeBaseline } = await import("../baseline.ts");
			const { check } = await import("../check.ts");
			const { checkJunit, checkMarkdown, checkText } = await import("../check-output.ts");
			const { writeAtomically } = await import("../files.ts");
			const { readReport } = await import("../report.ts");
			const { baseline: path, tolerance = {}, update = false } = options;
			const report = await readReport(reportPath);
			const known = await readBaseline(path);
			if (known === undefined && !update) {
				throw new Error(`${path}: must be a baseline, got nothing of that name; --update writes one`);
			}
			let changed = false;
			if (update) {
				const kept = { ...known?.tolerances, ...tolerance };
				changed =
					known === undefined ||
					JSON.stringify(known.report.scores) !== JSON.stringify(report.scores) ||
					JSON.stringify(known.tolerances) !== JSON.stringify(kept);
				if (changed) {
					await writeBaseline(path, baselineOf(report, kept));
					line.say(`${path} was written; this run fails so that a changed baseline is looked at before it counts`);
					line.failed();
				}
			}
			const baseline = update ? baselineOf(report, { ...known?.tolerances, ...tolerance }) : known;
			if (baseline === undefined) throw new Error("internal: a baseline was read or made");
			const checked = check(report, baseline, { tolerances: tolerance });
			const result = { ...checked, pass: checked.pass && !changed };
			if (options.junit !== undefined) await writeAtomically(options.junit, checkJunit(result));
			if (options.markdown !== undefined) await writeAtomically(options.markdown, checkMarkdown(result));
			if (!result.pass) line.failed();
			line.answer(result, checkText(result));
		});
};

function tolerances(text: string): Record<string, Tolerance> {
	return Object.fromEntries(
		text.split(",").map((part) => {
			const [, metric, size, percent] = /^([^=]+)=([0-9.eE+-]+)(%?)$/.exec(part.trim()) ?? [];
			const value = Number(size);
			if (metric === undefined || !(value >= 0 && Number.isFinite(value))) {
				throw new RangeError(`--tolerance: must be METRIC=NUMBER or METRIC=NUMBER%, got ${part}`);
			}
			// The kind that is not named is 0, so that what is written is what is allowed.
			return [metric, percent === "%" ? { absolute: 0, relative: value / 100 } : { absolute: value, relative: 0 }];
		}),
	);
}
