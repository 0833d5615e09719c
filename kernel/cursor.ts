import type { Message } from "./messages.ts";

/** Places in a cell's text. TypeScript counts UTF-16 units; the protocol counts characters, and not every front end heeds it. */

export interface Cursor {
	/** In UTF-16 units. */
	readonly at: number;
	/** A place in UTF-16 units, as the front end that asked counts. */
	readonly counted: (units: number) => number;
}

export class Cursors {
	/** Sessions of front ends that count units, as VS Code does. */
	private readonly inUnits = new Set<string>();

	/** Where a request for completion or inspection points. */
	read({ header, content }: Message, code: string): Cursor {
		const characters = [...code].length;
		const cursor = Number(content["cursor_pos"] ?? characters);
		// No character is so far along: from now on it is known how this front end counts.
		if (cursor > characters) this.inUnits.add(header.session);
		if (this.inUnits.has(header.session)) return { at: Math.min(cursor, code.length), counted: (units) => units };
		return { at: toUtf16(code, cursor), counted: (units) => [...code.slice(0, units)].length };
	}
}

function toUtf16(text: string, characters: number): number {
	let units = 0;
	let seen = 0;
	for (const character of text) {
		if (seen++ >= characters) break;
		units += character.length;
	}
	return units;
}
