import { Session } from "node:inspector";
import type { Shared } from "./shared.ts";

/** Stops the main thread from another one. Runs in the session's thread. */

/** A waiting main thread reads its mail within this; a busy one does not. */
const PATIENCE_MS = 20;

/**
 * Code that this global holds empties Node's stack of async contexts. Terminating a callback leaves that stack
 * unbalanced, and Node aborts when it finds it so.
 */
export const CLEAR_ASYNC_STACK = "__clearAsyncStack";

export class Interrupter {
	private readonly inspector = new Session();
	private readonly shared: Shared;

	constructor(shared: Shared) {
		this.shared = shared;
		this.inspector.connectToMainThread();
	}

	/** Terminates whatever the cell is doing if it does not read its mail. Resolves when it has ended or read. */
	async stop(id: number): Promise<void> {
		const stopped = () => this.shared.running !== id || this.shared.isAcknowledged(id);
		for (let wait = PATIENCE_MS; !stopped(); wait = 200) {
			await new Promise((resolve) => setTimeout(resolve, wait));
			if (stopped()) return;
			this.inspector.post("Runtime.evaluate", { expression: `${CLEAR_ASYNC_STACK}()`, silent: true });
			this.inspector.post("Runtime.terminateExecution");
		}
	}

	/** Bytes of JavaScript heap in use on the main thread. */
	heapUsed(): Promise<number> {
		return new Promise((resolve) =>
			this.inspector.post("Runtime.getHeapUsage", (error, usage?: object) =>
				resolve(error ? 0 : (usage as { usedSize: number }).usedSize),
			),
		);
	}

	collectGarbage(): void {
		this.inspector.post("HeapProfiler.collectGarbage");
	}

	disconnect(): void {
		this.inspector.disconnect();
	}
}
