import { type Notebook, newCell } from "./notebook.ts";

/** Parameters of a notebook, as papermill has them: values set in a cell below the one tagged `parameters`. */

const NAME = /^[A-Za-z_$][\w$]*$/;

/** A value given on the command line: JSON where it reads as JSON, text otherwise. */
export function parseParameter(argument: string): [name: string, value: unknown] {
	const at = argument.indexOf("=");
	const name = argument.slice(0, at);
	if (at < 0 || !NAME.test(name)) throw new Error(`run: -p must be name=value, got ${argument}`);
	const text = argument.slice(at + 1);
	try {
		return [name, JSON.parse(text)];
	} catch {
		return [name, text];
	}
}

/** TypeScript for a JSON value; numbers that JSON has no word for included. */
export function toTypeScript(value: unknown): string {
	if (typeof value === "number" && !Number.isFinite(value))
		return Number.isNaN(value) ? "NaN" : `${value > 0 ? "" : "-"}Infinity`;
	if (Array.isArray(value)) return `[${value.map(toTypeScript).join(", ")}]`;
	if (typeof value === "object" && value !== null)
		return `{ ${Object.entries(value)
			.map(([name, each]) => `${JSON.stringify(name)}: ${toTypeScript(each)}`)
			.join(", ")} }`;
	return JSON.stringify(value) ?? "undefined";
}

/** Adds a cell that sets the parameters, below the cell of defaults or on top. A cell added before is replaced. */
export function injectParameters(notebook: Notebook, parameters: Readonly<Record<string, unknown>>): Notebook {
	const names = Object.keys(parameters);
	const cells = notebook.cells.filter((cell) => !cell.metadata.tags?.includes("injected-parameters"));
	if (names.length === 0) return { ...notebook, cells };
	// Declared anew rather than assigned: the defaults may be constants, and of a narrower type.
	const source = names.map((name) => `let ${name} = ${toTypeScript(parameters[name])};`).join("\n");
	const at = cells.findIndex((cell) => cell.metadata.tags?.includes("parameters"));
	return {
		...notebook,
		cells: cells.toSpliced(at + 1, 0, newCell(`// Parameters\n${source}`, ["injected-parameters"])),
	};
}
