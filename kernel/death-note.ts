import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Header } from "./messages.ts";
import type { Connection } from "./sockets.ts";

/**
 * Tells the front end when the kernel dies of something no JavaScript can catch: V8 out of memory, a crash in native
 * code, the system's own killing. A shell, one megabyte in size, holds the other end of a pipe; when the pipe breaks
 * without a farewell, it starts `last-words.js`, which speaks on the kernel's ports.
 */

const SCRIPT = `last=
while IFS= read -r line; do last=$line; done
case $last in bye | "") ;; *) exec "$1" "$2" "$last" ;; esac`;
/** The connection goes by the environment: its file may be gone by then, and arguments are everyone's to read. */
export const CONNECTION_VARIABLE = "FOVEA_LAST_CONNECTION";

export class DeathNote {
	private readonly shell: ChildProcess | undefined;

	constructor(connection: Connection) {
		// Windows has no such shell; there Jupyter alone reports the death.
		if (process.platform === "win32") return;
		const lastWords = fileURLToPath(new URL("./last-words.js", import.meta.url));
		this.shell = spawn("/bin/sh", ["-c", SCRIPT, "sh", process.execPath, lastWords], {
			env: { ...process.env, [CONNECTION_VARIABLE]: JSON.stringify(connection) },
			stdio: ["pipe", "ignore", "ignore"],
		});
		this.shell.on("error", () => {});
		this.shell.stdin?.on("error", () => {});
		this.shell.unref();
	}

	/** What would be lost if the kernel died now. */
	running(header: Header | undefined): void {
		this.shell?.stdin?.write(`${header ? JSON.stringify(header) : ""}\n`);
	}

	/** The kernel leaves of its own will. */
	bye(): void {
		this.shell?.stdin?.end("bye\n");
	}
}
