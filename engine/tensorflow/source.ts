import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { downloadWheel } from "./download.ts";
import type { InstallProgress } from "./install.ts";
import { enginesFolder } from "./installation.ts";
import { findInstalledTensorflow, findPython, hasLibraries, isCudaBuild, libraryNames, requirePip } from "./python.ts";
import { parseRecord, Wheel } from "./wheel.ts";

/** The TensorFlow that is fetched where the machine has none. */
const tensorflowVersion = "2.21.0";

/** Where TensorFlow's libraries come from; `name` says it to the user. */
export type Source = { readonly name: string; readonly gpu: boolean } & (
	| { readonly kind: "folder"; readonly tensorflow: string }
	| { readonly kind: "wheel"; readonly path: string; readonly python?: string }
	| { readonly kind: "pip"; readonly python: string; readonly requirement: string }
);

/** Decides the source: `from`, else a tensorflow that the user's Python has, else a wheel through the user's pip. */
export async function findSource({
	gpu,
	from,
	signal,
}: {
	readonly gpu: boolean;
	readonly from: string | undefined;
	readonly signal?: AbortSignal | undefined;
}): Promise<Source> {
	if (from !== undefined) return sourceFrom(from, gpu);
	const python = await findPython();
	const tensorflow = await findInstalledTensorflow(python, signal);
	if (tensorflow !== undefined && (!gpu || (await isCudaFolder(tensorflow)))) {
		return { kind: "folder", name: tensorflow, gpu, tensorflow };
	}
	await requirePip(python);
	const requirement = `${gpu ? "tensorflow" : "tensorflow-cpu"}==${tensorflowVersion}`;
	return { kind: "pip", name: requirement, gpu, python, requirement };
}

async function sourceFrom(from: string, gpu: boolean): Promise<Source> {
	const found = await stat(from).catch(() => undefined);
	if (found === undefined)
		throw new Error(`engine install: --from must be a folder or a wheel, got ${from}, which is not there`);
	if (found.isFile()) {
		if (!from.endsWith(".whl")) throw new Error(`engine install: --from must be a folder or a .whl file, got ${from}`);
		return gpu
			? { kind: "wheel", name: from, gpu, path: from, python: await findPython() }
			: { kind: "wheel", name: from, gpu, path: from };
	}
	const tensorflow = [from, join(from, "tensorflow")].find(hasLibraries);
	if (tensorflow === undefined) {
		throw new Error(
			`engine install: --from must hold ${libraryNames.join(", ")} and include, got ${from}, which does not`,
		);
	}
	if (gpu && !(await isCudaFolder(tensorflow))) {
		throw new Error(`engine install: --gpu must have a CUDA build of TensorFlow, got ${tensorflow}`);
	}
	return { kind: "folder", name: from, gpu, tensorflow };
}

async function isCudaFolder(tensorflow: string): Promise<boolean> {
	const note = join(tensorflow, "python", "platform", "build_info.py");
	return isCudaBuild(await readFile(note, "utf8").catch(() => ""));
}

/** Makes `staging`/site, laid out like site-packages: TensorFlow looks for NVIDIA's libraries beside itself. */
export async function* provideLibraries(
	source: Source,
	staging: string,
	signal?: AbortSignal,
): AsyncGenerator<InstallProgress, void> {
	const partial = join(staging, "site.partial");
	await rm(partial, { recursive: true, force: true });
	await mkdir(partial, { recursive: true });
	if (source.kind === "folder") {
		yield* checkFolder(source.tensorflow, signal);
		await symlink(source.tensorflow, join(partial, "tensorflow"));
		const nvidia = join(dirname(source.tensorflow), "nvidia");
		if (existsSync(nvidia)) await symlink(nvidia, join(partial, "nvidia"));
	} else {
		yield* unpackWheels(source, partial, signal);
		if (!hasLibraries(join(partial, "tensorflow"))) {
			throw new Error(
				`engine install: ${source.name} must hold tensorflow/${libraryNames.join(", ")} and headers, got a wheel without`,
			);
		}
	}
	await rename(partial, join(staging, "site"));
}

async function* unpackWheels(
	source: Exclude<Source, { kind: "folder" }>,
	folder: string,
	signal?: AbortSignal,
): AsyncGenerator<InstallProgress, void> {
	const downloads = join(enginesFolder(), "downloads");
	for (let attempt = 1; ; attempt += 1) {
		const path =
			source.kind === "wheel"
				? source.path
				: yield* downloadWheel(source.python, source.requirement, downloads, signal);
		try {
			yield* unpack(path, isWanted, folder, signal);
			if (source.gpu) yield* provideNvidia(path, source.python as string, downloads, folder, signal);
			return;
		} catch (error) {
			if (source.kind === "wheel" || signal?.aborted) throw error;
			// A damaged download must not be found again; fetched once more, it may be whole.
			await rm(downloads, { recursive: true, force: true });
			if (attempt === 2) throw error;
			yield { text: `${(error as Error).message}; fetching it once more` };
		}
	}
}

/** The libraries and those headers that the C API needs. */
function isWanted(name: string): boolean {
	if (libraryNames.some((library) => name === `tensorflow/${library}`)) return true;
	return /^tensorflow\/include\/(tensorflow\/(c|core\/platform|core\/public|tsl)|tsl|xla\/(c|tsl))\/.*\.h$/.test(name);
}

async function* unpack(
	path: string,
	wanted: (name: string) => boolean,
	folder: string,
	signal?: AbortSignal,
): AsyncGenerator<InstallProgress, void> {
	await using wheel = await Wheel.open(path);
	for await (const { done, total } of wheel.unpack(wanted, folder)) {
		signal?.throwIfAborted();
		yield { text: `unpacking ${basename(path)}`, done, total };
	}
}

/** Fetches the NVIDIA libraries that the CUDA wheel names as its extra `and-cuda`. */
async function* provideNvidia(
	path: string,
	python: string,
	downloads: string,
	folder: string,
	signal?: AbortSignal,
): AsyncGenerator<InstallProgress, void> {
	await requirePip(python);
	await using wheel = await Wheel.open(path);
	const metadata = await wheel.text(".dist-info/METADATA");
	const requirements = [...metadata.matchAll(/^Requires-Dist: ([^;\n]+); extra == ["']and-cuda["']/gm)];
	if (requirements.length === 0) throw new Error(`engine install: --gpu must have a wheel built for CUDA, got ${path}`);
	for (const [, requirement] of requirements) {
		const nvidia = yield* downloadWheel(python, (requirement as string).trim(), downloads, signal);
		yield* unpack(nvidia, (name) => name.startsWith("nvidia/") && !name.includes("/include/"), folder, signal);
	}
}

/** Compares an installed package's libraries with the hashes that pip wrote down when it installed them. */
async function* checkFolder(tensorflow: string, signal?: AbortSignal): AsyncGenerator<InstallProgress, void> {
	const site = dirname(tensorflow);
	const notes = (await readdir(site)).filter((name) => /^tensorflow.*\.dist-info$/.test(name));
	for (const note of notes) {
		const hashes = parseRecord(await readFile(join(site, note, "RECORD"), "utf8").catch(() => ""));
		for (const library of libraryNames) {
			const expected = hashes.get(`tensorflow/${library}`);
			if (expected === undefined) continue;
			yield { text: `checking ${library}` };
			const hash = createHash("sha256");
			for await (const chunk of createReadStream(join(tensorflow, library), { highWaterMark: 1 << 20, signal })) {
				hash.update(chunk as Buffer);
			}
			if (hash.digest("base64url") !== expected) {
				throw new Error(
					`engine install: ${join(tensorflow, library)} must have the hash pip noted, got another; fix: reinstall tensorflow`,
				);
			}
		}
	}
}
