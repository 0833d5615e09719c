/** The cards with the texts of their files, from a checkout of the repository: the package ships without its sources. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join, normalize } from "node:path";
import { writeAtomically } from "./files.ts";
import { type SystemSource, systemPages } from "./system-pages.ts";
import { systemsByFile } from "./systems.ts";

/** Every card with its sources below `root`, in order of files. */
export async function systemSources(root: string): Promise<SystemSource[]> {
	const found: SystemSource[] = [];
	for (const [file, systems] of await systemsByFile()) {
		const sources = await withImports(join(root, "models"), `${file}.ts`);
		found.push(...systems.map((system) => ({ system, file, sources })));
	}
	return found;
}

/** Writes docs/systems below `root` and takes away pages of systems that are no more. */
export async function writeSystemPages(root: string): Promise<number> {
	const pages = systemPages(await systemSources(root));
	const folder = join(root, "docs", "systems");
	for (const [name, text] of pages) await writeAtomically(join(folder, name), text);
	for (const name of await readdir(folder)) if (!pages.has(name)) await rm(join(folder, name));
	return pages.size;
}

/** The text of a file, then those that it imports within the folder, breadth first. */
async function withImports(folder: string, file: string): Promise<string[]> {
	const texts = new Map<string, string>();
	const queue = [file];
	for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
		if (texts.has(next)) continue;
		const text = await readFile(join(folder, next), "utf8");
		texts.set(next, text);
		for (const [, path = ""] of text.matchAll(/from "(\.[^"]+\.ts)"/g)) {
			const inner = normalize(join(next, "..", path));
			if (!inner.startsWith("..")) queue.push(inner);
		}
	}
	return [...texts.values()];
}
