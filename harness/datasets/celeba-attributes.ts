/**
 * The attribute list of CelebA: a line with the count of rows, a line with the names of the attributes, then for each
 * picture its file name and -1 or 1 for each attribute. All 202,599 rows are checked, so the bytes are read one by one.
 */
import { readFile } from "node:fs/promises";
import { didYouMean } from "../suggest.ts";

export interface AttributeList {
	readonly files: readonly string[];
	/** 0 or 1, [rows, chosen attributes]. */
	readonly values: Uint8Array;
}

const newline = 10;
const space = 32;
const minus = 45;
const one = 49;

/** Reads the chosen attributes of every row. Errors name the file and, where there is one, the line. */
export async function readAttributes(path: string, chosen: readonly string[]): Promise<AttributeList> {
	const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
		throw new Error(
			`${path}: must be CelebA's attribute list, got ${error.code === "ENOENT" ? "no such file" : error.code}`,
		);
	});
	const firstEnd = bytes.indexOf(newline);
	const headerEnd = bytes.indexOf(newline, firstEnd + 1);
	if (firstEnd < 0 || headerEnd < 0) throw new Error(`${path}: must have a count line and a header line, got neither`);
	const countLine = bytes.toString("latin1", 0, firstEnd).trim();
	if (!/^\d+$/.test(countLine))
		throw new Error(`${path}:1: must be the number of rows, got "${countLine.slice(0, 40)}"`);
	const names = bytes
		.toString("latin1", firstEnd + 1, headerEnd)
		.trim()
		.split(/\s+/);
	const columns = chosen.map((name) => {
		const column = names.indexOf(name);
		if (column >= 0) return column;
		throw new Error(`${path}:2: must have attribute ${didYouMean(name, names)} (known: ${names.join(" ")})`);
	});
	const list = readRows(bytes, headerEnd + 1, path, names.length, columns);
	if (list.files.length !== Number(countLine)) {
		throw new Error(`${path}:1: must be the number of rows, got ${countLine} for ${list.files.length} rows`);
	}
	return list;
}

function readRows(
	bytes: Buffer,
	start: number,
	path: string,
	width: number,
	columns: readonly number[],
): AttributeList {
	const files: string[] = [];
	const seen = new Map<string, number>();
	const row = new Uint8Array(width);
	const parts: number[] = [];
	let at = start;
	let line = 3;
	const fail = (what: string): never => {
		throw new Error(`${path}:${line}: ${what}`);
	};
	while (at < bytes.length) {
		const found = bytes.indexOf(newline, at);
		const end = found < 0 ? bytes.length : found;
		let word = 0;
		while (at < end) {
			while (at < end && (bytes[at] as number) <= space) at += 1;
			if (at === end) break;
			const from = at;
			while (at < end && (bytes[at] as number) > space) at += 1;
			if (word === 0) {
				const file = bytes.toString("latin1", from, at);
				const before = seen.get(file);
				if (before !== undefined) fail(`must name each picture once, got ${file} again (first in line ${before})`);
				seen.set(file, line);
				files.push(file);
			} else {
				const negative = bytes[from] === minus;
				const good = bytes[at - 1] === one && at - from === (negative ? 2 : 1);
				if (!good)
					fail(
						`must hold -1 or 1 for each attribute, got "${bytes.toString("latin1", from, Math.min(at, from + 20))}"`,
					);
				if (word <= width) row[word - 1] = negative ? 0 : 1;
			}
			word += 1;
		}
		// An empty line is no row; at the end of the file editors leave some.
		if (word > 0) {
			if (word - 1 !== width) fail(`must have ${width} values after the file name, got ${word - 1}`);
			for (const column of columns) parts.push(row[column] as number);
		}
		at = end + 1;
		line += 1;
	}
	return { files, values: Uint8Array.from(parts) };
}
