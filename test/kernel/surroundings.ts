import anyTest, { type TestFn } from "ava";
import { failure, kernelFor, printed, value } from "../helpers/kernel.ts";

/** What a cell finds around it: the globals, whatever it calls its own things; standard input; children. */

const test = anyTest.serial as TestFn;
const questions: string[] = [];
const shared = kernelFor(anyTest, {
	onInput: (prompt) => {
		questions.push(prompt);
		return `answer ${questions.length}`;
	},
});
const run = (code: string) => shared.kernel.execute(code);

async function gives(code: string): Promise<unknown> {
	const reply = await run(code);
	return reply.reply.content["status"] === "ok" ? value(reply) : failure(reply).traceback;
}

const own: readonly (readonly [code: string, shown: string])[] = [
	["const console = { log: (text: string) => 'mine ' + text }", "undefined"],
	["console.log('x')", "'mine x'"],
	["const process = { x: 1 }; ({ process, y: process.x })", "{ process: { x: 1 }, y: 1 }"],
	["const { performance } = { performance: 0.93 }; [performance, { performance }]", "[ 0.93, { performance: 0.93 } ]"],
	["let Array = 3; Array += 1; Array", "4"],
	["let Error = 'text'; Error.length", "4"],
	["class Map { get(x: number) { return x + 1 } }\nnew Map().get(2)", "3"],
	["enum URL { A = 1, B }\n[URL.A, URL[2]]", "[ 1, 'B' ]"],
	["namespace Text { export const v = 4; export function f() { return v } }\nText.f() + Text.v", "8"],
	["let structuredClone = 1; ({ structuredClone } = { structuredClone: 9 }); structuredClone", "9"],
	["for (var event = 0; event < 2; event++) {}\nevent", "2"],
	["var require = 4; let __dirname = 5, __cell = 6; [require, __dirname, __cell]", "[ 4, 5, 6 ]"],
	["import { Buffer } from 'node:buffer'\nBuffer.from('x').length", "1"],
	["[1, 2].map((Date) => Date * 2)", "[ 2, 4 ]"],
	["function fetch(url: string) { return url }\nfetch('u')", "'u'"],
];

test("a cell may call its things like globals, and later cells see them", async (t) => {
	for (const [code, shown] of own) t.is(String(await gives(code)), shown, code);
});

test("what is called like a global hides it from no module, ours included", async (t) => {
	const code = `import * as plot from 'fovea/kernel/plot'
async function* work() { for (let step = 1; step <= 3; step++) yield { step, steps: 3 } }
const latest = await plot.finish(plot.follow(work()))
latest?.step`;
	t.is(await gives(code), "3");
	t.regex(failure(await run("throw new RangeError('after all')")).traceback, /RangeError: after all\n {4}at Cell/);
	await run("%reset");
	t.is(
		await gives("[typeof console.log, typeof process.pid, typeof Array, new Error('x').message, typeof require]"),
		"[ 'function', 'number', 'function', 'x', 'function' ]",
	);
});

test("process.stdin asks the reader a line at a time, also when an interface stays open, and only when it is read", async (t) => {
	await run("import readline from 'node:readline/promises'");
	const open = "readline.createInterface({ input: process.stdin, output: process.stdout })";
	t.is(
		await gives(`const first = ${open}; const got = await first.question('one? '); first.close(); got`),
		"'answer 1'",
	);
	t.is(await gives(`const second = ${open}; await second.question('two? ')`), "'answer 2'");
	t.is(await gives("'between'"), "'between'");
	t.is(await gives("await second.question('three? ')"), "'answer 3'");
	t.is(
		await gives("second.close(); let line = ''; for await (line of process.stdin) break; String(line)"),
		"'answer 4\\n'",
	);
	t.is(questions.length, 4);
	const asked = `const third = ${open}; await third.question('?')`;
	const refused = await shared.kernel.execute(asked, { allow_stdin: false });
	t.regex(failure(refused).evalue, /does not take input/);
});

const children: readonly (readonly [code: string, stdout: string, stderr: string, shown: string])[] = [
	["execSync('echo out; echo err >&2', { stdio: 'inherit' })", "out\n", "err\n", "null"],
	["execFileSync('echo', ['file'], { stdio: 'inherit' })", "file\n", "", "null"],
	["spawnSync('sh', ['-c', 'echo out; exit 3'], { stdio: ['ignore', 'inherit', 'pipe'] }).status", "out\n", "", "3"],
	["execSync('echo kept').toString()", "", "", "'kept\\n'"],
	[
		"const child = spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: 'inherit' })\nconst code = await new Promise((end) => child.on('close', end));\n[code, child.stdout]",
		"out\n",
		"err\n",
		"[ 0, null ]",
	],
	["await new Promise((end) => exec('echo kept', (_, text) => end(text)))", "", "", "'kept\\n'"],
];

test("children that inherit the cell's output print into the cell", async (t) => {
	await run("import { exec, execFileSync, execSync, spawn, spawnSync } from 'node:child_process'");
	for (const [code, stdout, stderr, shown] of children) {
		const reply = await run(code);
		t.is(printed(reply), stdout, code);
		t.is(printed(reply, "stderr"), stderr, code);
		t.is(value(reply), shown, code);
	}
	const failed = await run("execSync('echo before; exit 4', { stdio: 'inherit' })");
	t.is(printed(failed), "before\n");
	t.regex(failure(failed).traceback, /Command failed[\s\S]*status: 4/);
});

test("an error shows what else it carries", async (t) => {
	t.regex(
		failure(await run("import fs from 'node:fs'; fs.readFileSync('/no/such/file')")).traceback,
		/ENOENT: no such file[\s\S]*code: 'ENOENT'/,
	);
	const loop = "const self = new Error('circle', { cause: undefined }); self.cause = self; throw self";
	t.regex(failure(await run(loop)).traceback, /^Error: circle[\s\S]*Caused by: …$/);
});
