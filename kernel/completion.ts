import type TypeScript from "typescript";
import type { Compiler } from "./compiler.ts";
import type { Draft } from "./draft.ts";
import ts from "./typescript.ts";

/** Completion, inspection and is-complete of a cell, by TypeScript's language service. Offsets are UTF-16 here. */

export interface Completions {
	readonly matches: readonly string[];
	readonly start: number;
	readonly end: number;
	readonly types: readonly { readonly text: string; readonly type: string; readonly signature?: string }[];
}

/** The language service's own functions, which take any file and program; package.json holds TypeScript to the versions that have them. */
interface Internals {
	readonly Completions: {
		getCompletionsAtPosition(
			host: TypeScript.LanguageServiceHost,
			program: TypeScript.Program,
			log: (text: string) => void,
			file: TypeScript.SourceFile,
			position: number,
			preferences: TypeScript.UserPreferences,
			triggerCharacter: undefined,
			triggerKind: undefined,
			cancellation: undefined,
			format: undefined,
			includeSymbol: true,
		): TypeScript.CompletionInfo | undefined;
	};
	readonly SymbolDisplay: {
		getSymbolDisplayPartsDocumentationAndSymbolKind(
			checker: TypeScript.TypeChecker,
			symbol: TypeScript.Symbol,
			file: TypeScript.SourceFile,
			enclosing: TypeScript.Node,
			location: TypeScript.Node,
		): { readonly displayParts: TypeScript.SymbolDisplayPart[] };
	};
	getTouchingPropertyName(file: TypeScript.SourceFile, position: number): TypeScript.Node;
}

const preferences: TypeScript.UserPreferences = {
	includeCompletionsForModuleExports: false,
	includeCompletionsWithInsertText: false,
	includeCompletionsForImportStatements: false,
};

/** More than a reader scrolls through, and than a front end lists quickly. */
const MOST_MATCHES = 500;

export function complete(compiler: Compiler, source: string, cursor: number): Completions {
	const prefix = /[\p{ID_Continue}$#]*$/u.exec(source.slice(0, cursor))?.[0] ?? "";
	// After a dot only members can stand, so names that the cell does not mention need not be there.
	const isMember = source
		.slice(0, cursor - prefix.length)
		.trimEnd()
		.endsWith(".");
	const draft = compiler.drafts.read(source, !isMember);
	const { Completions } = ts as unknown as Internals;
	const list = Completions.getCompletionsAtPosition(
		compiler.host,
		draft.program,
		() => {},
		draft.file,
		cursor,
		preferences,
		undefined,
		undefined,
		undefined,
		undefined,
		true,
	);
	const span = list?.entries.find((entry) => entry.replacementSpan)?.replacementSpan ?? list?.optionalReplacementSpan;
	const start = span && span.start <= cursor ? span.start : cursor - prefix.length;
	const typed = source.slice(start, cursor).toLowerCase();
	const entries = (list?.entries ?? [])
		.filter((entry) => entry.name.toLowerCase().startsWith(typed) && entry.kind !== ts.ScriptElementKind.warning)
		.sort((a, b) => a.sortText.localeCompare(b.sortText) || a.name.localeCompare(b.name))
		.slice(0, MOST_MATCHES);
	return {
		matches: entries.map((entry) => entry.name),
		start,
		end: cursor,
		types: entries.map((entry, index) => {
			// The details of a few are worth their milliseconds; those of hundreds are not.
			const signature = index < 20 && entry.symbol ? signatureOf(draft, entry.symbol, cursor) : undefined;
			// Names of earlier cells are imported, which is none of the reader's business.
			const [, aliased] = /^\(alias\) (\w+)/.exec(signature ?? "") ?? [];
			const type = entry.kind === ts.ScriptElementKind.alias ? (aliased ?? entry.kind) : entry.kind;
			const isCall = signature?.includes("(", aliased ? "(alias)".length : 0) ?? false;
			return {
				text: entry.name,
				type,
				...(isCall && signature ? { signature: signature.replace(/^\(alias\) /, "") } : {}),
			};
		}),
	};
}

function signatureOf({ file, program }: Draft, symbol: TypeScript.Symbol, cursor: number): string {
	const { SymbolDisplay, getTouchingPropertyName } = ts as unknown as Internals;
	const place = getTouchingPropertyName(file, cursor);
	const { displayParts } = SymbolDisplay.getSymbolDisplayPartsDocumentationAndSymbolKind(
		program.getTypeChecker(),
		symbol,
		file,
		place,
		place,
	);
	return ts.displayPartsToString(displayParts).replace(/\nimport [^\n]*$/, "");
}

/** What stands at the cursor: its type and documentation, or the signatures of the call being written. */
export function inspectAt(
	compiler: Compiler,
	source: string,
	cursor: number,
	detail: number,
): Record<string, string> | undefined {
	compiler.open(source, false);
	const info = [cursor, cursor - 1]
		.filter((at) => at >= 0)
		.map((at) => compiler.service.getQuickInfoAtPosition(compiler.cellPath, at))
		.find((each) => each !== undefined);
	const help = compiler.service.getSignatureHelpItems(compiler.cellPath, cursor, undefined);
	const signatures = (help?.items ?? []).map((item) => signatureText(item));
	const signature = ts.displayPartsToString(info?.displayParts);
	const code = [signature, ...signatures].filter((text) => text !== "").slice(0, detail > 0 ? 20 : 5);
	if (code.length === 0) return undefined;
	const documentation = [
		ts.displayPartsToString(info?.documentation ?? help?.items[help.selectedItemIndex]?.documentation),
		...(info?.tags ?? []).map((tag) => `@${tag.name} ${ts.displayPartsToString(tag.text)}`),
	].filter((text) => text !== "");
	return {
		"text/plain": [...code, ...documentation].join("\n"),
		"text/markdown": [`\`\`\`typescript\n${code.join("\n")}\n\`\`\``, ...documentation].join("\n\n"),
	};
}

function signatureText(item: TypeScript.SignatureHelpItem): string {
	const parameters = item.parameters.map((parameter) => ts.displayPartsToString(parameter.displayParts));
	return (
		ts.displayPartsToString(item.prefixDisplayParts) +
		parameters.join(ts.displayPartsToString(item.separatorDisplayParts)) +
		ts.displayPartsToString(item.suffixDisplayParts)
	);
}

export interface Completeness {
	readonly status: "complete" | "incomplete" | "invalid";
	readonly indent?: string;
}

/** Whether a console should run what was typed, or wait for the rest of it. */
export function isComplete(source: string): Completeness {
	const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ESNext, false) as TypeScript.SourceFile & {
		readonly parseDiagnostics: readonly TypeScript.Diagnostic[];
	};
	const end = source.trimEnd().length;
	const problems = file.parseDiagnostics;
	if (problems.length === 0) return { status: "complete" };
	const isOpen = (each: TypeScript.Diagnostic) =>
		(each.start ?? 0) + (each.length ?? 0) >= end && ((each.start ?? 0) >= end || UNTERMINATED.has(each.code));
	// A string in quotes cannot go on in the next line.
	if (!problems.every(isOpen) || problems.some((each) => each.code === UNTERMINATED_STRING))
		return { status: "invalid" };
	return { status: "incomplete", indent: "  ".repeat(openBrackets(source)) };
}

const UNTERMINATED_STRING = 1002;
/** Unterminated template literal, comment. */
const UNTERMINATED = new Set([1160, 1010]);

function openBrackets(source: string): number {
	const scanner = ts.createScanner(ts.ScriptTarget.ESNext, true, ts.LanguageVariant.Standard, source);
	let depth = 0;
	for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
		if (
			token === ts.SyntaxKind.OpenBraceToken ||
			token === ts.SyntaxKind.OpenParenToken ||
			token === ts.SyntaxKind.OpenBracketToken
		)
			depth++;
		if (
			token === ts.SyntaxKind.CloseBraceToken ||
			token === ts.SyntaxKind.CloseParenToken ||
			token === ts.SyntaxKind.CloseBracketToken
		)
			depth--;
	}
	return Math.max(0, depth);
}
