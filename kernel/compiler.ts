import { readFileSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type TypeScript from "typescript";
import { augmented, augments, type Split, splitAmbient, withoutAugmentations } from "./ambient.ts";
import { afterTypes, beforeTypes, type Declaration, declarations, identifiers } from "./cell.ts";
import { readOptions } from "./compiler-options.ts";
import { Drafts } from "./draft.ts";
import { findProblems, type Problem } from "./problems.ts";
import ts from "./typescript.ts";

/**
 * TypeScript for one notebook: an incremental LanguageService in which every cell is a module.
 * The cell's text stands unchanged at the head of its file, so positions need no shifting; what it needs from earlier
 * cells is imported at the foot. A cell that may run is kept as a file of its own that later cells import from.
 */

export interface Compiled {
	readonly problems: readonly Problem[];
	/** The script for V8; empty when there are problems. */
	readonly script: string;
	/** A source map (version 3) from the script to the cell. */
	readonly map: string;
}

const kernelFolder = path.dirname(fileURLToPath(import.meta.url));

/** Declares what the kernel puts into the global scope. */
const globalsText = `import type * as Display from ${JSON.stringify(path.join(kernelFolder, "display.js"))};
declare global {
	const display: typeof Display.display;
	/** Asks the reader for a line of text; the kernel waits. */
	const input: (prompt?: string, options?: { readonly password?: boolean }) => string;
	/** Aborted when the running cell is interrupted. */
	const cellSignal: AbortSignal;
	const prompt: (question?: string) => string;
}
`;

interface Kept {
	readonly file: string;
	readonly mutable: boolean;
}

export class Compiler {
	readonly folder: string;
	readonly options: TypeScript.CompilerOptions;
	readonly service: TypeScript.LanguageService;
	readonly host: TypeScript.LanguageServiceHost;
	readonly drafts = new Drafts(this);
	/** The file that holds the cell in question. */
	readonly cellPath: string;
	private readonly globalsPath: string;
	private readonly texts = new Map<string, { text: string; version: number }>();
	private readonly scope = new Map<string, Kept>();
	/** Cells that add to modules or to the global scope: what, and their whole text. */
	private readonly augmenting = new Map<string, { readonly adds: ReadonlySet<string>; readonly text: string }>();
	/** Declarations of modules without types, by module. */
	private readonly ambient = new Map<string, string>();
	/** The cell in question without what it declares for those, and that. */
	private current: Split = { text: "", modules: new Map() };
	private readonly registry = ts.createDocumentRegistry();
	private readonly resolutions: TypeScript.ModuleResolutionCache;
	private readonly fromKernel: TypeScript.ModuleResolutionCache;
	/** What there is to resolve against: the disk, and the cells. */
	private readonly files = {
		fileExists: (file: string) => this.texts.has(file) || ts.sys.fileExists(file),
		readFile: (file: string) => this.texts.get(file)?.text ?? ts.sys.readFile(file),
		getCurrentDirectory: () => this.folder,
		directoryExists: ts.sys.directoryExists,
		getDirectories: ts.sys.getDirectories,
		realpath: (file: string) => (this.texts.has(file) ? file : (ts.sys.realpath?.(file) ?? file)),
	};
	private versions = 0;
	private cells = 0;

	/** @param folder The notebook's folder: modules and tsconfig.json are looked for from here. */
	constructor(folder: string) {
		this.folder = folder;
		this.cellPath = path.join(folder, ".cell.ts");
		this.globalsPath = path.join(folder, ".cell-globals.d.ts");
		this.options = readOptions(folder);
		this.resolutions = ts.createModuleResolutionCache(folder, (name) => name, this.options);
		this.fromKernel = ts.createModuleResolutionCache(kernelFolder, (name) => name, this.options);
		this.write(this.globalsPath, globalsText);
		this.write(this.cellPath, "export {};\n");
		this.host = this.createHost();
		this.service = ts.createLanguageService(this.host, this.registry);
	}

	/** Checks a cell and, when it holds no error, makes its script and its names known to later cells. */
	compile(source: string, id: number): Compiled {
		const file = this.open(source, false);
		const ambient = [...this.current.modules.keys()].map((module) =>
			this.program().getSourceFile(this.ambientPath(module)),
		);
		const problems = findProblems(this.program(), source, [file, ...ambient.filter((one) => one !== undefined)]);
		if (problems.length > 0) return { problems, script: "", map: "" };
		const { script, map } = this.emit(file, source.length, id);
		this.keep();
		return { problems: [], script, map };
	}

	/**
	 * The script that gives an expression's value as that of run `id`. It is not checked: who asks for an expression (a front
	 * end, after a cell) is told at run time what is wrong.
	 */
	expression(source: string, id: number): string {
		const text = `await (${source}\n)`;
		const file = this.open(text, false);
		if (this.program().getSyntacticDiagnostics(file).length > 0) return text;
		return this.emit(file, text.length, id).script;
	}

	private emit(file: TypeScript.SourceFile, userLength: number, id: number): { script: string; map: string } {
		const program = this.program();
		let script = "";
		let map = "";
		program.emit(
			file,
			(name, text) => {
				if (name.endsWith(".map")) map = text;
				else if (name.endsWith(".js")) script = text;
			},
			undefined,
			false,
			{ before: [beforeTypes(userLength, id, program.getTypeChecker())], after: [afterTypes()] },
		);
		return { script: script.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"), map };
	}

	/** Puts a cell's text where the service looks, with earlier names (all of them, or those it mentions) below it. */
	open(source: string, everyName: boolean): TypeScript.SourceFile {
		this.current = splitAmbient(source, (module) => this.hasTypes(module));
		for (const [module, text] of [...this.ambient, ...this.current.modules]) this.write(this.ambientPath(module), text);
		this.write(this.cellPath, this.compose(this.current.text, everyName));
		const file = this.program().getSourceFile(this.cellPath);
		if (!file) throw new Error("internal: the cell's file is not in its program");
		return file;
	}

	/** A cell's text with earlier names below it. Where they are all there, so is every cell that has one. */
	compose(source: string, everyName: boolean): string {
		const parsed = ts.createSourceFile(this.cellPath, source, ts.ScriptTarget.ESNext, false);
		const own = declarations(parsed);
		const ownNames = new Set(own.map(({ name }) => name));
		const adds = augmented(parsed);
		const mentioned = everyName ? undefined : identifiers(parsed);
		const imported = new Map<string, string[]>();
		const lines: string[] = [];
		for (const [name, { file, mutable }] of this.scope) {
			if (everyName && !imported.has(file)) imported.set(file, []);
			if (ownNames.has(name) || (mentioned && !mentioned.has(name))) continue;
			if (mutable) lines.push(`declare let ${name}: typeof import("./${file}").${name};`);
			else imported.set(file, [...(imported.get(file) ?? []), name]);
		}
		for (const [file, names] of imported)
			lines.push(names.length > 0 ? `import { ${names.join(", ")} } from "./${file}";` : `import "./${file}";`);
		for (const [file, before] of this.augmenting) {
			this.write(this.cellFile(file), isWithin(before.adds, adds) ? withoutAugmentations(before.text) : before.text);
			lines.push(`import "./${file}";`);
		}
		lines.push(`export { ${exportable(own).join(", ")} };`);
		return `${source}\n;${lines.join("\n")}\n`;
	}

	/** Whether a file of the program may be another one later. */
	mayChange(file: string): boolean {
		return !this.texts.has(file) && !isFixed(file);
	}

	/** Changes when the text of a file does. */
	versionOf(file: string): string {
		const held = this.texts.get(file);
		if (held) return String(held.version);
		if (isFixed(file)) return "fixed";
		return String(statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? "absent");
	}

	/** Forgets every cell. */
	reset(): void {
		this.drafts.forget();
		this.scope.clear();
		this.augmenting.clear();
		this.ambient.clear();
		this.current = { text: "", modules: new Map() };
		for (const name of this.texts.keys())
			if (name !== this.cellPath && name !== this.globalsPath) this.texts.delete(name);
	}

	/** JavaScript of a module of the user's own, for the loader. */
	transpile(fileName: string, text: string): { script: string; map: string } {
		const { target, experimentalDecorators, emitDecoratorMetadata, useDefineForClassFields, jsx } = this.options;
		const isCommonJs = fileName.endsWith(".cts");
		const result = ts.transpileModule(text, {
			fileName,
			reportDiagnostics: true,
			compilerOptions: {
				// Kept as written but for types; the loader gives ES modules a `require` where they use one.
				module: isCommonJs ? ts.ModuleKind.CommonJS : ts.ModuleKind.Preserve,
				target,
				experimentalDecorators,
				emitDecoratorMetadata,
				useDefineForClassFields,
				jsx,
				sourceMap: true,
				verbatimModuleSyntax: false,
			} as TypeScript.CompilerOptions,
		});
		const [wrong] = result.diagnostics ?? [];
		if (wrong?.file) {
			const { line, character } = wrong.file.getLineAndCharacterOfPosition(wrong.start ?? 0);
			const message = ts.flattenDiagnosticMessageText(wrong.messageText, "\n");
			const label = path.relative(this.folder, fileName);
			throw new SyntaxError(`${label}:${line + 1}:${character + 1} ${message} (TS${wrong.code})`);
		}
		return {
			script: result.outputText.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"),
			map: result.sourceMapText ?? "",
		};
	}

	program(): TypeScript.Program {
		const program = this.service.getProgram();
		if (!program) throw new Error("internal: the language service has no program");
		return program;
	}

	names(): IterableIterator<string> {
		return this.scope.keys();
	}

	private keep(): void {
		const { text, modules } = this.current;
		const parsed = ts.createSourceFile(this.cellPath, text, ts.ScriptTarget.ESNext, false);
		const own = declarations(parsed);
		const isAugmenting = augments(parsed);
		if (own.length === 0 && !isAugmenting && modules.size === 0) return;
		this.drafts.forget();
		for (const [module, declared] of modules) this.ambient.set(module, declared);
		const name = `.cell-${++this.cells}`;
		const kept = this.texts.get(this.cellPath)?.text ?? "";
		this.write(this.cellFile(name), kept);
		for (const each of own) {
			this.scope.delete(each.name);
			this.scope.set(each.name, { file: name, mutable: each.mutable });
		}
		const adds = augmented(parsed);
		for (const [earlier, before] of this.augmenting) if (isWithin(before.adds, adds)) this.augmenting.delete(earlier);
		if (isAugmenting) this.augmenting.set(name, { adds, text: kept });
		this.dropUnreachable();
	}

	private cellFile(name: string): string {
		return path.join(this.folder, `${name}.ts`);
	}

	private ambientPath(module: string): string {
		return path.join(this.folder, `.ambient-${encodeURIComponent(module)}.d.ts`);
	}

	/** Whether a module has types of its own, so that a declaration of it adds to them. */
	private hasTypes(module: string): boolean {
		if (/^[./]/.test(module) || isBuiltin(module)) return true;
		const found = this.resolve(module, this.cellPath, this.options).resolvedModule;
		return found !== undefined && !(found.isExternalLibraryImport && /^\.[cm]?jsx?$/.test(found.extension));
	}

	/** Texts of cells whose every name has been declared anew would otherwise pile up. */
	private dropUnreachable(): void {
		if (this.texts.size % 64 !== 0) return;
		const reachable = new Set<string>();
		const visit = (name: string) => {
			if (reachable.has(name)) return;
			reachable.add(name);
			const text = this.texts.get(this.cellFile(name))?.text ?? "";
			for (const [, next] of text.matchAll(/"\.\/(\.cell-\d+)"/g)) if (next) visit(next);
		};
		for (const { file } of this.scope.values()) visit(file);
		for (const file of this.augmenting.keys()) visit(file);
		for (const file of this.texts.keys()) {
			const name = path.basename(file, ".ts");
			if (/^\.cell-\d+$/.test(name) && !reachable.has(name)) this.texts.delete(file);
		}
	}

	private write(file: string, text: string): void {
		if (this.texts.get(file)?.text === text) return;
		this.texts.set(file, { text, version: ++this.versions });
	}

	private resolve(
		name: string,
		containing: string,
		options: TypeScript.CompilerOptions,
		given: {
			readonly cache?: TypeScript.ModuleResolutionCache | undefined;
			readonly redirected?: TypeScript.ResolvedProjectReference | undefined;
			readonly mode?: TypeScript.ResolutionMode;
		} = {},
	): TypeScript.ResolvedModuleWithFailedLookupLocations {
		const { cache, redirected, mode } = given;
		// A notebook written for tslab means our stand-in, which draws through this kernel.
		const asked = name === "tslab" ? path.join(kernelFolder, "tslab.js") : name;
		const found = ts.resolveModuleName(asked, containing, options, this.files, cache, redirected, mode);
		if (found.resolvedModule || /^[./]/.test(name)) return found;
		const beside = path.join(kernelFolder, "main.ts");
		return ts.resolveModuleName(name, beside, options, this.files, this.fromKernel, undefined, mode);
	}

	private createHost(): TypeScript.LanguageServiceHost & {
		getModuleResolutionCache(): TypeScript.ModuleResolutionCache;
	} {
		const fixed = new Map<string, TypeScript.IScriptSnapshot>();
		return {
			...this.files,
			useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
			readDirectory: ts.sys.readDirectory,
			getDefaultLibFileName: ts.getDefaultLibFilePath,
			getCompilationSettings: () => this.options,
			getScriptFileNames: () => {
				const modules = new Set([...this.ambient.keys(), ...this.current.modules.keys()]);
				return [this.globalsPath, this.cellPath, ...[...modules].map((module) => this.ambientPath(module))];
			},
			getScriptVersion: (file) => this.versionOf(file),
			getScriptSnapshot: (file) => {
				const held = this.texts.get(file);
				if (held) return ts.ScriptSnapshot.fromString(held.text);
				// The service asks for every file of every program: those that never change are read once.
				const known = isFixed(file) ? fixed.get(file) : undefined;
				if (known || !ts.sys.fileExists(file)) return known;
				const read = ts.ScriptSnapshot.fromString(readFileSync(file, "utf8"));
				if (isFixed(file)) fixed.set(file, read);
				return read;
			},
			// What package.json files say would else be read and parsed for every file of every program.
			getModuleResolutionCache: () => this.resolutions,
			resolveModuleNameLiterals: (literals, containing, redirected, options, sourceFile) =>
				literals.map((literal) => {
					const mode = ts.getModeForUsageLocation(sourceFile, literal, options);
					// A package may be installed while the notebook is open.
					const cache = isFixed(containing) ? this.resolutions : undefined;
					return this.resolve(literal.text, containing, options, { cache, redirected, mode });
				}),
		};
	}
}

function isWithin(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
	return some.size > 0 && [...some].every((one) => others.has(one));
}

const libraryFolder = path.dirname(ts.getDefaultLibFilePath({}));

/** Files of packages and of TypeScript's own library are read once. */
function isFixed(file: string): boolean {
	return file.includes("/node_modules/") || file.startsWith(libraryFolder);
}

/** Names a cell exports for later cells, but for those its own text exports already. */
function exportable(own: readonly Declaration[]): string[] {
	return own.filter(({ exported }) => !exported).map(({ name }) => name);
}
