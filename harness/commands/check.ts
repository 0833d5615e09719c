import type { Tolerance } from "../baseline.ts";
import type { CheckResult } from "../check.ts";
import type { AddCommand, CommandLine } from "../command-line.ts";

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
			const { checkJunit, checkMarkdown, checkText, refusalJunit, refusalMarkdown } = await import(
				"../check-output.ts"
			);
			const { requireWritable, writeAtomically } = await import("../files.ts");
			// Before --update writes the baseline.
			for (const path of [options.junit, options.markdown]) if (path !== undefined) await requireWritable(path);
			const write = async (junit: () => string, markdown: () => string) => {
				if (options.junit !== undefined) await writeAtomically(options.junit, junit());
				if (options.markdown !== undefined) await writeAtomically(options.markdown, markdown());
			};
			let result: CheckResult;
			try {
				result = await checked(reportPath, options, line);
			} catch (error) {
				// What an earlier run left there would be taken for this one's answer.
				const why = (error as Error).message;
				await write(
					() => refusalJunit(why),
					() => refusalMarkdown(why),
				);
				throw error;
			}
			await write(
				() => checkJunit(result),
				() => checkMarkdown(result),
			);
			if (!result.pass) line.failed();
			line.answer(result, checkText(result));
		});
};

async function checked(reportPath: string, options: Options, line: CommandLine): Promise<CheckResult> {
	const { baselineOf, readBaseline, writeBaseline } = await import("../baseline.ts");
	const { check } = await import("../check.ts");
	const { readReport } = await import("../report.ts");
	const { baseline: path, tolerance = {}, update = false } = options;
	const report = await readReport(reportPath);
	const known = await readBaseline(path);
	if (known === undefined && !update) {
		throw new Error(`${path}: must be a baseline, got nothing of that name; --update writes one`);
	}
	const scores = [...report.scores, ...(known?.report.scores ?? [])];
	await requireMetrics(tolerance, scores, "--tolerance");
	await requireMetrics(known?.tolerances ?? {}, scores, `${path}: tolerances`);
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
		}
	}
	const baseline = update ? baselineOf(report, { ...known?.tolerances, ...tolerance }) : known;
	if (baseline === undefined) throw new Error("internal: a baseline was read or made");
	try {
		const result = check(report, baseline, { tolerances: tolerance });
		return { ...result, pass: result.pass && !changed };
	} catch (cause) {
		// The gate knows the scores, not the file.
		throw new RangeError(`${path}: ${(cause as Error).message}; --update takes the report as the new baseline`, {
			cause,
		});
	}
}

/** A tolerance that no metric will ever read is a slip. */
async function requireMetrics(
	tolerances: Readonly<Record<string, Tolerance>>,
	scores: readonly { readonly metric: string }[],
	where: string,
): Promise<void> {
	const { metricIds } = await import("../metric-names.ts");
	const { didYouMean } = await import("../suggest.ts");
	const known = [...new Set(["*", ...scores.map(({ metric }) => metric), ...metricIds])];
	const unknown = Object.keys(tolerances).find((metric) => !known.includes(metric));
	if (unknown === undefined) return;
	throw new RangeError(`${where}: must name a metric or * for all others, got ${didYouMean(unknown, known)}`);
}

function tolerances(text: string): Record<string, Tolerance> {
	const entries = text.split(",").map((part): [string, Tolerance] => {
		const [, metric, size, percent] = /^([^=]+)=([0-9.eE+-]+)(%?)$/.exec(part.trim()) ?? [];
		const value = Number(size);
		if (metric === undefined || !(value >= 0 && Number.isFinite(value))) {
			throw new RangeError(`--tolerance: must be METRIC=NUMBER or METRIC=NUMBER%, got ${part}`);
		}
		// The kind that is not named is 0, so that what is written is what is allowed.
		return [metric, percent === "%" ? { absolute: 0, relative: value / 100 } : { absolute: value, relative: 0 }];
	});
	const names = entries.map(([metric]) => metric);
	const twice = names.find((metric, at) => names.indexOf(metric) !== at);
	if (twice !== undefined) throw new RangeError(`--tolerance: metrics must differ, got ${twice} twice`);
	return Object.fromEntries(entries);
}
