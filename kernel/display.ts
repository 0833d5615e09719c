import { bundleOf, DISPLAY } from "./bundle.ts";
import { currentHub } from "./hub.ts";
import type { Bundle } from "./messages.ts";

/** Showing things in a notebook. Outside one, text goes to stdout. */

export { DISPLAY, type Displayable } from "./bundle.ts";
export type { Bundle } from "./messages.ts";

/** Something on the page that can be shown anew in place. */
export class Shown {
	readonly id: string;
	/** Resolves once everything asked for so far is on the page. */
	ready: Promise<void> = Promise.resolve();

	constructor(id: string) {
		this.id = id;
	}

	/** Shows another value in this one's place. */
	update(value: unknown): Shown {
		this.show(value, true);
		return this;
	}

	/** A handle that ends a cell shows nothing of itself. */
	[DISPLAY](): Bundle {
		return {};
	}

	show(value: unknown, update: boolean): void {
		const bundle = bundleOf(value);
		const hub = currentHub();
		const pending = hub?.pending ?? [];
		const before = pending.at(-1);
		if (!(bundle instanceof Promise) && !before) {
			send(bundle, { id: this.id, update });
			return;
		}
		// What is shown comes in the order in which it was asked for, also where one takes longer to draw than the next.
		const earlier = (before ?? this.ready).catch(() => {});
		const ready = Promise.all([bundle, earlier]).then(([done]) => send(done, { id: this.id, update }));
		this.ready = ready;
		if (!hub) return;
		pending.push(ready);
		ready.then(
			() => pending.includes(ready) && pending.splice(pending.indexOf(ready), 1),
			() => {},
		);
	}
}

let shown = 0;

/** Shows a value in its richest form. @returns A handle that shows another value in its place. */
export function display(value: unknown): Shown {
	const handle = new Shown(`fovea-${process.pid}-${++shown}-${performance.timeOrigin.toString(36)}`);
	handle.show(value, false);
	return handle;
}

/** A MIME bundle as it is; bytes become base64. */
export function bundle(data: Bundle) {
	return { [DISPLAY]: (): Bundle => data };
}

function send(
	bundle: Bundle,
	options: { readonly id: string; readonly update?: boolean; readonly metadata?: Bundle },
): void {
	const hub = currentHub();
	if (hub) hub.display(bundle, options);
	else process.stdout.write(`${String(bundle["text/plain"] ?? `[${Object.keys(bundle).join(", ")}]`)}\n`);
}

/** Clears the running cell's outputs. @param wait Keep them until the next output comes, so that nothing flickers. */
export function clear(wait = false): void {
	currentHub()?.clear(wait);
}

function rich(type: string, data: unknown, text: string) {
	return { [DISPLAY]: (): Bundle => ({ [type]: data, "text/plain": text }) };
}

export function html(markup: string) {
	return rich("text/html", markup, markup.replace(/<[^>]*>/g, ""));
}

export function markdown(text: string) {
	return rich("text/markdown", text, text);
}

export function svg(markup: string) {
	return rich("image/svg+xml", markup, "[SVG picture]");
}

export function png(bytes: Uint8Array) {
	return rich("image/png", bytes, `[PNG picture, ${bytes.length} bytes]`);
}

/** @param formula Without the dollar signs. */
export function latex(formula: string) {
	return rich("text/latex", `$$${formula}$$`, formula);
}

export function json(value: unknown) {
	return rich("application/json", value, JSON.stringify(value, undefined, 2));
}
