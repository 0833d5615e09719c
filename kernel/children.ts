import childProcess, { type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * Children that a cell starts with its own output (`stdio: "inherit"`) print into the cell: the process's real streams
 * lead to the terminal that Jupyter was started from, where nobody looks.
 */

type Stdio = StdioOptions | undefined;
interface Options {
	readonly stdio?: Stdio;
}

const STREAMS = ["stdin", "stdout", "stderr"] as const;

/** The three entries of `stdio` as an array. */
function entries(stdio: Stdio): unknown[] {
	return Array.isArray(stdio) ? [...stdio] : [stdio, stdio, stdio];
}

/** Which of the child's outputs (1, 2) would go to the process's own. */
function inherited(stdio: Stdio): (1 | 2)[] {
	const given = entries(stdio);
	return ([1, 2] as const).filter(
		(at) => given[at] === "inherit" || given[at] === at || given[at] === process[STREAMS[at]],
	);
}

/** A child that runs beside the cell: its output is piped, and passed on as it comes. */
function installAsynchronous(): void {
	const { prototype } = childProcess.ChildProcess as unknown as {
		prototype: ChildProcess & { spawn(options: Options): unknown };
	};
	const { spawn } = prototype;
	prototype.spawn = function (this: ChildProcess, options: Options) {
		const outputs = inherited(options.stdio);
		const stdio = entries(options.stdio);
		for (const at of outputs) stdio[at] = "pipe";
		const result = spawn.call(this, outputs.length > 0 ? { ...options, stdio: stdio as StdioOptions } : options);
		for (const at of outputs) {
			const stream = this[STREAMS[at]] as NodeJS.ReadableStream | null;
			stream?.on("data", (chunk: Buffer) => process[at === 1 ? "stdout" : "stderr"].write(chunk));
			// As Node has it for a stream that the parent shares.
			Object.assign(this, { [STREAMS[at]]: null });
		}
		return result;
	};
}

type Synchronous = (file: string, ...rest: unknown[]) => unknown;

/** A child the cell waits for writes into files, which are printed once it has ended. */
function installSynchronous(name: "spawnSync" | "execSync" | "execFileSync"): void {
	const original = childProcess[name] as Synchronous;
	const wrapped: Synchronous = (file, ...rest) => {
		const at = rest.findIndex((each) => typeof each === "object" && each !== null && !Array.isArray(each));
		const options = (rest[at] ?? {}) as Options;
		const outputs = inherited(options.stdio);
		if (outputs.length === 0) return original(file, ...rest);
		const folder = mkdtempSync(path.join(tmpdir(), "fovea-child-"));
		const stdio = entries(options.stdio);
		const files = outputs.map((output) => ({ output, file: path.join(folder, String(output)) }));
		for (const each of files) stdio[each.output] = openSync(each.file, "w");
		try {
			return original(file, ...rest.with(at, { ...options, stdio }));
		} finally {
			for (const each of files) {
				closeSync(stdio[each.output] as number);
				process[each.output === 1 ? "stdout" : "stderr"].write(readFileSync(each.file));
			}
			rmSync(folder, { recursive: true, force: true });
		}
	};
	Object.assign(childProcess, { [name]: wrapped });
}

export function installChildren(): void {
	installAsynchronous();
	for (const name of ["spawnSync", "execSync", "execFileSync"] as const) installSynchronous(name);
	syncBuiltinESMExports();
}
