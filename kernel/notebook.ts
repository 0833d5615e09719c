import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";

/** Notebooks on disk: nbformat 4, written as 4.5. */

const text = z
	.union([z.string(), z.array(z.string())])
	.transform((value) => (Array.isArray(value) ? value.join("") : value));
const record = z.record(z.string(), z.unknown());

const output = z.discriminatedUnion("output_type", [
	z.object({ output_type: z.literal("stream"), name: z.enum(["stdout", "stderr"]), text }),
	z.object({ output_type: z.literal("display_data"), data: record, metadata: record.default({}) }),
	z.object({
		output_type: z.literal("execute_result"),
		data: record,
		metadata: record.default({}),
		execution_count: z.number().nullable().default(null),
	}),
	z.object({ output_type: z.literal("error"), ename: z.string(), evalue: z.string(), traceback: z.array(z.string()) }),
]);
export type Output = z.infer<typeof output>;

const cell = z.looseObject({
	id: z.string().optional(),
	cell_type: z.enum(["code", "markdown", "raw"]),
	source: text,
	metadata: z.looseObject({ tags: z.array(z.string()).optional() }).default({}),
	outputs: z.array(output).optional(),
	execution_count: z.number().nullable().optional(),
});
export type Cell = z.infer<typeof cell>;

const notebook = z.looseObject({
	nbformat: z.literal(4),
	nbformat_minor: z.number(),
	metadata: z.looseObject({}),
	cells: z.array(cell),
});
export type Notebook = z.infer<typeof notebook>;

/** @throws Error naming the file, and the field that is not as nbformat 4 has it. */
export function readNotebook(file: string): Notebook {
	let document: unknown;
	try {
		document = JSON.parse(readFileSync(file, "utf8"));
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		throw new Error(
			code === "ENOENT" ? `${file}: notebook must exist, got no such file` : `${file}: must be JSON, got ${message}`,
		);
	}
	const parsed = notebook.safeParse(document);
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		throw new Error(`${file}: must be a notebook of nbformat 4, got ${issue?.path.join(".")}: ${issue?.message}`);
	}
	return parsed.data;
}

function lines(value: string): string[] {
	return value === "" ? [] : value.split(/(?<=\n)/);
}

/** Text is kept in lines, as Jupyter does, so that version control shows what changed. */
function serialise(value: Notebook): string {
	const bundle = (data: Readonly<Record<string, unknown>>) =>
		Object.fromEntries(
			Object.entries(data).map(([type, content]) => [
				type,
				typeof content === "string" && (type.startsWith("text/") || type === "image/svg+xml")
					? lines(content)
					: content,
			]),
		);
	const outputs = (each: Output) => {
		if (each.output_type === "stream") return { ...each, text: lines(each.text) };
		return "data" in each ? { ...each, data: bundle(each.data) } : each;
	};
	const cells = value.cells.map(({ id, source, ...rest }) => ({
		id: id ?? randomUUID().slice(0, 8),
		...rest,
		source: lines(source),
		...(rest.cell_type === "code"
			? { outputs: (rest.outputs ?? []).map(outputs), execution_count: rest.execution_count ?? null }
			: {}),
	}));
	const minor = Math.max(5, value.nbformat_minor);
	return `${JSON.stringify({ ...value, cells, nbformat_minor: minor }, undefined, 1)}\n`;
}

/** Writes beside and renames, so that nothing half-written is ever left under the notebook's name. */
export async function writeNotebook(file: string, value: Notebook): Promise<void> {
	const beside = path.join(path.dirname(file), `.${path.basename(file)}-${process.pid}`);
	try {
		await writeFile(beside, serialise(value), { flush: true });
		await rename(beside, file);
	} catch (error) {
		await rm(beside, { force: true });
		throw error;
	}
}

export function newCell(source: string, tags: readonly string[]): Cell {
	return {
		id: randomUUID().slice(0, 8),
		cell_type: "code",
		source,
		metadata: { tags: [...tags] },
		outputs: [],
		execution_count: null,
	};
}
