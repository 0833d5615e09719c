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
	return junit([testCase("check", `<error type="refused" message="${xml(why)}"/>`)], { errors: 1 });
}

/** One test case per score; a failure's text is its row. A baseline that was rewritten is a failure of its own. */
export function checkJunit(result: CheckResult): string {
	const failures = result.rows.filter(({ pass }) => !pass).length;
	const cases = result.rows.map((row) => {
		if (row.pass) return testCase(row.metric);
		const [, ...cells] = cellsOf(row);
		const text = columns.slice(1).map((column, at) => `${column}: ${cells[at]}`);
		return testCase(row.metric, `<failure type="worse" message="${xml(row.why)}">${xml(text.join("\n"))}</failure>`);
	});
	if (result.pass || failures > 0) return junit(cases, { failures, notes: result.notes });
	const message = "the baseline was rewritten: look at it before it counts";
	cases.push(testCase("baseline", `<failure type="rewritten" message="${message}"/>`));
	return junit(cases, { failures: 1, notes: result.notes });
}

function testCase(name: string, outcome?: string): string {
	const open = `\t\t<testcase classname="fovea.check" name="${xml(name)}" time="0"`;
	return outcome === undefined ? `${open}/>` : `${open}>\n\t\t\t${outcome}\n\t\t</testcase>`;
}

/** With all that the schemas of Ant and of Jenkins ask for, needed or not. */
function junit(
	cases: readonly string[],
	{
		failures = 0,
		errors = 0,
		notes = [],
	}: { readonly failures?: number; readonly errors?: number; readonly notes?: readonly string[] },
): string {
	const counts = `tests="${cases.length}" failures="${failures}" errors="${errors}"`;
	const timestamp = new Date().toISOString().slice(0, "2000-01-01T00:00:00".length);
	return [
		'<?xml version="1.0" encoding="UTF-8"?>',
		"<testsuites>",
		`\t<testsuite id="0" package="fovea" name="fovea check" ${counts} time="0" timestamp="${timestamp}" hostname="localhost">`,
		"\t\t<properties/>",
		...cases,
		`\t\t<system-out>${xml(notes.join("\n"))}</system-out>`,
		"\t\t<system-err/>",
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
