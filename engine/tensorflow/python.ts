import { existsSync } from "node:fs";
import { join } from "node:path";
import { findProgram, lastLine, run } from "./command.ts";

/** The two libraries of a Python tensorflow that hold all of TensorFlow's C API. */
export const libraryNames = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"] as const;

/** Path of the user's Python 3. Throws, with the fix, where there is none. */
export async function findPython(): Promise<string> {
	const python = findProgram(["python3", "python"]);
	if (python !== undefined) {
		const asked = await run(python, ["-c", "import sys; print(sys.version_info[0])"]);
		if (asked.code === 0 && asked.stdout.trim() === "3") return python;
	}
	throw new Error(
		"engine install: Python 3 with pip must be on PATH to fetch TensorFlow's wheel, got none; fix: apt-get install python3 python3-pip, or give a wheel by --from",
	);
}

/** Folder of the `tensorflow` package that this Python would import and that holds the libraries, or undefined. */
export async function findInstalledTensorflow(python: string, signal?: AbortSignal): Promise<string | undefined> {
	// Found without being imported: an import takes seconds and prints.
	const script =
		"import importlib.util as u; s = u.find_spec('tensorflow'); print(list(s.submodule_search_locations)[0] if s else '')";
	const asked = await run(python, ["-c", script], { signal });
	const folder = lastLine(asked.stdout);
	return asked.code === 0 && folder.startsWith("/") && hasLibraries(folder) ? folder : undefined;
}

/** True where `folder` is a tensorflow package whose libraries can be linked. */
export function hasLibraries(folder: string): boolean {
	return libraryNames.every((name) => existsSync(join(folder, name))) && existsSync(join(folder, "include"));
}

/** True where pip can be run by `python`. Throws, with the fix, where it cannot. */
export async function requirePip(python: string): Promise<void> {
	const asked = await run(python, ["-m", "pip", "--version"]);
	if (asked.code === 0) return;
	throw new Error(
		`engine install: pip must work (${python} -m pip), got: ${lastLine(asked.stderr)}; fix: apt-get install python3-pip, or ${python} -m ensurepip`,
	);
}

/** True for a build of TensorFlow for NVIDIA GPUs, by the note it keeps of its build. */
export function isCudaBuild(buildInfo: string): boolean {
	return /'is_cuda_build',\s*True|'is_cuda_build':\s*True/.test(buildInfo);
}
