import { spawn } from "node:child_process";

export interface Outcome {
	/** The exit code; null where a signal ended it. */
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface FoveaOptions {
	/** Set on top of this process's environment; undefined removes one. */
	readonly environment?: Readonly<Record<string, string | undefined>>;
	readonly cwd?: string;
	/** Called with what is on stderr so far and a function that sends a signal. */
	readonly watch?: (stderr: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the built command line in a process of its own. */
export async function fovea(words: readonly string[], options: FoveaOptions = {}): Promise<Outcome> {
	const { environment = {}, cwd, watch } = options;
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [new URL("../../harness/cli.js", import.meta.url).pathname, ...words], {
			cwd,
			env: { ...process.env, ...environment },
			stdio: ["ignore", "pipe", "pipe"],
		});
		let stdout = "";
		let stderr = "";
		child.stdout.on("data", (chunk: Buffer) => {
			stdout += chunk.toString();
		});
		child.stderr.on("data", (chunk: Buffer) => {
			stderr += chunk.toString();
			watch?.(stderr, (signal) => child.kill(signal));
		});
		child.on("error", reject);
		child.on("close", (code) => resolve({ code, stdout, stderr }));
	});
}
