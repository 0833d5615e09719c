import type { Executions } from "./execution.ts";
import type { Interrupter } from "./interrupter.ts";

/** Stops a cell that would otherwise take the whole kernel down for want of memory. */

const EVERY_MS = 50;
/** The share of the ceiling a cell gets that starts above it. */
const ROOM = 0.05;
const MEGABYTE = 2 ** 20;

export interface Ceilings {
	readonly ceiling: number;
	readonly heapCeiling: number;
}

export function watchMemory(
	executions: Executions,
	interrupter: Interrupter,
	{ ceiling, heapCeiling }: Ceilings,
): void {
	let asking = false;
	/** What was in use when the cell began: the cell that frees it must be allowed to run. */
	let before: { cell: number; heap: number; all: number } | undefined;
	setInterval(async () => {
		const cell = executions.newest;
		if (cell === 0 || asking) return;
		asking = true;
		const heap = await interrupter.heapUsed();
		asking = false;
		const all = process.memoryUsage.rss();
		// Cells of a run-all follow each other without a pause, and one must not pay for the one before it.
		if (before?.cell !== cell) before = { cell, heap, all };
		const heapMost = Math.max(heapCeiling, before.heap + ROOM * heapCeiling);
		const most = Math.max(ceiling, before.all + ROOM * ceiling);
		const [used, allowed, what] =
			heap > heapMost
				? [heap, heapMost, "of JavaScript heap (raise it by node's --max-old-space-size in kernel.json)"]
				: [all, most, "of memory (raise it by FOVEA_KERNEL_MEMORY, in megabytes)"];
		if (used <= allowed || executions.newest !== cell) return;
		const evalue = `the cell was stopped at the memory ceiling: ${megabytes(used)} MB in use, ${megabytes(allowed)} MB allowed ${what}; set what is no longer needed to undefined, or restart`;
		executions.interruptAll({ ename: "MemoryError", evalue, traceback: [evalue] });
		interrupter.collectGarbage();
	}, EVERY_MS).unref();
}

function megabytes(bytes: number): number {
	return Math.round(bytes / MEGABYTE);
}
