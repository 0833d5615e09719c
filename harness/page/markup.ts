/** HTML from templates in which every value is escaped, so that no name out of a file can become markup. */

/** Text that is HTML already. */
export class Markup {
	readonly text: string;

	constructor(text: string) {
		this.text = text;
	}
}

type Value = string | number | Markup | readonly Markup[] | undefined | false;

/** A template of HTML. Values are escaped for text and for double-quoted attributes; markup and lists of it go in as they are. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
	return new Markup(parts.reduce((text, part, index) => text + shown(values[index - 1]) + part));
}

function shown(value: Value): string {
	if (value === undefined || value === false) return "";
	if (value instanceof Markup) return value.text;
	if (typeof value === "object") return value.map(({ text }) => text).join("");
	return escaped(String(value));
}

/** Text for an element or a quoted attribute. */
export function escaped(text: string): string {
	return text
		.replaceAll("&", "&amp;")
		.replaceAll("<", "&lt;")
		.replaceAll(">", "&gt;")
		.replaceAll('"', "&quot;")
		.replaceAll("'", "&#39;");
}

/** A value as JSON that may stand in a script element: nothing in it can end the element. */
export function scriptJson(value: unknown): string {
	return JSON.stringify(value)
		.replaceAll("<", "\\u003c")
		.replaceAll("\u2028", "\\u2028")
		.replaceAll("\u2029", "\\u2029");
}
