import type { Bundle } from "./messages.ts";

/** Rows of records as a table: HTML where it can be shown, Markdown and text elsewhere. */

export type Row = Readonly<Record<string, unknown>>;

export interface TableOptions {
	/** @default every key, in order of appearance */
	readonly columns?: readonly string[];
	readonly caption?: string;
	/** Significant digits of numbers that are not whole. @default 4 */
	readonly digits?: number;
}

export class Table {
	readonly rows: readonly Row[];
	readonly columns: readonly string[];
	private readonly options: TableOptions;

	constructor(rows: readonly Row[], options: TableOptions = {}) {
		this.rows = rows;
		this.options = options;
		this.columns = options.columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
	}

	private text(value: unknown): string {
		if (value === undefined || value === null) return "";
		if (typeof value !== "number") return typeof value === "object" ? JSON.stringify(value) : String(value);
		return Number.isInteger(value) || !Number.isFinite(value)
			? String(value)
			: String(Number(value.toPrecision(this.options.digits ?? 4)));
	}

	private cells(): string[][] {
		return this.rows.map((row) => this.columns.map((column) => this.text(row[column])));
	}

	html(): string {
		const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
		const numeric = this.columns.map((column) =>
			this.rows.every((row) => typeof row[column] === "number" || row[column] === undefined),
		);
		const align = (index: number) => ` style="text-align:${numeric[index] ? "right" : "left"}"`;
		const head = this.columns.map((column, index) => `<th${align(index)}>${escaped(column)}</th>`).join("");
		const body = this.cells().map(
			(row) => `<tr>${row.map((cell, index) => `<td${align(index)}>${escaped(cell)}</td>`).join("")}</tr>`,
		);
		const { caption } = this.options;
		return `<table>${caption ? `<caption>${escaped(caption)}</caption>` : ""}<thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
	}

	markdown(): string {
		const row = (cells: readonly string[]) =>
			`| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
		const lines = [row(this.columns), row(this.columns.map(() => "---")), ...this.cells().map(row)];
		return (this.options.caption ? `${this.options.caption}\n\n` : "") + lines.join("\n");
	}

	toString(): string {
		const cells = [[...this.columns], ...this.cells()];
		const widths = this.columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
		return cells
			.map((row) =>
				row
					.map((cell, index) => cell.padEnd(widths[index] ?? 0))
					.join("  ")
					.trimEnd(),
			)
			.join("\n");
	}

	[Symbol.for("Jupyter.display")](): Bundle {
		return { "text/html": this.html(), "text/markdown": this.markdown(), "text/plain": this.toString() };
	}
}

export function table(rows: readonly Row[], options: TableOptions = {}): Table {
	return new Table(rows, options);
}
