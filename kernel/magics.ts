/** The few `%` lines that notebook users expect; everything else of a cell is plain TypeScript. */

export interface Magics {
	/** The cell without its magics, on the same lines as before. */
	readonly source: string;
	/** `%%time`: print how long the cell took. */
	readonly time: boolean;
	/** `%%capture`: keep the cell's output to itself. */
	readonly capture: boolean;
	/** `%reset`: forget every name first. */
	readonly reset: boolean;
	/** A line that looks like a magic and is none we know. */
	readonly unknown: string | undefined;
}

const KNOWN = ["%%time", "%%capture", "%reset"];

export function readMagics(cell: string): Magics {
	const lines = cell.split("\n");
	const found = new Set<string>();
	let unknown: string | undefined;
	for (const [index, line] of lines.entries()) {
		const text = line.trim();
		if (text === "") continue;
		// Magics stand above the code: a `%` further down is the remainder operator.
		if (!/^%{1,2}[a-z]/i.test(text)) break;
		const [name = ""] = text.split(/\s/);
		if (KNOWN.includes(text)) found.add(text);
		else unknown ??= `${name}: the magics are ${KNOWN.join(", ")}, got ${text}`;
		lines[index] = "";
	}
	return {
		source: lines.join("\n"),
		time: found.has("%%time"),
		capture: found.has("%%capture"),
		reset: found.has("%reset"),
		unknown,
	};
}
