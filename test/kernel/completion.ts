/** Completion of a draft, which shares its program with the drafts before it, against TypeScript's own service. */
import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Compiler } from "../../kernel/compiler.ts";
import { complete } from "../../kernel/completion.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

test.beforeEach((t) => t.timeout(240_000));

const cells = [
	"const count = 3; let word = 'a'; var many = [1, 2]",
	"import { readFileSync } from 'node:fs'; import * as path from 'node:path'",
	"/** Adds. */\nfunction addition(left: number, right: number) { return left + right }",
	"class Animal { name = 'a'; #own = 1; static of() { return new Animal() } legs(): number { return 4 } }",
	"interface Shape { width: number; height: number }\ntype Name = 'first' | 'second'\nenum Colour { red, green }",
	"const shape: Shape = { width: 1, height: 2 }; const { width, height: tall } = shape",
	"let changed: Shape | undefined = shape as Shape | undefined",
	"const word2: Name = 'first'; namespace inner { export const deep = new Map<string, Shape>() }",
	"import { side } from './lib.ts'",
];

/** `|` is where the cursor stands. */
const texts = [
	...[
		"count.toFi|",
		"word.|",
		"many.ma|",
		"path.jo|",
		"readFile|",
		"addit|",
		"Animal.|",
		"Animal.of().le|",
		"new Ani|",
	],
	...["shape.|", "changed?.he|", "changed!.|", "wid|", "tal|", "Colour.|", "inner.deep.|", "inner.deep.get('a')!.wid|"],
	...[
		"const own = { alpha: 1 }\nown.al|",
		"const count = 'text'\ncount.toUp|",
		"let word = 5\nword.toP|",
		"const s: Sha|",
	],
	...[
		"if (word2 === '|')",
		"for (const each of many) { each.toE| }",
		"function f(a: Shape) { a.| }\nf(shape)",
		"globalThis.set|",
	],
	...[
		"import { writeFileS| } from 'node:fs'",
		"side.|",
		"await Promise.al|",
		"disp|",
		"console.lo|",
		"co|",
		"|",
		"'plain te|'",
	],
	...[
		"const x = { width, | }",
		"class B extends Animal { constructor() { super(); this.le| } }",
		"process.versions.no|",
		"process.ar|",
	],
	...[
		`\`\${count.toP|}\``,
		"shape.width\n  .toF|",
		"/** see */\naddition(cou|)",
		"const a = (b: Colour) => b.|",
		"unknownName.x|",
	],
];

async function notebook(t: ExecutionContext): Promise<{ compiler: Compiler; library: string }> {
	const folder = await temporaryFolder(t);
	const library = join(folder, "lib.ts");
	await writeFile(library, "export const side = { length: 1 }");
	const compiler = new Compiler(folder);
	for (const [index, source] of cells.entries()) t.deepEqual(compiler.compile(source, index).problems, [], source);
	return { compiler, library };
}

const at = (text: string) => ({ source: text.replace("|", ""), cursor: text.indexOf("|") });

test("a draft is completed as TypeScript's service completes the same text in a program of its own", async (t) => {
	const { compiler } = await notebook(t);
	for (const text of texts) {
		const { source, cursor } = at(text);
		compiler.drafts.forget();
		const slow = complete(compiler, source, cursor);
		compiler.drafts.forget();
		compiler.drafts.prepare();
		const quick = complete(compiler, source, cursor);
		t.deepEqual(quick, slow, text);
		compiler.open(source, true);
		const entries = compiler.service.getCompletionsAtPosition(compiler.cellPath, cursor, {})?.entries ?? [];
		const typed = source.slice(quick.start, cursor).toLowerCase();
		const wanted = entries.filter(({ name, kind }) => name.toLowerCase().startsWith(typed) && kind !== "warning");
		t.true(quick.matches.length > 0 || wanted.length === 0, text);
		t.deepEqual(quick.matches.length, Math.min(500, wanted.length), text);
		t.deepEqual(
			quick.matches.filter((name) => !wanted.some((entry) => entry.name === name)),
			[],
			text,
		);
	}
});

test("drafts share one program until a cell adds a name, and signatures come along", async (t) => {
	const { compiler } = await notebook(t);
	compiler.drafts.prepare();
	const { program } = compiler.drafts.read("", true);
	for (const text of ["count.", "changed!.", "addit", "const own = 1; own."]) {
		t.true(compiler.drafts.read(text, true).program === program, text);
	}
	t.deepEqual(complete(compiler, "count.toFi", 10).types, [
		{ text: "toFixed", type: "method", signature: "(method) Number.toFixed(fractionDigits?: number): string" },
	]);
	t.deepEqual(complete(compiler, "addit", 5).types, [
		{ text: "addition", type: "function", signature: "function addition(left: number, right: number): number" },
	]);
	t.deepEqual(compiler.compile("const later = { depth: 1 }", 20).problems, []);
	t.true(compiler.drafts.read("", true).program !== program);
	t.deepEqual(complete(compiler, "later.de", 8).matches, ["depth"]);
	compiler.reset();
	t.deepEqual(complete(compiler, "later", 5).matches, []);
});

test("a draft sees modules it is the first to import, files that have changed, and no other draft's additions", async (t) => {
	const { compiler, library } = await notebook(t);
	compiler.drafts.prepare();
	t.deepEqual(complete(compiler, "import * as zlib from 'node:zlib'\nzlib.gunzipS", 46).matches, ["gunzipSync"]);
	t.deepEqual(complete(compiler, "side.len", 8).matches, ["length"]);
	await writeFile(library, "export const side = { lengthened: 1 }");
	// Whatever the clock of the disk can tell apart.
	await utimes(library, new Date(), new Date(Date.now() + 5000));
	t.deepEqual(complete(compiler, "side.len", 8).matches, ["lengthened"]);
	const adding = "declare global { interface Number { halved(): number } }\ncount.hal";
	t.deepEqual(complete(compiler, adding, adding.length).matches, ["halved"]);
	t.deepEqual(complete(compiler, "count.hal", 9).matches, []);
});
