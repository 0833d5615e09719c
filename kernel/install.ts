import {
	accessSync,
	constants,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The kernelspec: the folder by which Jupyter knows this kernel, written without Jupyter or Python. */

export const KERNEL_NAME = "fovea";

export type Place =
	| { readonly kind: "user" }
	| { readonly kind: "prefix"; readonly prefix: string }
	/** The Python environment in use. */
	| { readonly kind: "sys-prefix" };

/** Jupyter's data folder of this user, as jupyter_core finds it. */
export function userDataFolder(env = process.env, platform = process.platform, home = os.homedir()): string {
	if (env["JUPYTER_DATA_DIR"]) return env["JUPYTER_DATA_DIR"];
	if (platform === "darwin") return path.join(home, "Library", "Jupyter");
	if (platform === "win32") return path.join(env["APPDATA"] ?? path.join(home, "AppData", "Roaming"), "jupyter");
	return path.join(env["XDG_DATA_HOME"] ?? path.join(home, ".local", "share"), "jupyter");
}

/** @throws Error when there is no Python environment to find for `sys-prefix`. */
export function kernelsFolder(place: Place, env = process.env): string {
	if (place.kind === "user") return path.join(userDataFolder(env), "kernels");
	if (place.kind === "prefix") return path.join(path.resolve(place.prefix), "share", "jupyter", "kernels");
	const prefix = env["VIRTUAL_ENV"] ?? env["CONDA_PREFIX"] ?? prefixOfJupyter(env);
	if (!prefix)
		throw new Error(
			"kernel install: --sys-prefix needs an active Python environment or jupyter on PATH, got neither; use --prefix DIR",
		);
	return path.join(prefix, "share", "jupyter", "kernels");
}

function prefixOfJupyter(env: NodeJS.ProcessEnv): string | undefined {
	const names = process.platform === "win32" ? ["jupyter.exe"] : ["jupyter"];
	for (const folder of (env["PATH"] ?? "").split(path.delimiter))
		for (const name of names) if (folder !== "" && existsSync(path.join(folder, name))) return path.dirname(folder);
	return undefined;
}

/** What kernel.json says. Both paths are absolute: Jupyter may not have the PATH we have. */
export function kernelspec(): Readonly<Record<string, unknown>> {
	return {
		argv: [process.execPath, fileURLToPath(new URL("./main.js", import.meta.url)), "{connection_file}"],
		display_name: "TypeScript (fovea)",
		language: "typescript",
		interrupt_mode: "message",
		metadata: { debugger: false, supported_encryption: null },
	};
}

/** Writes the kernelspec and returns its folder. Installing again replaces it. */
export function installKernel(place: Place, env = process.env): string {
	const kernels = kernelsFolder(place, env);
	const folder = path.join(kernels, KERNEL_NAME);
	const beside = path.join(kernels, `.${KERNEL_NAME}-${process.pid}`);
	try {
		mkdirSync(beside, { recursive: true });
		accessSync(kernels, constants.W_OK);
	} catch (error) {
		throw new Error(
			`kernel install: folder must be writable, got ${kernels} (${(error as NodeJS.ErrnoException).code})`,
		);
	}
	writeFileSync(path.join(beside, "kernel.json"), `${JSON.stringify(kernelspec(), undefined, 2)}\n`);
	writeFileSync(path.join(beside, "logo-svg.svg"), LOGO);
	rmSync(folder, { recursive: true, force: true });
	renameSync(beside, folder);
	return folder;
}

/** Removes the kernelspec. @returns Its folder, or undefined when there was none. */
export function uninstallKernel(place: Place, env = process.env): string | undefined {
	const folder = path.join(kernelsFolder(place, env), KERNEL_NAME);
	if (!existsSync(folder)) return undefined;
	rmSync(folder, { recursive: true, force: true });
	return folder;
}

export interface Installed {
	readonly name: string;
	readonly folder: string;
	readonly displayName: string;
	readonly language: string;
	/** Whether the kernelspec starts this very copy of the package. */
	readonly isOurs: boolean;
	/** What is wrong with it, if anything. */
	readonly problem?: string;
}

/** Every kernelspec Jupyter would find, in its order of search. */
export function listKernels(env = process.env): Installed[] {
	const fromPath = (env["JUPYTER_PATH"] ?? "").split(path.delimiter).filter((each) => each !== "");
	const prefix = env["VIRTUAL_ENV"] ?? env["CONDA_PREFIX"] ?? prefixOfJupyter(env);
	const folders = [
		...fromPath,
		userDataFolder(env),
		...(prefix ? [path.join(prefix, "share", "jupyter")] : []),
		"/usr/local/share/jupyter",
		"/usr/share/jupyter",
	].map((each) => path.join(each, "kernels"));
	return [...new Set(folders)].flatMap((folder) =>
		existsSync(folder)
			? readdirSync(folder)
					.filter((name) => existsSync(path.join(folder, name, "kernel.json")))
					.map((name) => describe(name, path.join(folder, name)))
			: [],
	);
}

function describe(name: string, folder: string): Installed {
	try {
		const spec = JSON.parse(readFileSync(path.join(folder, "kernel.json"), "utf8")) as Record<string, unknown>;
		const argv = Array.isArray(spec["argv"]) ? spec["argv"].map(String) : [];
		const missing = argv.slice(0, 2).find((each) => path.isAbsolute(each) && !existsSync(each));
		return {
			name,
			folder,
			displayName: String(spec["display_name"] ?? name),
			language: String(spec["language"] ?? ""),
			isOurs: argv.includes(fileURLToPath(new URL("./main.js", import.meta.url))),
			...(missing ? { problem: `${missing} is gone; run fovea kernel install again` } : {}),
		};
	} catch (error) {
		return { name, folder, displayName: name, language: "", isOurs: false, problem: (error as Error).message };
	}
}

/** A fixation point in an open eye. */
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path d="M4 32Q32 4 60 32Q32 60 4 32Z" fill="none" stroke="#235a97" stroke-width="4"/><circle cx="32" cy="32" r="11" fill="#235a97"/><circle cx="32" cy="32" r="4" fill="#fff"/></svg>
`;
