import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { failure, kernelFor, printed, value } from "../helpers/kernel.ts";

const test = anyTest.serial as TestFn;
const shared = kernelFor(anyTest);
const run = (code: string) => shared.kernel.execute(code);

/** Runs cells one after another and gives the value of the last. */
async function last(...cells: string[]): Promise<unknown> {
	let result: unknown;
	for (const cell of cells) {
		const reply = await run(cell);
		result = reply.reply.content["status"] === "ok" ? value(reply) : failure(reply).traceback;
	}
	return result;
}

test("anything may be declared anew as anything", async (t) => {
	const kinds = [
		"let thing = 1",
		"const thing = 'two'",
		"function thing() { return 3 }",
		"class thing {}",
		"var thing = 4",
		"enum thing { A, B }",
		"import thing from 'node:path'",
		"namespace thing { export const a = 5 }",
		"for (var thing = 0; thing < 6; thing++) {}",
		"const { thing = 7 } = {} as { thing?: number }",
		"let thing = 'last'",
	];
	for (const kind of kinds) t.is((await run(kind)).reply.content["status"], "ok", kind);
	t.is(await last("thing"), "'last'");
});

test("a function sees the newest of what it names, and another cell may assign to a variable", async (t) => {
	t.is(await last("let count = 1; function twice() { return count * 2 }", "count = 10", "twice()"), "20");
	t.is(await last("let count = 21", "twice()"), "42");
});

test("top-level await, for await, using, decorators, enums, generators", async (t) => {
	t.is(await last("const waited = await new Promise<number>((resolve) => setTimeout(resolve, 5, 3)); waited"), "3");
	const stream =
		"async function* numbers() { yield 1; yield 2 }\nlet total = 0\nfor await (const n of numbers()) total += n\ntotal";
	t.is(await last(stream), "3");
	const using = await run(
		"const log: string[] = []\nusing resource = { [Symbol.dispose]() { console.log('disposed') } }\nlog.push('used'); log.length",
	);
	t.is(printed(using), "disposed\n");
	t.is(value(using), "1");
	t.is(await last("log"), "[ 'used' ]");
	const decorated =
		"function twofold(method: (n: number) => number, context: ClassMethodDecoratorContext) { return (n: number) => 2 * method(n) }\nclass Sum { @twofold one(n: number) { return n + 1 } }\nnew Sum().one(1)";
	t.is(await last(decorated), "4");
	t.is(await last("enum Colour { Red = 3, Blue }", "Colour[Colour.Blue]"), "'Blue'");
	t.is(await last("[...new Set([3, 1, 2])].toSorted()"), "[ 1, 2, 3 ]");
});

test("hoisting is that of a module: functions before their line, var out of blocks", async (t) => {
	t.is(await last("const got = early()\nfunction early() { return 'called' }\ngot"), "'called'");
	t.is(
		await last(
			"if (true) { var inside = 1; var [first, ...others] = [2, 3, 4], { key: renamed = 5 } = {} as { key?: number } }\n;[inside, first, others, renamed]",
		),
		"[ 1, 2, [ 3, 4 ], 5 ]",
	);
	t.is(await last("for (var key in { a: 1 }) {}\nfor (var item of [7]) {}\n[key!, item!]"), "[ 'a', 7 ]");
});

test("var may be declared twice, as in any script", async (t) => {
	t.is(await last("var twice = 1; var twice = 2; for (var twice = 5; twice < 7; twice++) {}\ntwice"), "7");
	t.is(await last("var { p, q } = { p: 1, q: 2 }, [r] = [3]; [p, q, r]"), "[ 1, 2, 3 ]");
	t.is(await last("var named = function () {}; named.name"), "'named'");
});

test("export default gives a name where there is one, and a value where there is none", async (t) => {
	t.is(await last("export default function hello() { return 'hi' }", "hello()"), "'hi'");
	t.is(await last("export default class Named { x = 1 }", "new Named().x"), "1");
	t.is(await last("export default 42"), "42");
	t.is(await last("export default function () { return 1 }"), "[Function (anonymous)]");
	t.is(await last("export default async () => 1"), "[AsyncFunction (anonymous)]");
	t.is(await last("export default class { y = 2 }"), "[class (anonymous)]");
});

test("text of every kind: CRLF, letters of other scripts, very long lines, flags of regular expressions", async (t) => {
	t.is(await last("let y\r\ny = 3\r\n// remark\r\ny"), "3");
	t.is(await last("const größe = 3, 変数 = 5; let 𝒳 = 1; größe + 変数 + 𝒳", "größe"), "3");
	t.is(await last(`[${"1,".repeat(20_000)}].length`), "20000");
	t.is(await last("/[\\p{L}--[a-z]]/v.test('a')"), "false");
	t.is(await last("2n ** 64n"), "18446744073709551616n");
	t.regex(String(await last("return 5")), /1:1 A 'return' statement can only be used within a function body/);
});

test("a variable that one cell leaves empty is filled in another and read in a third", async (t) => {
	t.is(await last("let later; let nothing = null", "later = 5", "[later, nothing]"), "[ 5, null ]");
});

test("a type error stops the cell before it runs and points into it", async (t) => {
	const reply = await run("console.log('ran')\nlet width: number = 'wide'");
	const { ename, evalue, traceback } = failure(reply);
	const count = reply.reply.content["execution_count"];
	t.is(ename, "TypeCheckError");
	t.is(evalue, `Cell [${count}] 2:5 Type 'string' is not assignable to type 'number'. (TS2322)`);
	t.regex(traceback, /let width: number = 'wide'\n {8}~~~~~/);
	t.is(printed(reply), "");
});

test("types go from cell to cell, also those of imports, classes and interfaces", async (t) => {
	await run("interface Point { x: number; y: number }\nconst origin: Point = { x: 0, y: 0 }\nlet label = 'a'");
	t.regex(failure(await run("origin.z")).evalue, /Property 'z' does not exist on type 'Point'/);
	t.regex(failure(await run("label = 3")).evalue, /Type 'number' is not assignable to type 'string'/);
	t.regex(failure(await run("origin = { x: 1, y: 1 }")).evalue, /because it is a constant of another cell/);
	t.is(await last("let label = 3", "label + 1"), "4");
	t.is(await last("import { join as together } from 'node:path'", "together('a', 'b')"), "'a/b'");
});

test("a run-time stack is in the cells' own lines and columns", async (t) => {
	const first = await run(
		"interface Unused { a: string }\nfunction fails(reason: string): never {\n\tthrow new TypeError(reason)\n}",
	);
	const second = await run("\nfails('on purpose')");
	const [a, b] = [first, second].map(({ reply }) => reply.content["execution_count"]);
	const { traceback } = failure(second);
	t.is(traceback, `TypeError: on purpose\n    at fails (Cell [${a}] 3:8)\n    at Cell [${b}] 2:1`);
	const late = await run("await null\nconst deep: { a?: { b: number } } = {}\ndeep.a!.b");
	t.regex(failure(late).traceback, /at Cell \[\d+\] 3:9/);
});

test("what is thrown need not be an error, and causes are shown", async (t) => {
	t.like(failure(await run("throw 'just text'")), { ename: "Thrown", evalue: "'just text'" });
	t.like(failure(await run("throw undefined")), { ename: "Thrown", evalue: "undefined" });
	t.regex(
		failure(await run("throw new Error('outer', { cause: new Error('inner') })")).traceback,
		/outer[\s\S]*Caused by: Error: inner/,
	);
});

test("an unhandled rejection or a throwing timer fails the cell that runs, else the next", async (t) => {
	t.is(failure(await run("Promise.reject(new Error('lost')); 1")).evalue, "lost");
	t.is(
		failure(await run("setTimeout(() => { throw new Error('late') }, 5); await new Promise(() => {})")).evalue,
		"late",
	);
	await run("setTimeout(() => { throw new Error('after') }, 5)");
	await new Promise((resolve) => setTimeout(resolve, 1000));
	t.is(failure(await run("'next'")).evalue, "after");
	t.is(await last("'then'"), "'then'");
});

test("process.exit fails the cell, also where it is caught, and the kernel goes on", async (t) => {
	t.is(failure(await run("let before = 1; try { process.exit(3) } catch {}; before = 2")).ename, "ExitError");
	t.is(await last("before"), "1");
	t.is(failure(await run("await new Promise((resolve) => setTimeout(resolve, 5)); process.exit()")).ename, "ExitError");
});

test("modules: TypeScript files, JSON, CommonJS, exports maps, tsconfig paths, dynamic and by require", async (t) => {
	const { folder } = shared;
	const write = (file: string, text: string) => {
		mkdirSync(join(folder, file, ".."), { recursive: true });
		writeFileSync(join(folder, file), text);
	};
	write(
		"lib/shapes.ts",
		"import { side } from './side.js'\nexport enum Shape { Square }\nexport const area = (): number => side * side\nexport type Kind = 'a'",
	);
	write("lib/side.ts", "export const side: number = 3");
	write("lib/index.ts", "export const fromIndex = 'index'");
	write("data.json", '{"list": [1, 2], "name": "json"}');
	write("old.cjs", "exports.made = () => 'cjs'; const key = 'computed'; exports[key] = 1");
	write(
		"node_modules/mapped/package.json",
		'{"name": "mapped", "version": "1.0.0", "exports": {".": {"types": "./d.d.ts", "import": "./m.mjs"}, "./sub": "./sub.mjs"}}',
	);
	write("node_modules/mapped/m.mjs", "export const where = 'mapped'");
	write("node_modules/mapped/d.d.ts", "export declare const where: string");
	write("node_modules/mapped/sub.mjs", "export default 'sub'");
	t.is(await last("import { area, Shape, type Kind } from './lib/shapes.ts'", "[area(), Shape.Square]"), "[ 9, 0 ]");
	t.is(await last("import { fromIndex } from './lib'\nfromIndex"), "'index'");
	t.is(await last("import data, { name } from './data.json'\n[data.list, name]"), "[ [ 1, 2 ], 'json' ]");
	t.is(await last("import old from './old.cjs'\n[old.made(), require('./old.cjs').computed]"), "[ 'cjs', 1 ]");
	t.is(await last("import { where } from 'mapped'\nimport sub from 'mapped/sub'\n[where, sub]"), "[ 'mapped', 'sub' ]");
	t.is(await last("(await import('./lib/side.ts')).side"), "3");
	t.is(await last("import { figure } from 'fovea/kernel/plot'\ntypeof figure"), "'function'");
	t.regex(failure(await run("import x from 'no-such-package'")).evalue, /Cannot find module 'no-such-package'/);
	t.regex(
		String(await last("await import('no-such-package' as string)")),
		/Cannot find module 'no-such-package' from .*: install it/,
	);
	t.regex(failure(await run("import { missing } from './lib/side.ts'")).evalue, /no exported member 'missing'/);
	t.is(await last("[import.meta.dirname === process.cwd(), import.meta.url.startsWith('file://')]"), "[ true, true ]");
});

test("a module is loaded anew when its file, or one it imports, has changed", async (t) => {
	const file = join(shared.folder, "lib/side.ts");
	writeFileSync(file, "export const side: number = 5\nexport const added = 'new'");
	utimesSync(file, new Date(), new Date(Date.now() + 5000));
	t.is(
		await last("import { area } from './lib/shapes.ts'\nimport { added } from './lib/side.ts'\n[area(), added]"),
		"[ 25, 'new' ]",
	);
});

test("errors in modules are shown in the module's own lines", async (t) => {
	writeFileSync(
		join(shared.folder, "lib/broken.ts"),
		"interface A { a: 1 }\n\nexport function breaks(): never {\n\tthrow new Error('broken')\n}",
	);
	t.regex(
		failure(await run("import { breaks } from './lib/broken.ts'\nbreaks()")).traceback,
		/at breaks \(lib\/broken\.ts:4:8\)/,
	);
});

test("magics: %%time tells the time, %%capture keeps output to itself, %reset forgets", async (t) => {
	t.regex(printed(await run("%%time\n1")), /^Wall time: [\d.]+ ms\n$/);
	const captured = await run("%%capture\nconsole.log('unseen'); display(1); 2");
	t.deepEqual(
		captured.published.map(({ header }) => header.msg_type),
		["status", "execute_input", "status"],
	);
	await run("let forgotten = 1");
	await run("%reset");
	t.regex(failure(await run("forgotten")).evalue, /Cannot find name 'forgotten'/);
	t.regex(
		failure(await run("%matplotlib inline")).evalue,
		/the magics are %%time, %%capture, %reset, got %matplotlib inline/,
	);
	t.is(await last("const left = 7\n% 4\nleft"), "3");
});

test("a notebook for tslab runs as it is", async (t) => {
	const { published, reply } = await run(
		"import * as tslab from 'tslab'\ntslab.display.html('<b>x</b>')\nconst place = tslab.newDisplay()\nplace.text('one')\nplace.text('two')\ntslab.versions.tslab",
	);
	t.is(reply.content["status"], "ok");
	t.deepEqual(
		published
			.filter(({ content }) => "data" in content)
			.map(({ header, content }) => [header.msg_type, Object.values(content["data"] as object)[0]]),
		[
			["display_data", "<b>x</b>"],
			["display_data", "one"],
			["update_display_data", "two"],
			["execute_result", "'1.0.22'"],
		],
	);
});

test("completion knows earlier cells, types of members, module names; inspection shows signatures and docs", async (t) => {
	const complete = async (code: string, cursor = [...code].length) =>
		(await shared.kernel.request("complete_request", { code, cursor_pos: cursor })).reply.content;
	await run(
		"/** Adds two numbers. */\nfunction addition(left: number, right: number) { return left + right }\nconst 数 = { width: 1, height: 2 }",
	);
	t.deepEqual((await complete("addit"))["matches"], ["addition"]);
	t.deepEqual((await complete("'😀'; 数.he"))["matches"], ["height"]);
	t.is((await complete("'😀'; 数.he"))["cursor_start"], 7);
	t.deepEqual((await complete("import { readFileS } from 'node:fs'", 18))["matches"], ["readFileSync"]);
	const files = (await complete("import {} from './lib/sha'", 25))["matches"] as string[];
	t.regex(files.join(), /^shapes/);
	t.true(((await complete("import {} from 'fovea/kernel/plo'", 31))["matches"] as string[]).includes("plot"));
	const [entry] = (
		(await complete("addit"))["metadata"] as { _jupyter_types_experimental: { type: string; signature: string }[] }
	)._jupyter_types_experimental;
	t.like(entry, { type: "function" });
	t.regex(entry?.signature ?? "", /addition\(left: number, right: number\): number/);
	const inspected = (
		await shared.kernel.request("inspect_request", { code: "addition(1, ", cursor_pos: 12, detail_level: 0 })
	).reply.content;
	const text = String((inspected["data"] as Record<string, unknown>)["text/plain"]);
	t.regex(text, /addition\(left: number, right: number\): number/);
	t.regex(text, /Adds two numbers\./);
});
