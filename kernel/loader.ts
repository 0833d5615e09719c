import { statSync } from "node:fs";
import { createRequire, isBuiltin, register } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { CELL_SCHEME, type LoaderData } from "./loader-hooks.ts";
import { onStackNeeded, rememberScript } from "./stacks.ts";

/** The import machinery a cell calls: `import` statements, `import()`, `require`. */

export interface LoaderSettings {
	readonly folder: string;
	/** tsconfig's `paths`, with absolute targets. */
	readonly paths: Readonly<Record<string, readonly string[]>>;
}

export class Loader {
	readonly require: NodeJS.Require;
	private compiler: MessagePort | undefined;
	private readonly settings: () => LoaderSettings;
	private readonly commonJs = new Map<string, number>();

	constructor(compiler: MessagePort, folder: string, settings: () => LoaderSettings) {
		this.compiler = compiler;
		this.settings = settings;
		this.require = createRequire(path.join(folder, "cell.js"));
	}

	/** `import(specifier)` of a cell. */
	async dynamicImport(
		specifier: unknown,
		options?: { with?: Record<string, string> },
	): Promise<Record<string, unknown>> {
		const name = String(specifier);
		if (isBuiltin(name)) return (await import(name)) as Record<string, unknown>;
		this.install();
		this.dropStaleCommonJs();
		const attributes = options?.with ?? {};
		return (await import(CELL_SCHEME + name, { with: attributes })) as Record<string, unknown>;
	}

	/** An import statement of a cell. @param names Those it binds, or null for the whole namespace. */
	async import(
		specifier: string,
		names: readonly string[] | null,
		attributes: Record<string, string>,
	): Promise<unknown> {
		const namespace = await this.dynamicImport(specifier, { with: attributes });
		if (!names) return namespace;
		// Node finds only some of a CommonJS module's names by reading its text; the rest are on the default export.
		const fallback = namespace["default"];
		const found: Record<string, unknown> = {};
		for (const name of names) {
			if (name in namespace) found[name] = namespace[name];
			else if (
				(typeof fallback === "object" || typeof fallback === "function") &&
				fallback !== null &&
				name in fallback
			)
				found[name] = (fallback as Record<string, unknown>)[name];
			else throw new SyntaxError(`The requested module '${specifier}' does not provide an export named '${name}'`);
		}
		return found;
	}

	/** `import name = require(specifier)` of a cell: what CommonJS exports, or the namespace of any other module. */
	async importEquals(specifier: string): Promise<unknown> {
		const isCommonJs = () => {
			try {
				return /\.(?:c?js|json|node)$/.test(this.require.resolve(specifier)) || isBuiltin(specifier);
			} catch {
				return false;
			}
		};
		this.dropStaleCommonJs();
		if (!isCommonJs()) return this.dynamicImport(specifier);
		try {
			return this.require(specifier) as unknown;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ERR_REQUIRE_ESM") throw error;
			return this.dynamicImport(specifier);
		}
	}

	/** Node starts a thread for its hooks, so they wait for the first import that needs them. */
	private install(): void {
		if (!this.compiler) return;
		const maps = new MessageChannel();
		const settings = this.settings();
		const data: LoaderData = {
			...settings,
			kernelFolder: path.dirname(fileURLToPath(import.meta.url)),
			compiler: this.compiler,
			maps: maps.port2,
		};
		register("./loader-hooks.js", import.meta.url, { data, transferList: [this.compiler, maps.port2] as never });
		this.compiler = undefined;
		onStackNeeded(() => {
			for (let received = receiveMessageOnPort(maps.port1); received; received = receiveMessageOnPort(maps.port1)) {
				const { url, label, map } = received.message as { url: string; label: string; map: string };
				rememberScript(url, label, map, false);
			}
		});
		maps.port1.unref();
	}

	private dropStaleCommonJs(): void {
		for (const file of Object.keys(this.require.cache)) {
			if (file.includes(`${path.sep}node_modules${path.sep}`)) continue;
			const mtime = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
			if ((this.commonJs.get(file) ?? mtime) !== mtime) delete this.require.cache[file];
			this.commonJs.set(file, mtime);
		}
	}
}
