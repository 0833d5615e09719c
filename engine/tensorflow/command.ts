import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export interface Finished {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface CommandOptions {
	readonly cwd?: string | undefined;
	readonly environment?: NodeJS.ProcessEnv | undefined;
	readonly signal?: AbortSignal | undefined;
}

/** Runs a program to its end and gives what it printed; a code other than 0 is a result, not an error. */
export async function run(
	program: string,
	options: readonly string[],
	settings: CommandOptions = {},
): Promise<Finished> {
	const { cwd, environment, signal } = settings;
	return new Promise((resolve, reject) => {
		const child = spawn(program, [...options], {
			cwd,
			env: environment ?? process.env,
			signal,
			stdio: ["ignore", "pipe", "pipe"],
		});
		const stdout: Buffer[] = [];
		const stderr: Buffer[] = [];
		child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
		child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
		child.on("error", reject);
		child.on("close", (code) => {
			resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
		});
	});
}

/** The path of the first of `names` found on `PATH` (or given as a path), or undefined. */
export function findProgram(names: readonly string[]): string | undefined {
	const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
	for (const name of names) {
		const candidates = name.includes("/") ? [name] : folders.map((folder) => join(folder, name));
		const found = candidates.find(isExecutable);
		if (found !== undefined) return found;
	}
	return undefined;
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** The lines of `text` that say something, last first. */
export function lastLine(text: string): string {
	const lines = text.split("\n").map((line) => line.trim());
	return lines.findLast((line) => line !== "") ?? "no message";
}
