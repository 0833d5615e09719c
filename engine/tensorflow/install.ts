import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, realpath, rename, rm, stat, statfs, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { lastLine, run } from "./command.ts";
import { compileAddons, compileKernels, findCompiler } from "./compile.ts";
import { enginesFolder, type Installation, type Manifest, readInstallation } from "./installation.ts";
import { Lock } from "./lock.ts";
import { hasKernels, kernelsPath } from "./native.ts";
import { installPackages, tfjsNodeVersion } from "./packages.ts";
import { libraryNames } from "./python.ts";
import { findSource, provideLibraries, type Source } from "./source.ts";

/** One thing that is being done; `done` of `total` bytes where that is known. */
export interface InstallProgress {
	readonly text: string;
	readonly done?: number | undefined;
	readonly total?: number | undefined;
}

export interface InstallOptions {
	/** TensorFlow's CUDA build with NVIDIA's libraries. @default false */
	readonly gpu?: boolean;
	/** A tensorflow package folder, a site-packages folder or a wheel file. @default an installed Python tensorflow, else a download */
	readonly from?: string;
	readonly signal?: AbortSignal;
}

/** Free bytes that building needs at its peak: wheel, unpacked libraries, packages. */
const spaceNeeded = { cpu: 1.5e9, gpu: 10e9 };

/**
 * Builds the TensorFlow engine in the cache: libraries from Python's wheel, tfjs-node's addon compiled on them. Does nothing
 * where it is built already, goes on where an interrupted run stopped, and puts the result in place by a rename after a trial
 * in a process of its own. Yields what it is doing; gives the installation.
 */
export async function* installEngine(options: InstallOptions = {}): AsyncGenerator<InstallProgress, Installation> {
	requirePlatform();
	const { signal } = options;
	const from = options.from === undefined ? undefined : await realpath(options.from).catch(() => options.from);
	const wanted = { gpu: options.gpu ?? false, from, signal };
	const before = installed(wanted);
	if (before !== undefined && hasKernels(before.folder)) return before;
	using _lock = yield* takeLock(signal);
	const meanwhile = installed(wanted);
	if (meanwhile !== undefined) return yield* addKernels(meanwhile, signal);

	findCompiler();
	const source = await findSource(wanted);
	const staging = await openStaging(source);
	if (!existsSync(join(staging, "site"))) {
		await requireSpace(source);
		yield* provideLibraries(source, staging, signal);
	}
	yield { text: `fetching @tensorflow/tfjs-node ${tfjsNodeVersion}` };
	await installPackages(staging, signal);
	yield { text: "compiling the addons" };
	await compileAddons(staging, signal);
	yield { text: "trying the engine" };
	const tensorflow = await tryEngine(staging, signal);
	const device = source.gpu ? "gpu" : "cpu";
	await writeManifest(staging, { tensorflow, device, source: source.name });
	return await putInPlace(staging, `tensorflow-${tensorflow}-${device}-${Date.now().toString(36)}`);
}

/** Compiles the kernels of this version into an engine that has all else. */
async function* addKernels(installation: Installation, signal?: AbortSignal) {
	const { folder } = installation;
	if (hasKernels(folder)) return installation;
	yield { text: "compiling the kernels" };
	await compileKernels(folder, signal);
	yield { text: "trying the engine" };
	try {
		await tryEngine(folder, signal);
	} catch (error) {
		await rm(kernelsPath(folder), { force: true });
		throw error;
	}
	return installation;
}

/** Removes every TensorFlow engine in the cache, after an installation that runs has ended. Gives whether there was one. */
export async function* removeEngine(signal?: AbortSignal): AsyncGenerator<InstallProgress, boolean> {
	if (!existsSync(enginesFolder())) return false;
	using _lock = yield* takeLock(signal);
	const found = (await readdir(enginesFolder())).filter((name) => name !== lockName);
	// The link goes first: a program that starts meanwhile sees no engine rather than half of one.
	await rm(join(enginesFolder(), "current"), { recursive: true, force: true });
	for (const name of found) await rm(join(enginesFolder(), name), { recursive: true, force: true });
	return found.length > 0;
}

const lockName = "lock";

async function* takeLock(signal?: AbortSignal): AsyncGenerator<InstallProgress, Lock> {
	const taking = Lock.take(join(enginesFolder(), lockName), signal);
	let step = await taking.next();
	while (!step.done) {
		yield { text: `waiting for another installation, process ${step.value}` };
		step = await taking.next();
	}
	return step.value;
}

function requirePlatform(): void {
	const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
	const c = process.platform === "linux" && report.header.glibcVersionRuntime === undefined ? " without glibc" : "";
	if (process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64") && c === "") return;
	throw new Error(
		`engine install: must run on Linux with glibc on x64 or arm64, got ${process.platform}${c} on ${process.arch}; npm install @tensorflow/tfjs-node, where that works, is used too`,
	);
}

/** The installation in place, where it is the one that is wanted and whole but for the kernels. */
function installed({ gpu, from }: { gpu: boolean; from: string | undefined }): Installation | undefined {
	try {
		const found = readInstallation();
		if (found === undefined || found.manifest.tfjsNode !== tfjsNodeVersion) return undefined;
		const fits =
			found.manifest.device === (gpu ? "gpu" : "cpu") && (from === undefined || found.manifest.source === from);
		return fits ? found : undefined;
	} catch {
		// Broken: it is built anew.
		return undefined;
	}
}

/** The folder that is built in; what an interrupted run from the same source left there is kept. */
async function openStaging(source: Source): Promise<string> {
	const staging = join(enginesFolder(), "staging");
	const note = join(staging, "source.json");
	const text = JSON.stringify({ name: source.name, gpu: source.gpu, tfjsNodeVersion });
	if ((await readFile(note, "utf8").catch(() => "")) !== text) await rm(staging, { recursive: true, force: true });
	await mkdir(staging, { recursive: true });
	await writeFile(note, text);
	return staging;
}

async function requireSpace(source: Source): Promise<void> {
	if (source.kind === "folder") return;
	const { bavail, bsize } = await statfs(enginesFolder());
	const needed = spaceNeeded[source.gpu ? "gpu" : "cpu"];
	const free = bavail * bsize;
	if (free >= needed) return;
	const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
	throw new Error(
		`engine install: ${enginesFolder()} must have ${gigabytes(needed)} free, got ${gigabytes(free)}; fix: free some, or set FOVEA_CACHE to a folder elsewhere`,
	);
}

/** Loads the engine in a process of its own and multiplies; gives the version the library says. A crash stays there. */
async function tryEngine(folder: string, signal?: AbortSignal): Promise<string> {
	const module = pathToFileURL(join(import.meta.dirname, "load.js")).href;
	const script = `const { tryInstalled } = await import(${JSON.stringify(module)}); process.stdout.write(tryInstalled(process.argv[1]));`;
	const tried = await run(process.execPath, ["--input-type=module", "-e", script, folder], { signal });
	if (tried.code === 0 && /^\d+\.\d+/.test(tried.stdout)) return tried.stdout;
	const error = tried.stderr.split("\n").find((line) => /Error/.test(line)) ?? lastLine(tried.stderr);
	throw new Error(`engine install: the addon must load and multiply, got: ${error.trim()}`);
}

async function writeManifest(folder: string, about: Pick<Manifest, "tensorflow" | "device" | "source">): Promise<void> {
	const libraries = [];
	for (const path of [
		"tfjs_binding.node",
		"quiet.node",
		...libraryNames.map((name) => join("site", "tensorflow", name)),
	]) {
		const { size, mtimeMs } = await stat(join(folder, path));
		libraries.push({ path, bytes: size, modified: Math.floor(mtimeMs) });
	}
	const manifest: Manifest = { schema: "fovea-engine/1", ...about, tfjsNode: tfjsNodeVersion, libraries };
	await writeFile(join(folder, "engine.json"), `${JSON.stringify(manifest, undefined, "\t")}\n`);
}

/** Gives the finished folder its name, points `current` at it in one step, and clears what it replaces. */
async function putInPlace(staging: string, name: string): Promise<Installation> {
	const folder = join(enginesFolder(), name);
	await rm(join(staging, "source.json"));
	await rename(staging, folder);
	const link = join(enginesFolder(), `current.${process.pid}`);
	await rm(link, { force: true });
	await symlink(name, link);
	await rename(link, join(enginesFolder(), "current"));
	for (const other of await readdir(enginesFolder())) {
		const stale = other === "downloads" || (other.startsWith("tensorflow-") && other !== name);
		if (stale) await rm(join(enginesFolder(), other), { recursive: true, force: true });
	}
	const found = readInstallation(folder);
	if (found === undefined) throw new Error(`internal: ${folder} is not readable after it was put in place`);
	return found;
}
