import type TypeScript from "typescript";
import { CELL_GLOBAL } from "./hub.ts";
import { runtimeName } from "./shadowing.ts";
import ts from "./typescript.ts";

/** Imports of a cell, rewritten into calls of the loader: V8's REPL mode knows no import statements. */

/** A member of the global through which a cell's script reaches the kernel. */
export function cellMember(factory: TypeScript.NodeFactory, name: string): TypeScript.PropertyAccessExpression {
	return factory.createPropertyAccessExpression(factory.createIdentifier(CELL_GLOBAL), name);
}

/** Whether a name stands for types alone, of which nothing is left when the cell runs. */
function isTypeOnly(name: TypeScript.Identifier, checker: TypeScript.TypeChecker): boolean {
	const symbol = checker.getSymbolAtLocation(name);
	if (!symbol || (symbol.flags & ts.SymbolFlags.Alias) === 0) return false;
	const target = checker.getAliasedSymbol(symbol);
	return (target.flags & ts.SymbolFlags.Value) === 0 && (target.declarations?.length ?? 0) > 0;
}

type Pair = readonly [imported: string, local: string];

/** Rewrites one statement; gives undefined where nothing is left of it, and the statement itself where it imports nothing. */
export function importRewriter(
	factory: TypeScript.NodeFactory,
	checker: TypeScript.TypeChecker,
): (statement: TypeScript.Statement) => TypeScript.Statement | undefined {
	const call = (
		member: string,
		specifier: TypeScript.Expression,
		names: readonly string[] | undefined,
		attributes?: TypeScript.ImportAttributes,
	): TypeScript.Expression => {
		const given = (attributes?.elements ?? []).map((attribute) =>
			factory.createPropertyAssignment(factory.createStringLiteral(attribute.name.text), attribute.value),
		);
		const wanted = names
			? factory.createArrayLiteralExpression(names.map((name) => factory.createStringLiteral(name)))
			: factory.createNull();
		return factory.createAwaitExpression(
			factory.createCallExpression(cellMember(factory, member), undefined, [
				specifier,
				wanted,
				factory.createObjectLiteralExpression(given),
			]),
		);
	};
	const declare = (statement: TypeScript.Statement, declared: readonly TypeScript.VariableDeclaration[]) => {
		if (declared.length === 0) return undefined;
		const list = factory.createVariableDeclarationList(declared, ts.NodeFlags.Let);
		return ts.setTextRange(factory.createVariableStatement(undefined, list), statement);
	};
	const one = (name: string, value: TypeScript.Expression) =>
		factory.createVariableDeclaration(runtimeName(name), undefined, undefined, value);
	const many = (pairs: readonly Pair[], value: TypeScript.Expression) => {
		const elements = pairs.map(([imported, local]) =>
			factory.createBindingElement(undefined, factory.createStringLiteral(imported), runtimeName(local)),
		);
		const pattern = factory.createObjectBindingPattern(elements);
		return factory.createVariableDeclaration(pattern, undefined, undefined, value);
	};
	const imported = (pairs: readonly Pair[]) => pairs.map(([name]) => name);

	const rewriteImport = (statement: TypeScript.ImportDeclaration) => {
		const { importClause: clause, moduleSpecifier: from, attributes } = statement;
		if (!clause) return factory.createExpressionStatement(call("import", from, undefined, attributes));
		if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return undefined;
		const bindings = clause.namedBindings;
		const pairs: Pair[] = [];
		if (clause.name && !isTypeOnly(clause.name, checker)) pairs.push(["default", clause.name.text]);
		if (bindings && ts.isNamedImports(bindings)) {
			for (const element of bindings.elements)
				if (!element.isTypeOnly && !isTypeOnly(element.name, checker))
					pairs.push([(element.propertyName ?? element.name).text, element.name.text]);
		}
		const declared: TypeScript.VariableDeclaration[] = [];
		if (bindings && ts.isNamespaceImport(bindings))
			declared.push(one(bindings.name.text, call("import", from, undefined, attributes)));
		if (pairs.length > 0) declared.push(many(pairs, call("import", from, imported(pairs), attributes)));
		return declare(statement, declared);
	};

	/** `import name = require("…")`. */
	const rewriteRequire = (
		statement: TypeScript.ImportEqualsDeclaration,
		reference: TypeScript.ExternalModuleReference,
	) => {
		if (statement.isTypeOnly || isTypeOnly(statement.name, checker)) return undefined;
		return declare(statement, [one(statement.name.text, call("importEquals", reference.expression, undefined))]);
	};

	/** `export { a as b } from "…"` and `export * as b from "…"` bring a name into the notebook as imports do. */
	const rewriteExport = (statement: TypeScript.ExportDeclaration, from: TypeScript.Expression) => {
		const clause = statement.exportClause;
		if (statement.isTypeOnly || !clause) return undefined;
		if (ts.isNamespaceExport(clause))
			return declare(statement, [one(clause.name.text, call("import", from, undefined, statement.attributes))]);
		const values = clause.elements.filter(
			(element) => !element.isTypeOnly && ts.isIdentifier(element.name) && !isTypeOnly(element.name, checker),
		);
		const pairs = values.map((element): Pair => [(element.propertyName ?? element.name).text, element.name.text]);
		if (pairs.length === 0) return undefined;
		return declare(statement, [many(pairs, call("import", from, imported(pairs), statement.attributes))]);
	};

	return (statement) => {
		if (ts.isImportDeclaration(statement)) return rewriteImport(statement);
		if (ts.isImportEqualsDeclaration(statement) && ts.isExternalModuleReference(statement.moduleReference))
			return rewriteRequire(statement, statement.moduleReference);
		if (ts.isExportDeclaration(statement))
			return statement.moduleSpecifier ? rewriteExport(statement, statement.moduleSpecifier) : undefined;
		return statement;
	};
}
