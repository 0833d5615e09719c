import type TypeScript from "typescript";
import { cellMember, importRewriter } from "./imports.ts";
import { renamer } from "./shadowing.ts";
import ts from "./typescript.ts";

/**
 * What one notebook cell means: which names it declares and uses, and the script V8's REPL mode runs for it.
 * Top-level declarations all become `let`, the one kind REPL mode lets every later cell declare anew.
 */

export interface Declaration {
	readonly name: string;
	/** Declared by let or var: another cell may assign to it. */
	readonly mutable: boolean;
	readonly exported: boolean;
}

function hasModifier(node: TypeScript.Node, kind: TypeScript.SyntaxKind): boolean {
	return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind);
}

function bindingNames(name: TypeScript.BindingName): string[] {
	if (ts.isIdentifier(name)) return [name.text];
	return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : bindingNames(element.name)));
}

function isVar(list: TypeScript.VariableDeclarationList): boolean {
	return (list.flags & ts.NodeFlags.BlockScoped) === 0;
}

/** Lists of `var` inside blocks, loops and the like, which belong to the whole cell. */
function nestedVars(
	statement: TypeScript.Node,
	found: TypeScript.VariableDeclarationList[] = [],
): TypeScript.VariableDeclarationList[] {
	ts.forEachChild(statement, (child) => {
		if (ts.isFunctionLike(child) || ts.isClassLike(child) || ts.isModuleDeclaration(child)) return;
		if (ts.isVariableDeclarationList(child) && isVar(child)) found.push(child);
		nestedVars(child, found);
	});
	return found;
}

/** The names a cell declares for the cells after it. */
export function declarations(file: TypeScript.SourceFile): Declaration[] {
	const found = new Map<string, Declaration>();
	const add = (name: string, mutable: boolean, exported: boolean) => found.set(name, { name, mutable, exported });
	for (const statement of file.statements) {
		const isDefault = hasModifier(statement, ts.SyntaxKind.DefaultKeyword);
		const exported = !isDefault && hasModifier(statement, ts.SyntaxKind.ExportKeyword);
		if (ts.isVariableStatement(statement)) {
			const mutable = (statement.declarationList.flags & ts.NodeFlags.Const) === 0 || isVar(statement.declarationList);
			for (const { name } of statement.declarationList.declarations)
				for (const each of bindingNames(name)) add(each, mutable, exported);
		} else if (ts.isImportDeclaration(statement)) {
			const clause = statement.importClause;
			if (clause?.name) add(clause.name.text, false, false);
			const bindings = clause?.namedBindings;
			if (bindings && ts.isNamespaceImport(bindings)) add(bindings.name.text, false, false);
			else for (const element of bindings?.elements ?? []) add(element.name.text, false, false);
		} else if (ts.isExportDeclaration(statement)) {
			const clause = statement.moduleSpecifier && statement.exportClause;
			if (clause && ts.isNamespaceExport(clause)) add(clause.name.text, false, true);
			else if (clause) for (const element of clause.elements) add(element.name.text, false, true);
		} else if (
			ts.isFunctionDeclaration(statement) ||
			ts.isClassDeclaration(statement) ||
			ts.isInterfaceDeclaration(statement) ||
			ts.isTypeAliasDeclaration(statement) ||
			ts.isEnumDeclaration(statement) ||
			ts.isModuleDeclaration(statement) ||
			ts.isImportEqualsDeclaration(statement)
		) {
			if (statement.name && ts.isIdentifier(statement.name) && statement.name.text !== "global")
				add(statement.name.text, false, exported);
		} else {
			for (const list of nestedVars(statement))
				for (const { name } of list.declarations) for (const each of bindingNames(name)) add(each, true, false);
		}
	}
	return [...found.values()];
}

/** Every identifier in the cell, so that only names it may mean are brought into its scope. */
export function identifiers(file: TypeScript.SourceFile): Set<string> {
	const found = new Set<string>();
	const visit = (node: TypeScript.Node): void => {
		if (ts.isIdentifier(node)) found.add(node.text);
		ts.forEachChild(node, visit);
	};
	visit(file);
	return found;
}

/**
 * Runs before TypeScript's own transforms: imports, exports, the cell's value.
 * @param id Tells the value of this run from that of another cell that runs meanwhile.
 */
export function beforeTypes(
	userLength: number,
	id: number,
	checker: TypeScript.TypeChecker,
): TypeScript.TransformerFactory<TypeScript.SourceFile> {
	return (context) => {
		const { factory } = context;
		const member = (name: string) => cellMember(factory, name);
		const rewriteImport = importRewriter(factory, checker);

		let rename: (node: TypeScript.Node) => TypeScript.Node;
		const deep = (given: TypeScript.Node): TypeScript.Node => {
			const node = rename(given);
			if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
				const args = node.arguments.map((argument) => ts.visitNode(argument, deep) as TypeScript.Expression);
				return ts.setTextRange(factory.createCallExpression(member("dynamicImport"), undefined, args), node);
			}
			if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword)
				return ts.setTextRange(member("meta"), node);
			return ts.visitEachChild(node, deep, context);
		};

		const asValue = (expression: TypeScript.Expression, node: TypeScript.Node): TypeScript.Statement =>
			ts.setTextRange(
				factory.createExpressionStatement(
					factory.createCallExpression(member("value"), undefined, [factory.createNumericLiteral(id), expression]),
				),
				node,
			);

		return (file) => {
			rename = renamer(factory, checker, file);
			const imports: TypeScript.Statement[] = [];
			const rest: TypeScript.Statement[] = [];
			const own = file.statements.filter((statement) => statement.getStart(file) < userLength);
			const last = own.findLast((statement) => statement.kind !== ts.SyntaxKind.EmptyStatement);
			for (const statement of own) {
				const rewritten = rewriteImport(statement);
				const exported = defaultExport(factory, statement);
				if (rewritten !== statement) {
					if (rewritten) imports.push(rewritten);
				} else if (exported) {
					rest.push(asValue(ts.visitNode(exported, deep) as TypeScript.Expression, statement));
				} else if (ts.isExpressionStatement(statement) && statement === last) {
					rest.push(asValue(ts.visitNode(statement.expression, deep) as TypeScript.Expression, statement));
				} else rest.push(ts.visitNode(statement, deep) as TypeScript.Statement);
			}
			return factory.updateSourceFile(file, [...imports, ...rest]);
		};
	};
}

/** What `export default` exports, where it has no name of its own: for a notebook, a value. */
function defaultExport(
	factory: TypeScript.NodeFactory,
	statement: TypeScript.Statement,
): TypeScript.Expression | undefined {
	if (ts.isExportAssignment(statement)) return statement.expression;
	if (ts.isFunctionDeclaration(statement) && !statement.name && statement.body) {
		const { asteriskToken, typeParameters, parameters, type, body } = statement;
		const modifiers = statement.modifiers?.filter(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
		return ts.setTextRange(
			factory.createFunctionExpression(
				modifiers as TypeScript.Modifier[] | undefined,
				asteriskToken,
				undefined,
				typeParameters,
				parameters,
				type,
				body,
			),
			statement,
		);
	}
	if (ts.isClassDeclaration(statement) && !statement.name) {
		const { typeParameters, heritageClauses, members } = statement;
		const modifiers = statement.modifiers?.filter(ts.isDecorator);
		return ts.setTextRange(
			factory.createClassExpression(modifiers, undefined, typeParameters, heritageClauses, members),
			statement,
		);
	}
	return undefined;
}

/** Runs after TypeScript's transforms, on plain JavaScript: every top-level declaration becomes `let`, functions first. */
export function afterTypes(): TypeScript.TransformerFactory<TypeScript.SourceFile> {
	return (context) => {
		const { factory } = context;
		const letList = (declared: readonly TypeScript.VariableDeclaration[]) =>
			factory.createVariableStatement(undefined, factory.createVariableDeclarationList(declared, ts.NodeFlags.Let));

		const toTarget = (name: TypeScript.BindingName): TypeScript.Expression => {
			if (ts.isIdentifier(name)) return name;
			if (ts.isArrayBindingPattern(name))
				return factory.createArrayLiteralExpression(
					name.elements.map((element) =>
						ts.isOmittedExpression(element)
							? element
							: element.dotDotDotToken
								? factory.createSpreadElement(toTarget(element.name))
								: withDefault(toTarget(element.name), element.initializer),
					),
				);
			return factory.createObjectLiteralExpression(
				name.elements.map((element) => {
					if (element.dotDotDotToken) return factory.createSpreadAssignment(toTarget(element.name));
					const key = element.propertyName ?? (element.name as TypeScript.Identifier);
					return factory.createPropertyAssignment(key, withDefault(toTarget(element.name), element.initializer));
				}),
			);
		};
		const withDefault = (
			target: TypeScript.Expression,
			initial: TypeScript.Expression | undefined,
		): TypeScript.Expression => (initial ? factory.createAssignment(target, initial) : target);

		/** `var a = 1` inside a block: the declaration goes to the top, the assignment stays. */
		const withoutVar = (hoisted: Set<string>) => {
			const visit = (node: TypeScript.Node): TypeScript.Node => {
				if (ts.isFunctionLike(node) || ts.isClassLike(node)) return node;
				if (ts.isVariableStatement(node) && isVar(node.declarationList)) {
					const assigned = assignments(node.declarationList);
					return assigned ? factory.createExpressionStatement(assigned) : factory.createEmptyStatement();
				}
				if (ts.isVariableDeclarationList(node) && isVar(node)) {
					const first = node.declarations[0];
					const inLoop = node.parent && (ts.isForOfStatement(node.parent) || ts.isForInStatement(node.parent));
					if (inLoop && first) {
						for (const name of bindingNames(first.name)) hoisted.add(name);
						return toTarget(first.name);
					}
					return assignments(node) ?? factory.createVoidZero();
				}
				return ts.visitEachChild(node, visit, context);
			};
			const assignments = (list: TypeScript.VariableDeclarationList): TypeScript.Expression | undefined => {
				let all: TypeScript.Expression | undefined;
				for (const { name, initializer } of list.declarations) {
					for (const each of bindingNames(name)) hoisted.add(each);
					if (!initializer) continue;
					const one = factory.createAssignment(
						toTarget(name),
						ts.visitNode(initializer, visit) as TypeScript.Expression,
					);
					all = all ? factory.createComma(all, one) : one;
				}
				return all && ts.isObjectLiteralExpression((all as TypeScript.BinaryExpression).left)
					? factory.createParenthesizedExpression(all)
					: all;
			};
			return visit;
		};

		return (file) => {
			const hoisted = new Set<string>();
			const functions: TypeScript.Statement[] = [];
			const rest: TypeScript.Statement[] = [];
			for (const statement of file.statements) {
				if (ts.isExportDeclaration(statement) || ts.isImportDeclaration(statement)) continue;
				if (ts.isVariableStatement(statement) && !isVar(statement.declarationList)) {
					rest.push(ts.setTextRange(letList(statement.declarationList.declarations), statement));
				} else if (ts.isFunctionDeclaration(statement) && statement.name && statement.body) {
					const modifiers = statement.modifiers?.filter((each) => each.kind === ts.SyntaxKind.AsyncKeyword) as
						| TypeScript.Modifier[]
						| undefined;
					const value = factory.createFunctionExpression(
						modifiers,
						statement.asteriskToken,
						undefined,
						undefined,
						statement.parameters,
						undefined,
						statement.body,
					);
					const declared = factory.createVariableDeclaration(
						statement.name,
						undefined,
						undefined,
						ts.setTextRange(value, statement),
					);
					functions.push(letList([declared]));
				} else if (ts.isClassDeclaration(statement)) {
					const modifiers = statement.modifiers?.filter(
						(each) => each.kind !== ts.SyntaxKind.ExportKeyword && each.kind !== ts.SyntaxKind.DefaultKeyword,
					);
					rest.push(
						factory.updateClassDeclaration(
							statement,
							modifiers,
							statement.name,
							undefined,
							statement.heritageClauses,
							statement.members,
						),
					);
				} else rest.push(ts.visitNode(statement, withoutVar(hoisted)) as TypeScript.Statement);
			}
			const names = [...hoisted].map((name) => factory.createVariableDeclaration(name));
			const strict = factory.createExpressionStatement(factory.createStringLiteral("use strict"));
			return factory.updateSourceFile(file, [
				strict,
				...(names.length > 0 ? [letList(names)] : []),
				...functions,
				...rest,
			]);
		};
	};
}
