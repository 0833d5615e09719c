import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { repository } from "../../test/helpers/jupyter.ts";

/** The tables of docs/kernel.md, each written by the bench that measures it, between two marks of its name. */

const FILE = join(repository, "docs", "kernel.md");

/** Puts the rows of one bench where its marks stand. */
export async function writeTable(
	name: string,
	head: readonly string[],
	rows: readonly (readonly string[])[],
	isNumeric = false,
): Promise<void> {
	const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
	const rule = head.map((_, index) => (isNumeric && index > 0 ? "---:" : "---"));
	const made = `${availableParallelism()} cores, Node ${process.versions.node}; \`npm run bench -- ${name}\`.`;
	const table = [made, "", line(head), line(rule), ...rows.map(line)].join("\n");
	const text = await readFile(FILE, "utf8");
	const [from, to] = [`<!-- ${name} -->\n`, `\n<!-- end of ${name} -->`];
	const start = text.indexOf(from);
	const end = text.indexOf(to);
	if (start < 0 || end < start) throw new Error(`docs/kernel.md: must hold the marks of ${name}, got none`);
	await writeFile(FILE, `${text.slice(0, start + from.length)}\n${table}\n${text.slice(end)}`);
}
