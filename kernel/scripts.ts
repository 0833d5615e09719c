import { readFileSync } from "node:fs";
import { type Notebook, newCell, readNotebook } from "./notebook.ts";

export { writeNotebook } from "./notebook.ts";

/** Notebooks as TypeScript files: jupytext's percent format, cells that begin with `// %%`. */

const MARKER = /^\/\/ %%(?: (?!\[|\S+=)([^[\n]*?))?(?: ?\[(\w+)\])?(?: ?((?:\w+=).*))?$/;

/** Reads either form, by the file's name. */
export function readAnyNotebook(file: string): Notebook {
	if (file.endsWith(".ipynb")) return readNotebook(file);
	if (/\.[mc]?ts$/.test(file)) return fromScript(readFileSync(file, "utf8"));
	throw new Error(`run: notebook must be .ipynb or .ts, got ${file}`);
}

export function fromScript(text: string): Notebook {
	const blocks: { kind: string; tags: string[]; lines: string[] }[] = [];
	// jupytext's header of metadata, in comments between two `// ---` lines.
	const body = text.replace(/^\/\/ ---\n(?:\/\/.*\n)*?\/\/ ---\n+/, "");
	for (const line of body.replaceAll("\r\n", "\n").split("\n")) {
		const marker = MARKER.exec(line);
		if (marker) {
			const tags = /tags=(\[[^\]]*\])/.exec(marker[3] ?? "")?.[1];
			blocks.push({ kind: marker[2] ?? "code", tags: tags ? (JSON.parse(tags) as string[]) : [], lines: [] });
		} else if (blocks.length > 0 || line.trim() !== "") {
			if (blocks.length === 0) blocks.push({ kind: "code", tags: [], lines: [] });
			blocks.at(-1)?.lines.push(line);
		}
	}
	const cells = blocks.map(({ kind, tags, lines }) => {
		const source = lines.join("\n").replace(/^\n+|\n+$/g, "");
		if (kind === "markdown" || kind === "raw" || kind === "md")
			return {
				...newCell(source.replace(/^\/\/ ?/gm, ""), tags),
				cell_type: kind === "raw" ? ("raw" as const) : ("markdown" as const),
				outputs: undefined,
				execution_count: undefined,
			};
		// Magics are no TypeScript, so scripts keep them in a comment.
		return newCell(source.replace(/^\/\/ (%{1,2}\w)/gm, "$1"), tags);
	});
	return { nbformat: 4, nbformat_minor: 5, metadata: {}, cells };
}

export function toScript(notebook: Notebook): string {
	const cells = notebook.cells.map(({ cell_type: kind, source, metadata }) => {
		const tags = metadata.tags && metadata.tags.length > 0 ? ` tags=${JSON.stringify(metadata.tags)}` : "";
		if (kind === "code") return `// %%${tags}\n${source.replace(/^(%{1,2}\w)/gm, "// $1")}\n`;
		return `// %% [${kind}]${tags}\n${source.replace(/^/gm, "// ").replace(/ +$/gm, "")}\n`;
	});
	return cells.join("\n");
}
