import type TypeScript from "typescript";
import { CELL_GLOBAL } from "./hub.ts";
import ts from "./typescript.ts";

/**
 * A cell may call its own things as it likes, `performance` and `process` too. In V8's REPL mode such a name would hide the
 * global from every module of the process, ours included, so it runs under another one that looks the same.
 */

/** ZERO WIDTH NON-JOINER, which JavaScript allows in names. */
const SUFFIX = "\u200c";
const GLOBALS = new Set([
	...Object.getOwnPropertyNames(globalThis),
	...["display", "input", "prompt", "cellSignal", "require", "__dirname", "__filename", CELL_GLOBAL],
]);

/** The name by which a cell's own top-level name is known when it runs. */
export function runtimeName(name: string): string {
	return GLOBALS.has(name) ? name + SUFFIX : name;
}

interface WithLocals {
	readonly locals?: ReadonlyMap<TypeScript.__String, TypeScript.Symbol & { readonly exportSymbol?: TypeScript.Symbol }>;
}

/** Renames what the notebook's own cells have called like a global, here or in an earlier cell. */
export function renamer(
	factory: TypeScript.NodeFactory,
	checker: TypeScript.TypeChecker,
	file: TypeScript.SourceFile,
): (node: TypeScript.Node) => TypeScript.Node {
	const { locals } = file as WithLocals;
	// TypeScript keeps names that begin with two underscores in a form of its own.
	const held = [...(locals?.keys() ?? [])].map((name) => ts.unescapeLeadingUnderscores(name));
	const shadowing = new Set(held.filter((name) => GLOBALS.has(name)));
	if (shadowing.size === 0) return (node) => node;

	const isOwn = (name: TypeScript.Identifier, find = () => checker.getSymbolAtLocation(name)) => {
		if (!shadowing.has(name.text)) return false;
		const symbol = find();
		const local = locals?.get(name.escapedText);
		return symbol !== undefined && (symbol === local || symbol === local?.exportSymbol);
	};
	const renamed = (name: TypeScript.Identifier) => {
		const made = factory.createIdentifier(runtimeName(name.text));
		return ts.setTextRange(ts.setOriginalNode(made, name), name);
	};
	const plain = (name: TypeScript.Identifier) => factory.createIdentifier(name.text);

	return (node) => {
		if (ts.isShorthandPropertyAssignment(node)) {
			if (!isOwn(node.name, () => checker.getShorthandAssignmentValueSymbol(node))) return node;
			const { objectAssignmentInitializer: initial } = node;
			const value = initial ? factory.createAssignment(renamed(node.name), initial) : renamed(node.name);
			return factory.createPropertyAssignment(plain(node.name), value);
		}
		// `const { process } = …` takes the member of that name, and calls it otherwise.
		if (ts.isBindingElement(node) && ts.isIdentifier(node.name) && !node.propertyName && !node.dotDotDotToken) {
			if (!ts.isObjectBindingPattern(node.parent) || !isOwn(node.name)) return node;
			return factory.updateBindingElement(node, undefined, plain(node.name), node.name, node.initializer);
		}
		if (!ts.isIdentifier(node)) return node;
		return isOwn(node) ? renamed(node) : node;
	};
}
