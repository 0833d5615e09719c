import { rename } from "node:fs/promises";
import { join } from "node:path";
import { findProgram, lastLine, run } from "./command.ts";
import { addonPath } from "./installation.ts";
import { libraryNames } from "./python.ts";

/** Path of a C++ compiler: `CXX`, else the usual names. Throws, with the fix, where there is none. */
export function findCompiler(): string {
	const asked = process.env["CXX"];
	const compiler = findProgram(asked ? [asked] : ["c++", "g++", "clang++"]);
	if (compiler !== undefined) return compiler;
	throw new Error(
		`engine install: a C++ compiler must be on PATH, got none${asked ? ` by the name CXX gives, ${asked}` : ""}; fix: apt-get install g++`,
	);
}

/**
 * Compiles tfjs-node's addon in `folder` against the libraries in `folder`/site/tensorflow. It speaks TensorFlow's C API and
 * Node-API, both stable, so one build serves every Node. Finds its libraries relative to itself: the folder can be renamed.
 */
export async function compileAddon(folder: string, signal?: AbortSignal): Promise<void> {
	const compiler = findCompiler();
	const source = join(folder, "node_modules", "@tensorflow", "tfjs-node");
	const site = join(folder, "site", "tensorflow");
	const partial = `${addonPath(folder)}.partial`;
	const options = [
		"-std=c++17",
		"-O2",
		"-w",
		"-shared",
		"-fPIC",
		"-DNAPI_VERSION=8",
		`-I${join(source, "..")}`,
		`-I${join(site, "include")}`,
		`-I${join(folder, "node_modules", "node-api-headers", "include")}`,
		join(source, "binding", "tfjs_backend.cc"),
		join(source, "binding", "tfjs_binding.cc"),
		...libraryNames.map((name) => join(site, name)),
		"-Wl,-rpath,$ORIGIN/site/tensorflow",
		"-o",
		partial,
	];
	const built = await run(compiler, options, { signal });
	if (built.code !== 0) {
		const error =
			built.stderr.split("\n").find((line) => /error|cannot|undefined/.test(line)) ?? lastLine(built.stderr);
		throw new Error(`engine install: ${compiler} must compile tfjs-node's addon, got: ${error.trim()}`);
	}
	await rename(partial, addonPath(folder));
}
