import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { jupyterFor } from "../helpers/jupyter.ts";
import { sleep } from "../helpers/kernel.ts";
import { type Cell, VsCode, type Wire } from "../helpers/vscode.ts";

/** VS Code's way with a kernel: its libraries, its order of requests, what it shows of the answers. */

const test = anyTest.serial as TestFn;
const shared = jupyterFor(anyTest);
let code: VsCode;

test.before(async (t) => {
	t.timeout(300_000);
	const { jupyter } = shared;
	// A folder as users have them: with a blank, and a letter of more than one byte.
	const folder = join(jupyter.folder, "my nötes");
	mkdirSync(folder);
	writeFileSync(join(folder, "beside.ts"), "export const beside = 'read from the folder of the notebook';\n");
	code = new VsCode(jupyter, { folder });
	await code.start();
});
test.after.always(() => code?.end());

const ofType = ({ published }: Cell, type: string): Wire[] =>
	published.filter(({ header }) => header.msg_type === type);
const data = (message: Wire | undefined) => (message?.content["data"] ?? {}) as Readonly<Record<string, unknown>>;
const value = (cell: Cell) => data(ofType(cell, "execute_result")[0])["text/plain"];

test("the kernelspec is one that VS Code lists and starts", (t) => {
	const { spec } = code;
	t.is(spec.language, "typescript");
	t.is(spec.display_name, "TypeScript (fovea)");
	t.is(spec.interrupt_mode, "message");
	t.is(typeof spec.metadata, "object");
	// It starts the first word as a program, without a shell, and puts the file's name where this stands.
	t.true(spec.argv[0]?.startsWith("/"));
	t.is(spec.argv.filter((word) => word === "{connection_file}").length, 1);
	t.deepEqual(Object.keys(spec.env ?? {}), []);
});

test("it connects: information on both channels, language and mimetype that pick the editor's grammar", async (t) => {
	t.is(code.connection.connectionStatus, "connected");
	const info = await code.connection.info;
	t.like(info, { status: "ok", implementation: "fovea", debugger: false });
	t.like(info["language_info"], { name: "typescript", file_extension: ".ts", mimetype: "text/x-typescript" });
	t.like((await code.askInfo()).content, { status: "ok", implementation: "fovea" });
	await code.idle();
	t.is(code.connection.status, "idle");
});

test("a cell: its number, streams in order, its value; the state goes busy and idle", async (t) => {
	await code.idle();
	const states: string[] = [];
	code.connection.statusChanged.connect((_, state) => states.push(state));
	const cell = await code.run("console.log('one'); console.error('two'); console.log('three')\nconst three = 3\nthree");
	t.like(cell.reply, { status: "ok", execution_count: 1 });
	t.is(value(cell), "3");
	t.deepEqual(
		ofType(cell, "stream").map(({ content }) => [content["name"], content["text"]]),
		[
			["stdout", "one\n"],
			["stderr", "two\n"],
			["stdout", "three\n"],
		],
	);
	t.is(ofType(cell, "execute_input")[0]?.content["execution_count"], 1);
	await code.idle();
	t.deepEqual(states, ["busy", "idle"]);
	t.is(value(await code.run("import { beside } from './beside.ts'; beside")), "'read from the folder of the notebook'");
	t.is(value(await code.run("const a = 1;\r\nconst b = 2;\r\na + b")), "3");
});

test("an error is an error output with its place; the cells queued behind it run, as VS Code asks", async (t) => {
	const [wrong, after] = await Promise.all([code.run("\nthrow new RangeError('wanted')"), code.run("'after'")]);
	t.like(wrong?.reply, { status: "error", ename: "RangeError", evalue: "wanted" });
	const [error] = ofType(wrong as Cell, "error");
	t.regex(String(error?.content["traceback"]), /RangeError: wanted[\s\S]*Cell \[\d+\] 2:7/);
	t.is(value(after as Cell), "'after'");
	const types = await code.run("const text: string = 1");
	t.like(types.reply, { status: "error", ename: "TypeCheckError" });
});

test("queries of the editor's own leave no trace in the numbering", async (t) => {
	const before = Number((await code.run("0")).reply["execution_count"]);
	t.is(value(await code.run("1 + 1", true)), "2");
	t.is((await code.run("0")).reply["execution_count"], before + 1);
	const { content } = await code.connection.requestHistory({
		...{ hist_access_type: "tail", n: 2, output: false, raw: true },
	});
	t.deepEqual(
		(content["history"] as [number, number, string][]).map(([, , input]) => input),
		["0", "0"],
	);
});

/** VS Code shows the first of these that an output has. */
const order = [
	...["application/vnd.", "text/html", "text/latex", "text/markdown", "image/png", "image/svg+xml"],
	...["application/json", "text/plain"],
];
const shown = (cell: Cell) => {
	const types = Object.keys(data(ofType(cell, "execute_result")[0] ?? ofType(cell, "display_data")[0]));
	return order.flatMap((prefix) => types.filter((type) => type.startsWith(prefix)))[0];
};
const outputs: readonly (readonly [name: string, source: string, type: string])[] = [
	["a figure", "plot.line([1, 3, 2])", "application/vnd.plotly.v1+json"],
	["a table", "plot.table([{ metric: 'fid', value: 1.5 }])", "text/html"],
	[
		"a picture",
		"picture({ data: [0, 0.5, 1, 0.2], count: 1, height: 2, width: 2, channels: 1, range: 'unit' })",
		"image/png",
	],
	["an SVG", 'svg(\'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\')', "image/svg+xml"],
	["Markdown", "markdown('**bold**')", "text/markdown"],
	["LaTeX", "latex('e^{i\\\\pi}')", "text/latex"],
	["JSON", "json({ a: [1] })", "application/json"],
	["a plain value", "({ a: 1 })", "text/plain"],
];
for (const [name, source, type] of outputs)
	test(`VS Code shows ${name} as ${type}`, async (t) => {
		const imports =
			"import * as plot from 'fovea/kernel/plot'; import { picture } from 'fovea/kernel/picture'; import { json, latex, markdown, svg } from 'fovea/kernel/display';";
		const cell = await code.run(`${imports}\n${source}`);
		t.is(cell.reply["status"], "ok", String(cell.reply["evalue"]));
		t.is(shown(cell), type);
		t.is(typeof data(ofType(cell, "execute_result")[0])["text/plain"], "string");
	});

test("a figure's Plotly part has data and layout, its pictures are SVG and PNG", async (t) => {
	const cell = await code.run("import { heatmap } from 'fovea/kernel/plot'; heatmap([[1, 2], [3, 4]])");
	const bundle = data(ofType(cell, "execute_result")[0]);
	const plotly = bundle["application/vnd.plotly.v1+json"] as { data: { type: string }[]; layout: object };
	t.is(plotly.data[0]?.type, "heatmap");
	t.is(typeof plotly.layout, "object");
	t.regex(String(bundle["image/svg+xml"]), /^<svg /);
	t.is(Buffer.from(String(bundle["image/png"]), "base64").subarray(1, 4).toString("latin1"), "PNG");
});

test("an output is updated by its display_id, and cleared when the next one comes", async (t) => {
	const cell = await code.run("const bar = display('0 %'); bar.update('100 %')");
	const [first] = ofType(cell, "display_data");
	const [update] = ofType(cell, "update_display_data");
	const id = (message: Wire | undefined) => (message?.content["transient"] as { display_id?: string })?.display_id;
	t.is(typeof id(first), "string");
	t.is(id(update), id(first));
	t.is(data(update)["text/plain"], "'100 %'");
	// From a later cell, too: the library takes it to the cell that has the output of this name.
	await code.run("bar.update('again')");
	t.deepEqual(
		ofType(cell, "update_display_data").map((message) => data(message)["text/plain"]),
		["'100 %'", "'again'"],
	);
	const cleared = await code.run("import { clear } from 'fovea/kernel/display'; display(1); clear(true); display(2)");
	t.deepEqual(
		cleared.published.map(({ header }) => header.msg_type).filter((type) => /display|clear/.test(type)),
		["display_data", "clear_output", "display_data"],
	);
	t.is(ofType(cleared, "clear_output")[0]?.content["wait"], true);
});

test("completion has kinds and ranges, inspection a signature and documentation", async (t) => {
	await code.run("const words = ['attention', 'gan']");
	const { content } = await code.connection.requestComplete({ code: "words.forE", cursor_pos: 10 });
	t.like(content, { status: "ok", matches: ["forEach"], cursor_start: 6, cursor_end: 10 });
	const [item] = (content["metadata"] as { _jupyter_types_experimental: unknown[] })._jupyter_types_experimental;
	t.like(item, { text: "forEach", type: "method", start: 6, end: 10 });
	// Sent when a notebook opens, whatever its language.
	t.like((await code.connection.requestComplete({ code: "__file__.", cursor_pos: 9 })).content, { status: "ok" });
	const inspected = await code.connection.requestInspect({ code: "words.forEach", cursor_pos: 9, detail_level: 0 });
	t.true(inspected.content["found"]);
	const text = (inspected.content["data"] as Record<string, string>)["text/markdown"];
	t.regex(text ?? "", /forEach\([\s\S]*Performs the specified action/);
});

test("VS Code counts an emoji as two, the protocol as one: both replace what was typed", async (t) => {
	const source = "const face = '😀'; words.forE";
	const ask = async (cursor_pos: number) => {
		const { content } = await code.connection.requestComplete({ code: source, cursor_pos });
		return [content["matches"], content["cursor_start"], content["cursor_end"]];
	};
	const start = source.indexOf("forE");
	// A front end that keeps to the protocol.
	t.deepEqual(await ask([...source].length), [["forEach"], start - 1, source.length - 1]);
	// VS Code: no place in the text is so far along if characters are counted, so its units are known.
	t.deepEqual(await ask(source.length), [["forEach"], start, source.length]);
	// And stay known, in the middle of a text.
	const middle = "const face = '😀'; words.forE ; 1";
	const { content } = await code.connection.requestComplete({ code: middle, cursor_pos: start + 4 });
	t.deepEqual([content["matches"], content["cursor_start"]], [["forEach"], start]);
	const { content: inspected } = await code.connection.requestInspect({
		...{ code: "const face = '😀😀'; words.forEach ; 1", cursor_pos: 34, detail_level: 0 },
	});
	t.regex(String((inspected["data"] as Record<string, string>)["text/plain"]), /forEach/);
});

test("input is asked in the box and the answer reaches the cell", async (t) => {
	const asked: string[] = [];
	code.onInput = (prompt) => {
		asked.push(prompt);
		return "fovea";
	};
	t.is(value(await code.run("input('name? ').toUpperCase()")), "'FOVEA'");
	t.deepEqual(asked, ["name? "]);
});

for (const [name, source] of [
	["a busy loop", "while (true) {}"],
	["an endless await", "await new Promise(() => {})"],
] as const)
	test(`the stop button ends ${name} by a message, and what was made stays`, async (t) => {
		const running = code.run(`const kept = '${name}'; console.log('began')\n${source}`);
		while (!code.heard.some(({ content }) => String(content["text"]).includes("began"))) await sleep(20);
		code.heard.length = 0;
		await code.interrupt();
		t.like((await running).reply, { status: "error", ename: "Interrupted" });
		t.is(value(await code.run("kept")), `'${name}'`);
	});

test("a comm that a cell opens reaches its target in the page, and is listed", async (t) => {
	const opened = new Promise<Wire>((resolve) =>
		code.connection.registerCommTarget("test.target", (_, message) => resolve(message)),
	);
	await code.run(
		"import { openComm } from 'fovea/kernel/comm'; const comm = openComm('test.target', { a: 1 }); comm.id",
	);
	const { content } = await code.connection.requestCommInfo({ target_name: "test.target" });
	t.deepEqual(Object.keys(content["comms"] as object), [(await opened).content["comm_id"]]);
});

test("a restart: the process is killed and another started, on new ports and on the same", async (t) => {
	await code.run("const before = 1");
	await code.end();
	const ports = await code.start();
	t.like((await code.run("before")).reply, { status: "error", ename: "TypeCheckError" });
	t.like((await code.run("'alive'")).reply, { status: "ok", execution_count: 2 });
	await code.end();
	await code.start(ports);
	t.is(value(await code.run("'on the same ports'")), "'on the same ports'");
});

test("a restart while a cell prints and loops", async (t) => {
	const running = code
		.run("console.log('began'); while (true) console.log('x')")
		.catch((error: Error) => error.message);
	while (!code.heard.some(({ content }) => String(content["text"]).includes("began"))) await sleep(20);
	await code.end();
	await running;
	await code.start();
	t.is(value(await code.run("1 + 1")), "2");
});

test("a kernel that dies ends its process, with its reason where VS Code looks for it", async (t) => {
	const ended = new Promise((resolve) => code.process.once("exit", (exit, signal) => resolve(exit ?? signal)));
	void code.run("process.kill(process.pid, 'SIGKILL')").catch(() => undefined);
	t.is(await ended, "SIGKILL");
	await code.end();
	await code.start();
});

test("the kernel leaves with VS Code, however that ends", async (t) => {
	const { jupyter } = shared;
	// The extension host stands between: it starts the kernel, and is killed.
	const script = `
		const { spawn } = require('node:child_process');
		const { writeFileSync } = require('node:fs');
		const [file, ...words] = process.argv.slice(1);
		const kernel = spawn(words[0], words.slice(1), { stdio: 'ignore' });
		writeFileSync(file, String(kernel.pid));
		setInterval(() => {}, 1000);`;
	const connection = join(jupyter.folder, "orphan.json");
	const ports = { key: "k", signature_scheme: "hmac-sha256", transport: "ipc", ip: join(jupyter.folder, "orphan") };
	writeFileSync(
		connection,
		JSON.stringify({ ...ports, hb_port: 1, control_port: 2, shell_port: 3, stdin_port: 4, iopub_port: 5 }),
	);
	const file = join(jupyter.folder, "orphan.pid");
	const words = code.spec.argv.map((word) => word.replace("{connection_file}", connection));
	const { JPY_PARENT_PID: _, ...environment } = jupyter.environment;
	const host = spawn(process.execPath, ["-e", script, file, ...words], {
		env: { ...environment, VSCODE_PID: String(process.pid) },
		stdio: "ignore",
	});
	const read = () => {
		try {
			return Number(readFileSync(file, "utf8"));
		} catch {
			return 0;
		}
	};
	while (read() === 0) await sleep(50);
	const isAlive = () => {
		try {
			return process.kill(read(), 0);
		} catch {
			return false;
		}
	};
	await sleep(3000);
	t.true(isAlive());
	host.kill("SIGKILL");
	for (let waited = 0; isAlive() && waited < 20_000; waited += 100) await sleep(100);
	t.false(isAlive());
});
