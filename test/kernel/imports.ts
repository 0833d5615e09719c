import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { failure, kernelFor, value } from "../helpers/kernel.ts";

/** Imports of a notebook that lies in a workspace, in every form that TypeScript has for them. */

const test = anyTest.serial as TestFn;
const shared = kernelFor(anyTest);
const run = (code: string) => shared.kernel.execute(code);

function write(file: string, text: string): void {
	mkdirSync(join(shared.folder, file, ".."), { recursive: true });
	writeFileSync(join(shared.folder, file), text);
}

async function gives(code: string): Promise<unknown> {
	const reply = await run(code);
	return reply.reply.content["status"] === "ok" ? value(reply) : failure(reply).traceback;
}

test.before(() => {
	const core = { name: "@acme/core", version: "1.0.0", type: "module", exports: { ".": "./src/index.ts" } };
	write("packages/core/package.json", JSON.stringify(core));
	write(
		"packages/core/src/index.ts",
		"export { add } from './math.ts'; export type { Thing } from './types.js'; export * as all from './math.js'; export default class Core { name = 'core' }",
	);
	write("packages/core/src/math.ts", "export const add = (a: number, b: number): number => a + b");
	write("packages/core/src/types.ts", "export interface Thing { id: number }");
	mkdirSync(join(shared.folder, "node_modules", "@acme"), { recursive: true });
	symlinkSync(join(shared.folder, "packages", "core"), join(shared.folder, "node_modules", "@acme", "core"));
	write("node_modules/typed/package.json", '{"name": "typed", "version": "1.0.0", "main": "i.js", "types": "i.d.ts"}');
	write("node_modules/typed/i.d.ts", "declare function typed(x: number): string; export = typed");
	write("node_modules/typed/i.js", "module.exports = (x) => 't' + x");
	write("lib/helper.ts", "export const helper = (n: number) => 'helped ' + n\nexport type Kind = 'a' | 'b'");
});

test("a workspace's package with TypeScript sources: values, types, re-exports, namespaces", async (t) => {
	const code =
		"import Core, { add, all, type Thing } from '@acme/core'\nconst thing: Thing = { id: 1 };\n[new Core().name, add(2, 3), all.add(1, 1), thing.id]";
	t.is(await gives(code), "[ 'core', 5, 2, 1 ]");
});

test("a workspace's package is loaded anew when its source has changed", async (t) => {
	write("packages/core/src/math.ts", "export const add = (a: number, b: number): string => a + ' and ' + b");
	const file = join(shared.folder, "packages/core/src/math.ts");
	utimesSync(file, new Date(), new Date(Date.now() + 5000));
	t.is(await gives("import { add } from '@acme/core'\nadd(2, 3).toUpperCase()"), "'2 AND 3'");
});

test("import name = require(…) gives what CommonJS exports, builtin modules, and the namespace of others", async (t) => {
	t.is(await gives("import typed = require('typed')\ntyped(4)"), "'t4'");
	t.is(await gives("import path = require('node:path')\npath.join('a', 'b')"), "'a/b'");
	t.is(await gives("import lib = require('./lib/helper')\nlib.helper(1)"), "'helped 1'");
});

test("export … from brings names into the notebook, and export * says what to write instead", async (t) => {
	await run("export { helper as renamed, type Kind } from './lib/helper.ts'\nexport * as space from './lib/helper.ts'");
	t.is(await gives("const kind: Kind = 'a'; [renamed(2), space.helper(3), kind]"), "[ 'helped 2', 'helped 3', 'a' ]");
	t.regex(failure(await run("export * from './lib/helper.ts'")).evalue, /1:1 A cell exports names: write import \*/);
});

test("a type-only import leaves nothing to load", async (t) => {
	write("lib/throws.ts", "throw new Error('loaded'); export interface Shape { side: number }");
	t.is(
		await gives("import type { Shape } from './lib/throws.ts'\nconst square: Shape = { side: 2 }; square.side"),
		"2",
	);
	t.is(
		await gives("import { type Shape as Form } from './lib/throws.ts'\n({ side: 3 }) satisfies Form"),
		"{ side: 3 }",
	);
});

test("modules with CommonJS habits, .cts and .tsx load", async (t) => {
	write(
		"lib/habits.ts",
		"export const typed = require('typed'); export const here = [__dirname, __filename].map((each) => each.split('/').at(-1))",
	);
	t.is(
		await gives("import { here, typed } from './lib/habits.ts'\n[typed(1), here]"),
		"[ 't1', [ 'lib', 'habits.ts' ] ]",
	);
	write("lib/own.ts", "const __dirname = 'own'; export const here = __dirname");
	t.is(await gives("import { here as own } from './lib/own.ts'\nown"), "'own'");
	write("lib/old.cts", "export const kind: string = typeof module.exports");
	t.is(await gives("import { kind as old } from './lib/old.cts'\nold"), "'object'");
	write("lib/view.tsx", "export const view = (text: string): string => text.toUpperCase()");
	t.is(await gives("import { view } from './lib/view'\nview('seen')"), "'SEEN'");
	t.is(await gives("__dirname === process.cwd() && __filename.startsWith(__dirname)"), "true");
});

test("a mistake in a module's syntax is told with its file and place", async (t) => {
	write("lib/wrong.ts", "export const fine = 1\nexport const = 2");
	const { ename, evalue } = failure(await run("await import('./lib/wrong.ts')"));
	t.is(ename, "SyntaxError");
	t.is(evalue, "lib/wrong.ts:2:14 Variable declaration expected. (TS1134)");
});
