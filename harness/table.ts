/** Text tables for terminals and Markdown: same cells, two forms. */
export interface Table {
	readonly title: string;
	readonly columns: readonly string[];
	readonly rows: readonly (readonly string[])[];
}

/** Columns padded with spaces, the first left, the rest right; no colour. */
export function textTable({ title, columns, rows: given }: Table): string {
	const rows = given.map((row) => row.map(oneLine));
	const widths = columns.map((column, index) =>
		Math.max(column.length, ...rows.map((row) => (row[index] ?? "").length)),
	);
	const line = (cells: readonly string[]) =>
		widths
			.map((width, index) => (index === 0 ? (cells[index] ?? "").padEnd(width) : (cells[index] ?? "").padStart(width)))
			.join("  ")
			.trimEnd();
	const rule = widths.map((width) => "─".repeat(width)).join("  ");
	return [title, rule, line(columns), rule, ...rows.map(line), rule].join("\n");
}

/** A Markdown table; `|` and `<` in cells are escaped. */
export function markdownTable({ title, columns, rows }: Table): string {
	const escaped = (cell: string) => oneLine(cell).replaceAll("|", "\\|").replaceAll("<", "&lt;");
	const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`;
	const rule = `| ${columns.map((_, index) => (index === 0 ? "---" : "---:")).join(" | ")} |`;
	return [`**${title}**`, "", line(columns), rule, ...rows.map(line)].join("\n");
}

/** A file's name may hold a line break, a row of a table not. */
function oneLine(cell: string): string {
	return cell.replace(/\s*[\r\n]\s*/g, " ");
}
