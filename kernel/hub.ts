import type { Bundle } from "./messages.ts";

/**
 * What a kernel offers to code that runs in it. It hangs on a global symbol rather than in a module, so that a
 * notebook's own copy of this package reaches the kernel that runs it.
 */
export interface Hub {
	/** Shows a bundle; with `update` it replaces what was shown under the same id. */
	display(
		bundle: Bundle,
		options: { readonly id?: string; readonly update?: boolean; readonly metadata?: Bundle },
	): void;
	/** Clears the cell's outputs, at once or when the next output comes. */
	clear(wait: boolean): void;
	/** Asks the reader for a line and waits for it. */
	input(prompt: string, password: boolean): string;
	/** Sends one comm message to the front end. */
	comm(type: "comm_open" | "comm_msg" | "comm_close", content: Bundle, buffers: readonly Uint8Array[]): void;
	/** Displays that are still being made; a cell ends after them. */
	readonly pending: Promise<void>[];
	/** Aborted when the running cell is interrupted. */
	readonly signal: AbortSignal;
}

/** The global through which a cell's own script reaches the kernel. */
export const CELL_GLOBAL = "__cell";

const KEY = Symbol.for("fovea.kernel");

/** The kernel this code runs in, or undefined in an ordinary program. */
export function currentHub(): Hub | undefined {
	return (globalThis as { [KEY]?: Hub })[KEY];
}

export function installHub(hub: Hub): void {
	Object.defineProperty(globalThis, KEY, { value: hub, enumerable: false });
}
