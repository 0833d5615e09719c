import type { AddCommand } from "../command-line.ts";
import type { Comparison, ComparisonOptions, System } from "../compare.ts";

interface Options {
	readonly interval: number;
	readonly seed: number;
	readonly claim?: Readonly<Record<string, number>>;
}

/** `fovea compare`: systems judged on the same pictures or labels, each against the first. */
export const addCompare: AddCommand = (program, line) => {
	program
		.command("compare")
		.description(
			"systems on the same pictures or labels, each against the first: differences, tests, Holm's correction",
		)
		.argument("<first>", "report of fovea evaluate --reference --image, or CSV of labels and scores")
		.argument("<others...>", "of the same kind, by the same reference pictures or labels")
		.option("--interval <level>", "nominal coverage of the intervals; decides at 1 - level", level, 0.95)
		.option("--seed <number>", "seed of resamples and permutations", seed, 0)
		.option("--claim <list>", "METRIC=0.5 between commas: says where the samples are too few to show it", claims)
		.action(async (first: string, others: readonly string[], { interval, seed, claim = {} }: Options) => {
			const paths = [first, ...others];
			const twice = paths.find((path, at) => paths.indexOf(path) !== at);
			if (twice !== undefined) throw new RangeError(`compare: systems must differ, got ${twice} twice`);
			const options = { level: interval, seed, claims: claim };
			const tables = paths.filter((path) => /\.csv$/i.test(path));
			if (tables.length > 0 && tables.length < paths.length) {
				const report = paths.find((path) => !tables.includes(path));
				throw new RangeError(`compare: must be reports alone or CSV alone, got ${tables[0]} beside ${report}`);
			}
			const result = tables.length > 0 ? await ofTables(paths, options) : await ofReports(paths, options);
			const metrics = result.rows.map(({ metric }) => metric);
			const unknown = Object.keys(claim).find((metric) => !metrics.includes(metric));
			if (unknown !== undefined) {
				throw new RangeError(`--claim: must name one of ${[...new Set(metrics)].join(", ")}, got ${unknown}`);
			}
			line.answer(result, await text(result));
		});
};

async function ofTables(paths: readonly string[], options: ComparisonOptions): Promise<Comparison> {
	const { compareLabelTables } = await import("../compare.ts");
	const { readLabelTable } = await import("../label-table.ts");
	return compareLabelTables(await systems(paths, readLabelTable), options);
}

async function ofReports(paths: readonly string[], options: ComparisonOptions): Promise<Comparison> {
	const { compareReports } = await import("../compare.ts");
	const { readReport } = await import("../report.ts");
	return compareReports(await systems(paths, readReport), options);
}

async function systems<T>(paths: readonly string[], read: (path: string) => Promise<T>): Promise<System<T>[]> {
	const all: System<T>[] = [];
	for (const path of paths) all.push({ name: path, judged: await read(path) });
	return all;
}

async function text({ level, rows, notes }: Comparison): Promise<string> {
	const { figures } = await import("../score-text.ts");
	const { textTable } = await import("../table.ts");
	const cell = (value: number | undefined, digits = 4) =>
		value === undefined || Number.isNaN(value) ? "–" : figures(value, digits);
	const table = textTable({
		title: `Each against the first, ${figures(100 * level)} % intervals`,
		columns: ["system", "metric", "first", "value", "difference", "interval", "p", "Wilcoxon", "Holm", "verdict"],
		rows: rows.map((row) => {
			const interval = row.interval === undefined ? "–" : `${cell(row.interval.low)} … ${cell(row.interval.high)}`;
			const numbers = [cell(row.first, 6), cell(row.value, 6), cell(row.difference), interval];
			const chances = [row.p, row.wilcoxon, row.adjusted].map((p) => cell(p, 2));
			return [row.system, row.metric, ...numbers, ...chances, row.verdict];
		}),
	});
	const tests = [...new Set(rows.map(({ metric, test }) => `p of ${metric}: ${test}`))];
	return [table, ...tests, ...notes].join("\n");
}

function level(value: string): number {
	const number = Number(value);
	if (!(number > 0 && number < 1)) throw new RangeError(`--interval: must lie between 0 and 1, got ${value}`);
	return number;
}

function seed(value: string): number {
	const number = Number(value);
	if (!Number.isSafeInteger(number) || number < 0 || value.trim() === "") {
		throw new RangeError(`--seed: must be a whole number of 0 or more, got ${value}`);
	}
	return number;
}

function claims(list: string): Record<string, number> {
	return Object.fromEntries(
		list.split(",").map((part) => {
			const [, metric, size] = /^([^=]+)=([0-9.eE+-]+)$/.exec(part.trim()) ?? [];
			const value = Number(size);
			if (metric === undefined || !(value > 0 && Number.isFinite(value))) {
				throw new RangeError(`--claim: must be METRIC=NUMBER above 0, got ${part}`);
			}
			return [metric, value];
		}),
	);
}
