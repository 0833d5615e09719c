import type { CellError } from "./describe-error.ts";
import type { Problem } from "./problems.ts";

/** How a failure is shown in a notebook. */

export interface ErrorReport {
	readonly ename: string;
	readonly evalue: string;
	readonly traceback: readonly string[];
}

const RED = "\u001b[31m";
const BOLD = "\u001b[1m";
const DIM = "\u001b[2m";
const PLAIN = "\u001b[0m";

/** Errors found before running: where, what, and the line with a mark under it. */
export function reportProblems(label: string, source: string, problems: readonly Problem[]): ErrorReport {
	const lines = source.split("\n");
	const first = problems[0];
	const ename = first?.isSyntax ? "SyntaxError" : "TypeCheckError";
	const traceback = problems.slice(0, 10).flatMap(({ line, column, length, code, message }) => {
		const text = lines[line - 1] ?? "";
		const mark = " ".repeat(column - 1) + "~".repeat(Math.max(1, Math.min(length, text.length - column + 1)));
		const shown = text.replaceAll("\t", " ");
		return [
			`${BOLD}${label} ${line}:${column}${PLAIN} ${RED}${message}${PLAIN} ${DIM}TS${code}${PLAIN}`,
			`    ${shown}`,
			`    ${RED}${mark}${PLAIN}`,
		];
	});
	if (problems.length > 10) traceback.push(`… and ${problems.length - 10} more`);
	const evalue = first ? `${label} ${first.line}:${first.column} ${first.message} (TS${first.code})` : "";
	return { ename, evalue, traceback };
}

/** Errors of the running cell. */
export function reportError(error: CellError): ErrorReport {
	const [head = "", ...frames] = error.stack.split("\n");
	const first = head === "" ? `${error.name}: ${error.message}` : head;
	return {
		ename: error.name,
		evalue: error.message,
		traceback: [
			`${RED}${first}${PLAIN}`,
			...frames.map((frame) => (/^\s+at /.test(frame) ? `${DIM}${frame}${PLAIN}` : frame)),
		],
	};
}
