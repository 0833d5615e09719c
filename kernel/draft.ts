import type TypeScript from "typescript";
import { augments } from "./ambient.ts";
import type { Compiler } from "./compiler.ts";
import ts from "./typescript.ts";

/**
 * A cell that is being typed. A program of its own for every keystroke would take some twenty milliseconds, most of them for
 * files that stay as they are; so a draft is only parsed and bound, and looked at with the types of a program that already
 * brings every module and every earlier cell it names.
 */
export interface Draft {
	readonly file: TypeScript.SourceFile;
	readonly program: TypeScript.Program;
}

/** What the language service is made of and keeps to itself; package.json holds TypeScript to the versions that have it. */
interface Internals {
	bindSourceFile(file: TypeScript.SourceFile, options: TypeScript.CompilerOptions): void;
}

/** By what a program knows a file: its place, and the modules that it brings, which a reason to be there counts up. */
const PLACE = [
	...["path", "resolvedPath", "originalFileName", "impliedNodeFormat"],
	...["imports", "moduleAugmentations", "ambientModuleNames"],
];

interface Prepared {
	readonly program: TypeScript.Program;
	readonly place: object;
	/** Modules that the program has and knows by these names from the cell's folder. */
	readonly modules: ReadonlySet<string>;
	/** The reader's own files of the program, with their versions. */
	readonly versions: ReadonlyMap<string, string>;
	drafts: number;
}

/** A checker remembers what it was asked about; after so many drafts it starts anew. */
const MOST_DRAFTS = 500;

export class Drafts {
	private readonly compiler: Compiler;
	private prepared: Prepared | undefined;

	constructor(compiler: Compiler) {
		this.compiler = compiler;
	}

	/** The cell's text with what it names from earlier cells below it: all of it, or what it mentions. */
	read(source: string, everyName: boolean): Draft {
		const text = this.compiler.compose(source, everyName);
		const prepared = this.current();
		if (!prepared || !isPlain(source) || !modulesOf(text).every((name) => prepared.modules.has(name)))
			return this.build(source);
		prepared.drafts++;
		const { program, place } = prepared;
		const file = ts.createSourceFile(this.compiler.cellPath, text, ts.ScriptTarget.ESNext, true);
		Object.assign(file, place);
		(ts as unknown as Internals).bindSourceFile(file, program.getCompilerOptions());
		return { file, program };
	}

	/** Makes the next draft quick, while nobody waits. */
	prepare(): void {
		if (!this.current()) this.build("");
		this.prepared?.program.getTypeChecker();
	}

	/** Called when there are other names. */
	forget(): void {
		this.prepared = undefined;
	}

	private current(): Prepared | undefined {
		const { prepared } = this;
		if (!prepared || prepared.drafts >= MOST_DRAFTS) return undefined;
		const isSame = ([file, version]: [string, string]) => this.compiler.versionOf(file) === version;
		return [...prepared.versions].every(isSame) ? prepared : undefined;
	}

	/** A program with this very text, kept for the drafts after it. */
	private build(source: string): Draft {
		const file = this.compiler.open(source, true);
		const program = this.compiler.program();
		// What such a text adds to other modules would be seen by the next one too.
		this.prepared = isPlain(source)
			? {
					program,
					place: placeOf(file),
					modules: resolved(specifiersOf(file), program.getTypeChecker()),
					versions: this.versions(program),
					drafts: 0,
				}
			: undefined;
		return { file, program };
	}

	private versions(program: TypeScript.Program): Map<string, string> {
		const own = program.getSourceFiles().filter(({ fileName }) => this.compiler.mayChange(fileName));
		return new Map(own.map(({ fileName }) => [fileName, this.compiler.versionOf(fileName)]));
	}
}

/** Whether a text only uses modules: it neither adds to others nor asks for libraries. */
function isPlain(source: string): boolean {
	return !augments(ts.createSourceFile("draft.ts", source, ts.ScriptTarget.ESNext, false));
}

function modulesOf(text: string): string[] {
	return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** What a file's import and export declarations name. */
function specifiersOf(file: TypeScript.SourceFile): TypeScript.StringLiteral[] {
	return file.statements.flatMap((statement) => {
		if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
		const { moduleSpecifier } = statement;
		return moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier] : [];
	});
}

/** Those of them that were found. */
function resolved(specifiers: readonly TypeScript.StringLiteral[], checker: TypeScript.TypeChecker): Set<string> {
	return new Set(specifiers.filter((each) => checker.getSymbolAtLocation(each)).map(({ text }) => text));
}

function placeOf(file: TypeScript.SourceFile): object {
	const fields = file as unknown as Record<string, unknown>;
	return Object.fromEntries(PLACE.map((name) => [name, fields[name]]));
}
