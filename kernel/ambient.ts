import type TypeScript from "typescript";
import ts from "./typescript.ts";

/**
 * What a cell declares for modules and for the global scope. A cell is a module, in which `declare module "x"` only adds to the
 * types that x has; for a module without types it is therefore taken out into a declaration file of the notebook's.
 */

export interface Split {
	/** The cell without those declarations, every other character at its place. */
	readonly text: string;
	/** By module, its declarations alone, at their places. */
	readonly modules: ReadonlyMap<string, string>;
}

/** @param hasTypes Whether a module of this name has types, which a declaration then adds to. */
export function splitAmbient(source: string, hasTypes: (module: string) => boolean): Split {
	const modules = new Map<string, string>();
	if (!/\bmodule\b/.test(source)) return { text: source, modules };
	const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ESNext, false);
	const names = file.statements.map((statement) => declaredModule(statement));
	const isTaken = names.map((name) => name !== undefined && !hasTypes(name));
	const taken = file.statements.filter((_, index) => isTaken[index]);
	if (taken.length === 0) return { text: source, modules };
	for (const name of new Set(names.filter((one, index) => one !== undefined && isTaken[index])))
		if (name !== undefined) {
			const others = file.statements.filter((_, index) => names[index] !== name);
			modules.set(name, without(source, file, others));
		}
	return { text: without(source, file, taken), modules };
}

/** The name in `declare module "name"`. */
function declaredModule(statement: TypeScript.Statement): string | undefined {
	if (!ts.isModuleDeclaration(statement) || !ts.isStringLiteral(statement.name)) return undefined;
	const isDeclared = (statement.modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword);
	return isDeclared ? statement.name.text : undefined;
}

function without(source: string, file: TypeScript.SourceFile, statements: readonly TypeScript.Statement[]): string {
	const parts: string[] = [];
	let at = 0;
	for (const statement of statements) {
		const start = statement.getStart(file);
		parts.push(source.slice(at, start), source.slice(start, statement.end).replace(/[^\r\n]/g, " "));
		at = statement.end;
	}
	return parts.join("") + source.slice(at);
}

function augmentationsOf(file: TypeScript.SourceFile): TypeScript.ModuleDeclaration[] {
	return file.statements.filter(
		(statement): statement is TypeScript.ModuleDeclaration =>
			ts.isModuleDeclaration(statement) && (!ts.isIdentifier(statement.name) || statement.name.text === "global"),
	);
}

/** Whether later cells must keep seeing the cell, though they name nothing of it: it adds to the global scope, to a module, or brings files. */
export function augments(file: TypeScript.SourceFile): boolean {
	const { referencedFiles, typeReferenceDirectives, libReferenceDirectives } = file;
	return (
		[referencedFiles, typeReferenceDirectives, libReferenceDirectives].some((list) => list.length > 0) ||
		augmentationsOf(file).length > 0
	);
}

/** What is added, each by a name of its own: a cell that adds all of it again, run anew, stands in the place of the first. */
export function augmented(file: TypeScript.SourceFile): Set<string> {
	const found = new Set<string>();
	for (const { name, body } of augmentationsOf(file)) {
		for (const statement of body && ts.isModuleBlock(body) ? body.statements : []) {
			const add = (...names: readonly string[]) => found.add([name.text, ...names].join("."));
			if (ts.isVariableStatement(statement))
				for (const declared of statement.declarationList.declarations) add(declared.name.getText(file));
			else if (ts.isInterfaceDeclaration(statement)) {
				add(statement.name.text);
				for (const member of statement.members)
					add(statement.name.text, member.name?.getText(file) ?? member.getText(file));
			} else add((statement as { readonly name?: TypeScript.Node }).name?.getText(file) ?? statement.getText(file));
		}
	}
	return found;
}

/** The text without what it adds, for a cell in whose place another has come. */
export function withoutAugmentations(text: string): string {
	const file = ts.createSourceFile("cell.ts", text, ts.ScriptTarget.ESNext, false);
	return without(text, file, augmentationsOf(file));
}
