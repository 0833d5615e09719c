import type TypeScript from "typescript";
import ts from "./typescript.ts";

/** What TypeScript finds wrong with a cell, in the reader's coordinates. */

export interface Problem {
	/** Counted from 1. */
	readonly line: number;
	/** Counted from 1, in UTF-16 units. */
	readonly column: number;
	readonly length: number;
	readonly code: number;
	readonly message: string;
	readonly isSyntax: boolean;
}

/**
 * JavaScript packages without types are used as they are, as a notebook's reader would expect (7016); a variable that
 * one cell leaves without a type gets it in another, where no flow of control leads (7005, 7034); the loader knows
 * `import name = require("…")` (1202); which flags of regular expressions there are, Node says (1501).
 */
const TOLERATED = new Set([7016, 7005, 7034, 1202, 1501]);

/**
 * @param files The cell, and the files that hold what it declares for modules, each character at its place in the cell.
 * @returns Problems of syntax; those of types where there are none.
 */
export function findProblems(
	program: TypeScript.Program,
	source: string,
	files: readonly TypeScript.SourceFile[],
): Problem[] {
	const found = files.flatMap((file) => [
		...program.getSyntacticDiagnostics(file).map((each) => problem(each, file, source, true)),
		...namelessExports(file),
	]);
	if (found.length > 0) return found;
	return files.flatMap((file) =>
		checked(program, file)
			.filter((each) => each.category === ts.DiagnosticCategory.Error && !TOLERATED.has(each.code))
			.map((each) => problem(each, file, source, false)),
	);
}

/** The problems of a file; what a cell declares for modules is checked too, though declarations of libraries are not. */
function checked(program: TypeScript.Program, file: TypeScript.SourceFile): readonly TypeScript.Diagnostic[] {
	const { isDeclarationFile } = file;
	file.isDeclarationFile = false;
	try {
		return program.getSemanticDiagnostics(file);
	} finally {
		file.isDeclarationFile = isDeclarationFile;
	}
}

/** `export * from "…"` would bring no name that later cells could be told of. */
function namelessExports(file: TypeScript.SourceFile): Problem[] {
	const found = file.statements.filter(
		(statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier && !statement.exportClause,
	);
	return found.map((statement) => {
		const { line, character } = file.getLineAndCharacterOfPosition(statement.getStart(file));
		const message = 'A cell exports names: write import * as name from "…", or export { name } from "…".';
		return {
			line: line + 1,
			column: character + 1,
			length: statement.getWidth(file),
			code: 1383,
			message,
			isSyntax: true,
		};
	});
}

function problem(
	diagnostic: TypeScript.Diagnostic,
	file: TypeScript.SourceFile,
	source: string,
	isSyntax: boolean,
): Problem {
	// An unclosed brace is reported at the end of the file, which for the reader is the end of the cell.
	const start = Math.min(diagnostic.start ?? 0, source.length);
	const { line, character } = file.getLineAndCharacterOfPosition(start);
	const length = Math.max(0, Math.min(diagnostic.length ?? 0, source.length - start));
	const message = ts
		.flattenDiagnosticMessageText(diagnostic.messageText, "\n")
		.replace(/ because it is an import\.$/, " because it is a constant of another cell.");
	return { line: line + 1, column: character + 1, length, code: diagnostic.code, message, isSyntax };
}
