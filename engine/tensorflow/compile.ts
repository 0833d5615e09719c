import { rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { findProgram, lastLine, run } from "./command.ts";
import { addonPath, quietPath } from "./installation.ts";
import { kernelSources, kernelsPath } from "./native.ts";
import { libraryNames } from "./python.ts";
import { quietSource } from "./quiet.ts";

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
 * Compiles tfjs-node's addon and our own in `folder` against the libraries in `folder`/site/tensorflow. They speak TensorFlow's C API and
 * Node-API, both stable, so one build serves every Node. Finds its libraries relative to itself: the folder can be renamed.
 */
export async function compileAddons(folder: string, signal?: AbortSignal): Promise<void> {
	const source = join(folder, "node_modules", "@tensorflow", "tfjs-node");
	const quiet = join(folder, "quiet.cc");
	await writeFile(quiet, quietSource);
	await compile([...headersOf(folder), quiet], quietPath(folder), signal);
	const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(source, "binding", name));
	await compile([...headersOf(folder), ...sources, ...librariesOf(folder)], addonPath(folder), signal);
	await compileKernels(folder, signal);
}

/** Compiles all that is our own in `folder`, which has all else, into one addon: its parts share their threads. */
export async function compileKernels(folder: string, signal?: AbortSignal): Promise<void> {
	const inputs = ["-O3", ...headersOf(folder), ...kernelSources, ...librariesOf(folder)];
	await compile(inputs, kernelsPath(folder), signal);
}

function headersOf(folder: string): string[] {
	const packages = join(folder, "node_modules");
	const folders = [join(packages, "@tensorflow"), join(folder, "site", "tensorflow", "include")];
	return [...folders, join(packages, "node-api-headers", "include")].map((path) => `-I${path}`);
}

function librariesOf(folder: string): string[] {
	const site = join(folder, "site", "tensorflow");
	return [...libraryNames.map((name) => join(site, name)), "-Wl,-rpath,$ORIGIN/site/tensorflow"];
}

async function compile(inputs: readonly string[], target: string, signal?: AbortSignal): Promise<void> {
	const compiler = findCompiler();
	const partial = `${target}.partial`;
	const options = [
		"-std=c++17",
		"-O2",
		"-w",
		"-shared",
		"-fPIC",
		"-pthread",
		"-DNAPI_VERSION=8",
		...inputs,
		"-o",
		partial,
	];
	const built = await run(compiler, options, { signal });
	if (built.code !== 0) {
		const error =
			built.stderr.split("\n").find((line) => /error|cannot|undefined/.test(line)) ?? lastLine(built.stderr);
		throw new Error(`engine install: ${compiler} must compile ${basename(target)}, got: ${error.trim()}`);
	}
	await rename(partial, target);
}
