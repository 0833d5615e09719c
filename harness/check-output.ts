/** The gate's rows as text, Markdown for GitHub and JUnit XML. */
import type { CheckResult, CheckRow } from "./check.ts";
import { figures } from "./score-text.ts";
import { markdownTable, type Table, textTable } from "./table.ts";

export function checkText(result: CheckResult): string {
	return [textTable(tableOf(result)), ...result.notes].join("\n");
}

/** A GitHub comment holds 65,536 characters (a job summary 1 MiB): rows that pass are left out first, then any. */
export function checkMarkdown(result: CheckResult, most = 60_000): string {
	const failed = result.rows.filter(({ pass }) => !pass);
	const whole = [markdownTable(tableOf(result)), ...result.notes].join("\n\n");
	if (whole.length <= most) return `${whole}\n`;
	for (let count = failed.length; count >= 0; count -= Math.max(1, Math.floor(count / 8))) {
		const left = result.rows.length - count;
		const table = { ...tableOf(result), rows: failed.slice(0, count).map(cellsOf) };
		const text = `${markdownTable(table)}\n\n${left} more rows are in the JSON.\n`;
		if (text.length <= most || count === 0) return text;
	}
	throw new Error("internal: a table without rows must fit");
}

/** What the Markdown says where nothing could be compared. */
export function refusalMarkdown(why: string): string {
	return `**fovea check: refused**\n\n${why.replaceAll("<", "&lt;")}\n`;
}

/** One test case in error, where nothing could be compared. */
export function refusalJunit(why: string): string {
	return [
		'<?xml version="1.0" encoding="UTF-8"?>',
		'<testsuites tests="1" errors="1">',
		'\t<testsuite name="fovea check" tests="1" errors="1">',
		`\t\t<testcase classname="fovea.check" name="check"><error message="${xml(why)}"/></testcase>`,
		"\t</testsuite>",
		"</testsuites>",
		"",
	].join("\n");
}

/** One test case per score; a failure's text is its row. */
export function checkJunit({ rows }: CheckResult): string {
	const failures = rows.filter(({ pass }) => !pass).length;
	const cases = rows.map((row) => {
		const open = `\t\t<testcase classname="fovea.check" name="${xml(row.metric)}"`;
		if (row.pass) return `${open}/>`;
		const [, ...cells] = cellsOf(row);
		return `${open}>\n\t\t\t<failure message="${xml(row.why)}">${xml(
			columns
				.slice(1)
				.map((column, at) => `${column}: ${cells[at]}`)
				.join("\n"),
		)}</failure>\n\t\t</testcase>`;
	});
	return [
		'<?xml version="1.0" encoding="UTF-8"?>',
		`<testsuites tests="${rows.length}" failures="${failures}">`,
		`\t<testsuite name="fovea check" tests="${rows.length}" failures="${failures}">`,
		...cases,
		"\t</testsuite>",
		"</testsuites>",
		"",
	].join("\n");
}

const columns = ["metric", "baseline", "now", "change", "allowed", "spread", "verdict"];

function tableOf({ pass, rows }: CheckResult): Table {
	const failed = rows.filter((row) => !row.pass).length;
	const count = failed > 0 ? `${failed} of ${rows.length} failed` : "baseline was rewritten";
	const title = `fovea check: ${pass ? "passed" : count}`;
	return { title, columns, rows: rows.map(cellsOf) };
}

function cellsOf({ metric, baseline, now, change, allowed, spread, pass, why }: CheckRow): string[] {
	const numbers = [baseline, now, change, allowed, spread].map((value) => (Number.isNaN(value) ? "–" : figures(value)));
	return [metric, ...numbers, `${pass ? "pass" : "FAIL"}: ${why}`];
}

/** Text for XML 1.0: its five marks as entities, control characters as spaces. */
function xml(text: string): string {
	const marks: Readonly<Record<string, string>> = {
		"&": "&amp;",
		"<": "&lt;",
		">": "&gt;",
		'"': "&quot;",
		"'": "&apos;",
	};
	const plain = Array.from(text, (one) =>
		(one.codePointAt(0) as number) < 32 && one !== "\n" && one !== "\t" ? " " : one,
	);
	return plain.join("").replace(/[&<>"']/g, (mark) => marks[mark] as string);
}
