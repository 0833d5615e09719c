import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findProgram, lastLine, run } from "./command.ts";

/** The tfjs-node whose addon is compiled: the one that belongs to the tfjs this package uses. */
export const tfjsNodeVersion = "4.22.0";

/**
 * Installs `@tensorflow/tfjs-node` into `folder` without running its install script. Its `@tensorflow/tfjs` and
 * `@tensorflow/tfjs-core` are one-line packages that hand on the copy of the running process: a second tfjs would make
 * tensors that the first does not know.
 */
export async function installPackages(folder: string, signal?: AbortSignal): Promise<void> {
	const npm = findProgram(["npm"]);
	if (npm === undefined) throw new Error("engine install: npm must be on PATH, got none; fix: install Node with npm");
	for (const name of ["tfjs", "tfjs-core"]) {
		const shared = join(folder, "shared", name);
		await mkdir(shared, { recursive: true });
		const manifest = { name: `@tensorflow/${name}`, version: tfjsNodeVersion, main: "index.js" };
		await writeFile(join(shared, "package.json"), JSON.stringify(manifest));
		await writeFile(join(shared, "index.js"), 'module.exports = globalThis[Symbol.for("fovea.tfjs")];\n');
	}
	const manifest = {
		private: true,
		dependencies: {
			"@tensorflow/tfjs-node": tfjsNodeVersion,
			"@tensorflow/tfjs": "file:./shared/tfjs",
			"@tensorflow/tfjs-core": "file:./shared/tfjs-core",
			"node-api-headers": "1.9.0",
		},
		overrides: { "@tensorflow/tfjs": "$@tensorflow/tfjs" },
	};
	await writeFile(join(folder, "package.json"), JSON.stringify(manifest, undefined, "\t"));
	// Started by npx, npm would take over settings meant for its parent: those that matter are said here.
	const options = [
		"install",
		"--prefix",
		folder,
		"--global=false",
		"--dry-run=false",
		"--ignore-scripts",
		"--package-lock=false",
	];
	const quiet = ["--audit=false", "--fund=false", "--loglevel=error"];
	const installed = await run(npm, [...options, ...quiet], { cwd: folder, signal });
	if (installed.code !== 0) {
		const error =
			installed.stderr.split("\n").find((line) => /npm error (?!code|errno)/.test(line)) ?? lastLine(installed.stderr);
		throw new Error(`engine install: npm must install @tensorflow/tfjs-node@${tfjsNodeVersion}, got: ${error.trim()}`);
	}
}
