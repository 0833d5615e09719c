/** Labels and scores from a CSV file with a header line. */
import { readFile } from "node:fs/promises";
import { foundInstead } from "./files.ts";

export interface LabelTable {
	/** Class numbers. */
	readonly labels: Int32Array;
	/** [count] for one column `score`, [count, classes] for `score_CLASS` columns. */
	readonly scores: Float64Array;
	/** Names of the classes, where columns name them. */
	readonly classes: readonly string[];
}

/**
 * Columns `label` and `score` (chance of class 1, labels 0 and 1), or `label` and one `score_CLASS` per class, where a
 * label is a class's name. Errors name the file and the line.
 */
export async function readLabelTable(path: string): Promise<LabelTable> {
	const bytes = await readFile(path).catch((error: unknown) => {
		throw new Error(`${path}: must be a CSV file, got ${foundInstead(error)}`);
	});
	const lines = csvLines(utf8(bytes, path), path);
	const header = lines[0]?.cells ?? [];
	if (header.length === 1 && /[;\t]/.test(header[0] as string)) {
		const mark = header[0]?.includes(";") ? "semicolons" : "tabs";
		throw new RangeError(`${path}: columns must be separated by commas, got ${mark}`);
	}
	const labelAt = header.indexOf("label");
	if (labelAt < 0) throw new RangeError(`${path}: must have a column label, got ${header.join(", ") || "no columns"}`);
	const single = header.indexOf("score");
	const several = header.flatMap((name, at) => (name.startsWith("score_") ? [at] : []));
	if (single < 0 && several.length < 2) {
		throw new RangeError(
			`${path}: must have a column score, or two or more named score_CLASS, got ${header.join(", ")}`,
		);
	}
	if (single >= 0 && several.length > 0) {
		throw new RangeError(`${path}: must have a column score or columns score_CLASS, got both`);
	}
	const twice = header.find(
		(name, at) => header.indexOf(name) !== at && (name === "label" || name.startsWith("score")),
	);
	if (twice !== undefined) throw new RangeError(`${path}: columns must differ, got ${twice} twice`);
	const columns = single >= 0 ? [single] : several;
	const classes = single >= 0 ? [] : several.map((at) => (header[at] as string).slice("score_".length));
	const rows = lines.slice(1);
	if (rows.length === 0) throw new RangeError(`${path}: must have a row of values, got the header alone`);
	const labels = new Int32Array(rows.length);
	const scores = new Float64Array(rows.length * columns.length);
	for (const [index, { number, cells }] of rows.entries()) {
		const where = `${path}: line ${number}`;
		if (cells.length !== header.length) {
			throw new RangeError(`${where}: must have ${header.length} values, got ${cells.length}`);
		}
		labels[index] = labelOf(cells[labelAt] as string, classes, where);
		for (const [place, at] of columns.entries()) {
			const cell = cells[at] as string;
			if (!decimal.test(cell) || !Number.isFinite(Number(cell)))
				throw new RangeError(`${where}: ${header[at]} must be a number, got "${cell}"`);
			scores[index * columns.length + place] = Number(cell);
		}
	}
	return { labels, scores, classes };
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function labelOf(cell: string, classes: readonly string[], where: string): number {
	const named = classes.indexOf(cell);
	if (named >= 0) return named;
	const number = Number(cell);
	if (classes.length === 0 && decimal.test(cell) && (number === 0 || number === 1)) return number;
	const wanted = classes.length === 0 ? "0 or 1" : `one of ${classes.join(", ")}`;
	throw new RangeError(`${where}: label must be ${wanted}, got "${cell}"`);
}

function utf8(bytes: Uint8Array, path: string): string {
	try {
		// Takes the byte order mark away.
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch (cause) {
		throw new Error(`${path}: must be UTF-8 text, got other bytes`, { cause });
	}
}

interface CsvLine {
	/** Of the file's line that it begins on, from 1. */
	readonly number: number;
	readonly cells: readonly string[];
}

/** The lines of a CSV file (RFC 4180): a cell in double quotes may hold commas, doubled quotes and line breaks. */
function csvLines(text: string, path: string): CsvLine[] {
	const lines: CsvLine[] = [];
	let [cells, number, next]: [string[], number, number] = [[], 1, 1];
	for (const [whole, quoted, plain = "", end = ""] of text.matchAll(
		/(?:[ \t]*"((?:[^"]|"")*)"[ \t]*|([^",\r\n][^,\r\n]*)?)(,|\r\n|\r|\n|$)|"/g,
	)) {
		if (whole === '"')
			throw new RangeError(`${path}: line ${next}: quotes must be closed before a comma, got an open one`);
		cells.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
		next += whole.match(/\r\n|\r|\n/g)?.length ?? 0;
		if (end === ",") continue;
		lines.push({ number, cells });
		[cells, number] = [[], next];
	}
	// What lies behind the last line break, and blank lines at the end.
	while (lines.at(-1)?.cells.join("") === "") lines.pop();
	return lines;
}
