import { readFileSync, statSync } from "node:fs";
import type { LoadHook, ResolveHook } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { MessagePort } from "node:worker_threads";

/**
 * How a notebook's imports resolve and load, run by Node in its loader thread: from the notebook's folder first, then
 * from the kernel's own package; TypeScript files compiled; modules outside node_modules fresh when their file changed.
 */

export interface LoaderData {
	/** Compiles: takes `{id, fileName, text}`, answers `{id, script, map}` or `{id, error}`. */
	readonly compiler: MessagePort;
	/** Receives `{url, label, map}` of every compiled module. */
	readonly maps: MessagePort;
	readonly folder: string;
	readonly kernelFolder: string;
	readonly paths: Readonly<Record<string, readonly string[]>>;
}

/** What a cell imports is asked for under this scheme, so that it resolves from the notebook's folder. */
export const CELL_SCHEME = "fovea-cell:";

let data: LoaderData;
let questions = 0;
const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();

interface Answer {
	readonly id: number;
	readonly script: string;
	readonly map: string;
	readonly error?: string;
}

export function initialize(given: LoaderData): void {
	data = given;
	data.compiler.on("message", (answer: Answer) => {
		const asked = waiting.get(answer.id);
		waiting.delete(answer.id);
		if (answer.error === undefined) asked?.resolve(answer);
		else asked?.reject(withoutStack(new SyntaxError(answer.error)));
	});
}

/** Where the loader stood when it found a mistake in a file is none of the reader's business. */
function withoutStack(error: Error): Error {
	error.stack = `${error.name}: ${error.message}`;
	return error;
}

const SOURCES = [".ts", ".tsx", ".mts", ".cts"];
const TRIED = ["", ...SOURCES, ".js", ".mjs", ".cjs", ".json"];
const WRITTEN_AS: Readonly<Record<string, readonly string[]>> = {
	".js": [".ts", ".tsx"],
	".mjs": [".mts"],
	".cjs": [".cts"],
	".jsx": [".tsx"],
};

function isFile(file: string): boolean {
	return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The file a path without or with an extension means, as TypeScript's Bundler resolution reads it. */
function findFile(base: string): string | undefined {
	const found = TRIED.map((extension) => base + extension).find(isFile);
	if (found) return found;
	const extension = path.extname(base);
	const written = (WRITTEN_AS[extension] ?? []).map((other) => base.slice(0, -extension.length) + other).find(isFile);
	return (
		written ??
		TRIED.slice(1)
			.map((each) => path.join(base, `index${each}`))
			.find(isFile)
	);
}

/** The file a tsconfig `paths` pattern points to. */
function findByPaths(specifier: string): string | undefined {
	for (const [pattern, targets] of Object.entries(data.paths)) {
		const [head = "", tail] = pattern.split("*");
		if (tail === undefined ? specifier !== pattern : !(specifier.startsWith(head) && specifier.endsWith(tail)))
			continue;
		const star = tail === undefined ? "" : specifier.slice(head.length, specifier.length - tail.length);
		for (const target of targets) {
			const found = findFile(target.replace("*", star));
			if (found) return found;
		}
	}
	return undefined;
}

interface Version {
	number: number;
	mtime: number;
	readonly needs: Map<string, number>;
}
const versions = new Map<string, Version>();

/** Counts up when the file, or a file it imports, has changed since it was last asked for. */
function versionOf(file: string, seen = new Set<string>()): number {
	const mtime = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
	const known = versions.get(file);
	if (!known) {
		versions.set(file, { number: 1, mtime, needs: new Map() });
		return 1;
	}
	if (seen.has(file)) return known.number;
	seen.add(file);
	const isStale = [...known.needs].some(([needed, number]) => versionOf(needed, seen) !== number);
	if (known.mtime !== mtime || isStale) {
		known.mtime = mtime;
		known.number++;
		known.needs.clear();
	}
	return known.number;
}

function isOwn(file: string): boolean {
	return !file.includes(`${path.sep}node_modules${path.sep}`) && !file.startsWith(data.kernelFolder);
}

/** A URL that is new when the module has changed. */
function freshUrl(file: string, parent: string | undefined): string {
	const url = pathToFileURL(file);
	if (!isOwn(file)) return url.href;
	const number = versionOf(file);
	if (parent?.startsWith("file:")) versions.get(fileURLToPath(parent.split("?")[0] ?? parent))?.needs.set(file, number);
	if (number > 1) url.search = `?v=${number}`;
	return url.href;
}

export const resolve: ResolveHook = async (asked, context, next) => {
	const fromCell = asked.startsWith(CELL_SCHEME);
	const specifier = fromCell ? asked.slice(CELL_SCHEME.length) : asked;
	const parent = fromCell ? pathToFileURL(path.join(data.folder, "cell.ts")).href : context.parentURL;
	if (fromCell && specifier === "tslab")
		return { url: pathToFileURL(path.join(data.kernelFolder, "tslab.js")).href, shortCircuit: true };
	if (/^(?:\.|\/|file:)/.test(specifier) && (parent === undefined || parent.startsWith("file:"))) {
		const target = new URL(specifier, parent);
		const found = findFile(fileURLToPath(target));
		if (found)
			return {
				url: freshUrl(found, parent) + target.hash,
				shortCircuit: true,
				importAttributes: context.importAttributes,
			};
	}
	const byPaths = findByPaths(specifier);
	if (byPaths) return { url: freshUrl(byPaths, parent), shortCircuit: true };
	const settle = async (from: string | undefined) => {
		const found = await next(specifier, { ...context, parentURL: from } as typeof context);
		return found.url.startsWith("file:") ? { ...found, url: freshUrl(fileURLToPath(found.url), parent) } : found;
	};
	try {
		return await settle(parent);
	} catch (error) {
		if (!fromCell || (error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
		try {
			return await settle(pathToFileURL(path.join(data.kernelFolder, "main.js")).href);
		} catch {
			throw new Error(
				`Cannot find module '${specifier}' from ${data.folder}: install it there, e.g. npm install ${specifier}`,
			);
		}
	}
};

function jsonModule(text: string): string {
	const value: unknown = JSON.parse(text);
	const names = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
	const exported = names.filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "default");
	const lines = exported.map(
		(name, index) => `const n${index} = value[${JSON.stringify(name)}]; export { n${index} as ${name} };`,
	);
	return `const value = JSON.parse(${JSON.stringify(text)});\nexport default value;\n${lines.join("\n")}`;
}

/** What a module of CommonJS habits uses and an ES module lacks, on one line before its own first. */
const HABITS: Readonly<Record<string, string>> = {
	require:
		'import { createRequire as fovea_require } from "node:module"; const require = fovea_require(import.meta.url);',
	__dirname: "const __dirname = import.meta.dirname;",
	__filename: "const __filename = import.meta.filename;",
};

function withHabits(script: string): string {
	const used = Object.keys(HABITS).filter(
		(name) =>
			new RegExp(`(?<![.\\w$])${name}\\b`).test(script) &&
			!new RegExp(`\\b(?:const|let|var|function|import|as)\\s+${name}\\b`).test(script),
	);
	return used.map((name) => HABITS[name]).join(" ") + script;
}

export const load: LoadHook = async (url, context, next) => {
	if (!url.startsWith("file:")) return next(url, context);
	const file = fileURLToPath(url.split("?")[0] ?? url);
	const extension = path.extname(file);
	if (extension === ".json" && context.importAttributes["type"] !== "json")
		return { format: "module", source: jsonModule(readFileSync(file, "utf8")), shortCircuit: true };
	if (!SOURCES.includes(extension)) return next(url, context);
	const id = ++questions;
	const answer = await new Promise<Answer>((resolve, reject) => {
		waiting.set(id, { resolve, reject });
		data.compiler.postMessage({ id, fileName: file, text: readFileSync(file, "utf8") });
	});
	data.maps.postMessage({ url, label: path.relative(data.folder, file), map: answer.map });
	if (extension === ".cts") return { format: "commonjs", source: answer.script, shortCircuit: true };
	return { format: "module", source: withHabits(answer.script), shortCircuit: true };
};
