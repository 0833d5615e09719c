import { createRequire } from "node:module";
import { bundle, display as show } from "./display.ts";

/**
 * What notebooks written for tslab 1.0 import: `import * as tslab from "tslab"`. In this kernel that name means this file.
 */

function shown(type: string, data: string | Uint8Array, id?: string): void {
	const value = bundle({ [type]: data });
	if (id === undefined) {
		show(value);
		return;
	}
	const known = named.get(id);
	if (known) known.update(value);
	else named.set(id, show(value));
}
const named = new Map<string, ReturnType<typeof show>>();

/** A place that can be drawn on again, as tslab's `newDisplay()` gives. */
export interface Display {
	javascript(text: string): void;
	html(text: string): void;
	markdown(text: string): void;
	latex(text: string): void;
	svg(text: string): void;
	png(bytes: Uint8Array): void;
	jpeg(bytes: Uint8Array): void;
	gif(bytes: Uint8Array): void;
	pdf(bytes: Uint8Array): void;
	text(text: string): void;
	raw(type: string, data: string | Uint8Array): void;
}

function makeDisplay(id?: string): Display {
	const as = (type: string) => (data: string | Uint8Array) => shown(type, data, id);
	return {
		javascript: as("text/javascript"),
		html: as("text/html"),
		markdown: as("text/markdown"),
		latex: as("text/latex"),
		svg: as("image/svg+xml"),
		png: as("image/png"),
		jpeg: as("image/jpeg"),
		gif: as("image/gif"),
		pdf: as("application/pdf"),
		text: as("text/plain"),
		raw: (type, data) => shown(type, data, id),
	};
}

export const display: Display = makeDisplay();

let made = 0;
export function newDisplay(): Display {
	return makeDisplay(`tslab-${++made}`);
}

/** The versions behind the stand-in: this kernel speaks as tslab 1.0.22 did. */
export const versions = {
	tslab: "1.0.22",
	typescript: (createRequire(import.meta.url)("typescript/package.json") as { version: string }).version,
	node: process.version,
};
