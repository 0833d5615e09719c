import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { Compiler } from "../../kernel/compiler.ts";
import { complete } from "../../kernel/completion.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

/** A notebook whose folder holds a package without types and a file of declarations. */
async function notebook(t: Parameters<typeof temporaryFolder>[0]) {
	const folder = await temporaryFolder(t);
	const untyped = join(folder, "node_modules", "untyped");
	mkdirSync(untyped, { recursive: true });
	writeFileSync(join(untyped, "package.json"), '{"name": "untyped", "main": "index.js"}');
	writeFileSync(join(untyped, "index.js"), "exports.twice = (x) => 2 * x;");
	writeFileSync(join(folder, "types.d.ts"), "interface FromReference { a: number }\n");
	const compiler = new Compiler(folder);
	let cells = 0;
	/** What is wrong with a cell, each with its place. */
	return {
		compiler,
		run: (source: string) =>
			compiler.compile(source, ++cells).problems.map(({ line, column, code }) => `${line}:${column} TS${code}`),
	};
}

test("a module without types is declared in a cell: one that is there, one that is not, a pattern, a name alone", async (t) => {
	const { run, compiler } = await notebook(t);
	for (const cell of [
		"declare module 'untyped' { export function twice(x: number): number; export interface Options { a: number } }",
		"import { twice, type Options } from 'untyped'; const four: number = twice(2); const options: Options = { a: 1 }",
		"declare module 'nowhere' { const x: number; export default x }\nimport x from 'nowhere'; x.toFixed()",
		"declare module '*.foo' { const text: string; export default text }\nimport foo from './data.foo'; foo.length",
		"declare module 'short';\nimport short from 'short'; short.anything",
	])
		t.deepEqual(run(cell), [], cell);
	t.deepEqual(run("const text: string = twice(2)"), ["1:7 TS2322"]);
	t.deepEqual(run("twice('2')"), ["1:7 TS2345"]);
	t.true(complete(compiler, "options.", 8).matches.includes("a"));
});

test("a declaration run anew takes the place of the first, and one that is wrong leaves the first and says where", async (t) => {
	const { run } = await notebook(t);
	t.deepEqual(run("declare module 'untyped' { export const twice: (x: number) => number }"), []);
	t.deepEqual(run("declare module 'untyped' { export const twice: (x: string) => number }"), []);
	t.deepEqual(run("import { twice } from 'untyped'; twice('2')"), []);
	t.deepEqual(run("declare module 'untyped' {\n\texport const twice: Missing;\n}"), ["2:22 TS2304"]);
	t.deepEqual(run("const before = 1;\ndeclare module 'untyped' {\n\texport const = 1\n}"), [
		"3:15 TS1134",
		"3:17 TS1134",
	]);
	t.deepEqual(run("twice('2')"), []);
});

test("a module with types is added to, and so is the global scope; run anew with other types, too", async (t) => {
	const { run } = await notebook(t);
	t.deepEqual(run("declare module 'node:fs' { interface Stats { mine: number } }"), []);
	t.deepEqual(run("import { statSync } from 'node:fs'; const mine: number = statSync('.').mine"), []);
	for (const type of ["number", "string"])
		t.deepEqual(
			run(`declare global { interface Thing { a: ${type} } const G: ${type} }\nlet thing: Thing | undefined`),
			[],
		);
	t.deepEqual(run("const wrong: number = G"), ["1:7 TS2322"]);
	t.deepEqual(run("thing = { a: 'text' }"), []);
});

test("what a cell refers to by three slashes is there for the cells after it", async (t) => {
	const { run } = await notebook(t);
	t.deepEqual(run("let early: FromReference"), ["1:12 TS2304"]);
	t.deepEqual(run('/// <reference path="./types.d.ts" />'), []);
	t.deepEqual(run("const late: FromReference = { a: 1 }"), []);
	t.deepEqual(run('/// <reference lib="dom" />'), []);
	t.deepEqual(run("let element: HTMLElement | undefined"), []);
});
