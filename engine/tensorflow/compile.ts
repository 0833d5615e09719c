import { rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { float64Source } from "../float64/native.ts";
import { findProgram, lastLine, run } from "./command.ts";
import { addonPath, float64Path, kernelsPath, quietPath } from "./installation.ts";
import { kernelsSource } from "./native.ts";
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
	const site = join(folder, "site", "tensorflow");
	const node = `-I${join(folder, "node_modules", "node-api-headers", "include")}`;
	const quiet = join(folder, "quiet.cc");
	await writeFile(quiet, quietSource);
	await compile([node, quiet], quietPath(folder), signal);
	const headers = [`-I${join(source, "..")}`, `-I${join(site, "include")}`, node];
	const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(source, "binding", name));
	const libraries = libraryNames.map((name) => join(site, name));
	const linked = [...libraries, "-Wl,-rpath,$ORIGIN/site/tensorflow"];
	await compile([...headers, ...sources, ...linked], addonPath(folder), signal);
	await compile(["-O3", ...headers, kernelsSource, ...linked], kernelsPath(folder), signal);
	await compile(["-O3", node, float64Source], float64Path(folder), signal);
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
