import { labelComparisons } from "./labels.ts";
import { pairComparisons } from "./pairs.ts";
import { agrees, type Comparison } from "./row.ts";
import { setComparisons } from "./sets.ts";

/** Every comparison with the golden numbers of a folder. */
export async function comparisons(folder: string): Promise<Comparison[]> {
	const all: Comparison[] = [];
	for (const part of [setComparisons, pairComparisons, labelComparisons]) {
		for await (const comparison of part(folder)) all.push(comparison);
	}
	return all;
}

/** A row for each metric and reference: how many cases agree, and the values of one. */
export function parityDocument(all: readonly Comparison[]): string {
	const groups = new Map<string, Comparison[]>();
	for (const comparison of all) {
		const key = `${comparison.metric}|${comparison.reference}`;
		groups.set(key, [...(groups.get(key) ?? []), comparison]);
	}
	const rows = [...groups.values()].map((cases) => {
		// Of black against white, or of flat pictures, a value says little.
		const telling = cases.find(({ theirs }) => Number.isFinite(theirs) && Math.abs(theirs) > 1e-3);
		const first = telling ?? (cases[0] as Comparison);
		const good = cases.filter(agrees).length;
		const tolerances = cases.map(({ tolerance }) => tolerance);
		const [least, most] = [Math.min(...tolerances), Math.max(...tolerances)];
		const allowed = least === most ? short(most) : `${short(least)} to ${short(most)}`;
		const cells = [first.metric, first.reference, `${good} of ${cases.length}`, first.name];
		return `| ${[...cells, shown(first.ours, first), shown(first.theirs, first), allowed].join(" | ")} |`;
	});
	return [
		"# Metrics against their reference libraries",
		"",
		"Written by `npm run metrics-parity` from the golden numbers in `fixtures/metrics`; a test holds it to that. Each row is a metric",
		"and a library: how many golden cases agree within the tolerance (absolute), and the values of one case. Reasons for the",
		"tolerances stand in the golden files; where a library computes in float32 it is wider.",
		"",
		"| metric | reference | cases that agree | a case | ours | theirs | tolerance |",
		"| --- | --- | ---: | --- | ---: | ---: | ---: |",
		...rows,
		"",
	].join("\n");
}

function short(value: number): string {
	return value === 0 ? "exact" : String(Number(value.toPrecision(2)));
}

/** As many digits as the tolerance leaves the same on every engine, nine at most. */
function shown(value: number, { theirs, tolerance }: Comparison): string {
	if (!Number.isFinite(value) || value === 0) return String(value);
	if (tolerance === 0) return String(value);
	const digits = Math.floor(Math.log10(Math.max(Math.abs(theirs), tolerance) / tolerance));
	return String(Number(value.toPrecision(Math.max(2, Math.min(9, digits - 1)))));
}
