import { spawn } from "node:child_process";
import type { Outcome } from "./fovea.ts";

/** Runs a program to its end. */
export async function run(
	program: string,
	words: readonly string[],
	{ cwd, environment = {} }: { readonly cwd?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Outcome> {
	return new Promise((resolve, reject) => {
		const child = spawn(program, words, {
			cwd,
			env: { ...process.env, ...environment },
			stdio: ["ignore", "pipe", "pipe"],
		});
		let [stdout, stderr] = ["", ""];
		child.stdout.on("data", (chunk: Buffer) => {
			stdout += chunk.toString();
		});
		child.stderr.on("data", (chunk: Buffer) => {
			stderr += chunk.toString();
		});
		child.on("error", reject);
		child.on("close", (code) => resolve({ code, stdout, stderr }));
	});
}
