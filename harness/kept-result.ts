/** The results of the `laptop` presets that come with the package, and reports as rows for a notebook's table. */
import { readFile } from "node:fs/promises";
import type { ClaimVerdict } from "./claims.ts";
import { parseReproduction, type Reproduction } from "./reproduce.ts";
import { shipped } from "./shipped.ts";
import type { Table } from "./table.ts";

/** The kept report of a paper, by its id. Throws where there is none. */
export async function keptResult(paper: string): Promise<Reproduction> {
	const path = shipped(`results/${paper}/report.json`);
	return parseReproduction(JSON.parse(await readFile(path, "utf8")), path);
}

/** A report's table as rows of named cells; its first column, which has no name, is `first`. */
export function tableRows({ columns, rows }: Table, first = "system"): Record<string, string>[] {
	return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column || first, row[index] ?? ""])));
}

/** Claims with their gains, intervals and verdicts, a row each. */
export function verdictRows(claims: readonly ClaimVerdict[]): Record<string, string>[] {
	return claims.map(({ text, published, measured, interval: { low, high }, verdict, why }) => ({
		claim: text,
		published,
		"measured gain": Number.isFinite(measured)
			? `${measured.toPrecision(3)} [${low.toPrecision(3)}, ${high.toPrecision(3)}]`
			: "–",
		verdict,
		why,
	}));
}
