/** Labels and scores from a CSV file with a header line. */
import { readFile } from "node:fs/promises";

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
	const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		throw new Error(
			`${path}: must be a CSV file, got ${error.code === "ENOENT" ? "nothing of that name" : error.code}`,
		);
	});
	const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
	while (lines.at(-1)?.trim() === "") lines.pop();
	const header = cells(lines[0] ?? "");
	const labelAt = header.indexOf("label");
	if (labelAt < 0) throw new RangeError(`${path}: must have a column label, got ${header.join(", ") || "no columns"}`);
	const single = header.indexOf("score");
	const several = header.flatMap((name, at) => (name.startsWith("score_") ? [at] : []));
	if (single < 0 && several.length < 2) {
		throw new RangeError(
			`${path}: must have a column score, or two or more named score_CLASS, got ${header.join(", ")}`,
		);
	}
	const columns = single >= 0 ? [single] : several;
	const classes = single >= 0 ? [] : several.map((at) => (header[at] as string).slice("score_".length));
	const rows = lines.slice(1);
	if (rows.length === 0) throw new RangeError(`${path}: must have a row of values, got the header alone`);
	const labels = new Int32Array(rows.length);
	const scores = new Float64Array(rows.length * columns.length);
	for (const [index, line] of rows.entries()) {
		const where = `${path}: line ${index + 2}`;
		const row = cells(line);
		if (row.length !== header.length) {
			throw new RangeError(`${where}: must have ${header.length} values, got ${row.length}`);
		}
		labels[index] = labelOf(row[labelAt] as string, classes, where);
		for (const [place, at] of columns.entries()) {
			const cell = (row[at] as string).trim();
			const score = cell === "" ? Number.NaN : Number(cell);
			if (Number.isNaN(score)) throw new RangeError(`${where}: ${header[at]} must be a number, got "${cell}"`);
			scores[index * columns.length + place] = score;
		}
	}
	return { labels, scores, classes };
}

function labelOf(cell: string, classes: readonly string[], where: string): number {
	const named = classes.indexOf(cell.trim());
	if (named >= 0) return named;
	const number = Number(cell);
	if (classes.length === 0 && (number === 0 || number === 1) && cell.trim() !== "") return number;
	const wanted = classes.length === 0 ? "0 or 1" : `one of ${classes.join(", ")}`;
	throw new RangeError(`${where}: label must be ${wanted}, got "${cell}"`);
}

/** The cells of one line; a cell in double quotes may hold commas and doubled quotes. */
function cells(line: string): string[] {
	const found = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
	return [...found].map(([, quoted, plain]) =>
		quoted === undefined ? (plain ?? "").trim() : quoted.replaceAll('""', '"'),
	);
}
