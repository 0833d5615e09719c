import { mkdirSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A lock file that another machine has not renewed for this long is abandoned, in milliseconds. */
const abandonedAfter = 120_000;
const renewedEvery = 20_000;

/** A file that one process at a time holds; freed by `dispose`, and taken over from a process that has died. */
export class Lock implements Disposable {
	readonly #path: string;
	readonly #renewal: NodeJS.Timeout;

	private constructor(path: string) {
		this.#path = path;
		this.#renewal = setInterval(() => {
			try {
				utimesSync(path, new Date(), new Date());
			} catch {
				// Removed by hand: the work goes on, the rename at its end is atomic.
			}
		}, renewedEvery).unref();
	}

	/** Waits until the lock at `path` is free and takes it; yields once, the holder's process id, where it has to wait. */
	static async *take(path: string, signal?: AbortSignal): AsyncGenerator<number, Lock> {
		mkdirSync(dirname(path), { recursive: true });
		let told = false;
		for (;;) {
			signal?.throwIfAborted();
			try {
				writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: "wx" });
				return new Lock(path);
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
			}
			const holder = readHolder(path);
			if (holder === undefined) continue;
			if (holder === "abandoned") {
				unlinkSync(path);
				continue;
			}
			if (!told) yield holder;
			told = true;
			await sleep(250, undefined, { signal });
		}
	}

	[Symbol.dispose](): void {
		clearInterval(this.#renewal);
		try {
			unlinkSync(this.#path);
		} catch {
			// Removed by hand already.
		}
	}
}

/** The process that holds the lock; undefined where the file vanished meanwhile. */
function readHolder(path: string): number | "abandoned" | undefined {
	let text: string;
	let age: number;
	try {
		text = readFileSync(path, "utf8");
		age = Date.now() - statSync(path).mtimeMs;
	} catch {
		return undefined;
	}
	let pid = 0;
	let host = "";
	try {
		({ pid, host } = JSON.parse(text));
	} catch {
		// Written this moment, or torn by a crash: its age decides.
		return age > 5_000 ? "abandoned" : pid;
	}
	if (host !== hostname()) return age > abandonedAfter ? "abandoned" : pid;
	try {
		process.kill(pid, 0);
		return pid;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM" ? pid : "abandoned";
	}
}
