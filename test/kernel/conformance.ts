import anyTest, { type TestFn } from "ava";
import { type Message, makeMessage } from "../../kernel/messages.ts";
import { connect } from "../../kernel/zmtp.ts";
import { failure, kernelFor, ofType, printed, sleep, value } from "../helpers/kernel.ts";

/** The 27 checks of kernel-testbed, written anew, each named as there. */

const test = anyTest.serial as TestFn;
const everything: Message[] = [];
const questions: { prompt: string; password: boolean }[] = [];
const shared = kernelFor(anyTest, {
	onPublished: (message) => everything.push(message),
	onInput: (prompt, password) => {
		questions.push({ prompt, password });
		return "fovea";
	},
});

test("heartbeat_responds: what is sent to the heartbeat comes back", async (t) => {
	const { hb_port: port } = shared.kernel.connection;
	let echo: (frames: Buffer[]) => void = () => {};
	const answered = new Promise<Buffer[]>((resolve) => {
		echo = resolve;
	});
	const peer = await connect("REQ", { port, host: "127.0.0.1" }, { message: (frames) => echo(frames) });
	peer.send([Buffer.alloc(0), Buffer.from("ping")]);
	t.deepEqual((await answered).map(String), ["", "ping"]);
	peer.socket.destroy();
});

test("iopub_welcome: a subscriber is told from when on it hears everything", (t) => {
	const welcome = everything.find(({ header }) => header.msg_type === "iopub_welcome");
	t.deepEqual(welcome?.content, { subscription: "" });
});

test("kernel_info_reply_valid, has_language_info, has_protocol_version", async (t) => {
	const { reply } = await shared.kernel.request("kernel_info_request");
	t.is(reply.header.msg_type, "kernel_info_reply");
	t.is(reply.content["status"], "ok");
	t.is(reply.content["protocol_version"], "5.5");
	const language = reply.content["language_info"] as Record<string, unknown>;
	t.is(language["name"], "typescript");
	t.is(language["file_extension"], ".ts");
	t.regex(String(language["version"]), /^6\./);
	t.truthy(reply.content["banner"]);
	t.truthy(reply.content["implementation_version"]);
});

test("execute_stdout: console.log goes to stdout", async (t) => {
	t.is(printed(await shared.kernel.execute("console.log('hello')")), "hello\n");
});

test("execute_stderr: console.error goes to stderr", async (t) => {
	const reply = await shared.kernel.execute("console.error('error')");
	t.is(printed(reply, "stderr"), "error\n");
	t.is(printed(reply), "");
});

test("execute_reply_ok: valid code is answered with ok", async (t) => {
	const { reply } = await shared.kernel.execute("1 + 1");
	t.like(reply.content, { status: "ok", user_expressions: {}, payload: [] });
});

test("status_busy_idle_lifecycle: busy first, idle last, once each", async (t) => {
	const { published } = await shared.kernel.execute("console.log(1); 2");
	t.deepEqual(
		published.map(({ header, content }) => content["execution_state"] ?? header.msg_type),
		["busy", "execute_input", "stream", "execute_result", "idle"],
	);
});

test("execute_input_broadcast: everyone learns what runs", async (t) => {
	const [input] = ofType(await shared.kernel.execute("3 + 4"), "execute_input");
	t.is(input?.content["code"], "3 + 4");
	t.is(typeof input?.content["execution_count"], "number");
});

test("complete_request: members of a variable, by its type", async (t) => {
	await shared.kernel.execute("const sentence = 'fovea'");
	const code = "sentence.toUpp";
	const { reply } = await shared.kernel.request("complete_request", { code, cursor_pos: code.length });
	t.is(reply.header.msg_type, "complete_reply");
	t.deepEqual(reply.content["matches"], ["toUpperCase"]);
	t.is(reply.content["cursor_start"], "sentence.".length);
	t.is(reply.content["cursor_end"], code.length);
});

test("inspect_request: the type of a variable", async (t) => {
	const { reply } = await shared.kernel.request("inspect_request", {
		code: "sentence",
		cursor_pos: 8,
		detail_level: 0,
	});
	t.is(reply.content["found"], true);
	t.regex(String((reply.content["data"] as Record<string, unknown>)["text/plain"]), /sentence: "fovea"/);
});

test("is_complete_complete, is_complete_incomplete, and invalid", async (t) => {
	const ask = async (code: string) => (await shared.kernel.request("is_complete_request", { code })).reply.content;
	t.deepEqual(await ask("const a = 1"), { status: "complete" });
	t.deepEqual(await ask("function f() {"), { status: "incomplete", indent: "  " });
	t.deepEqual(await ask("for (const a of [1]) { if (a) {"), { status: "incomplete", indent: "    " });
	t.is((await ask("const s = `abc"))["status"], "incomplete");
	t.is((await ask("/* note"))["status"], "incomplete");
	t.deepEqual(await ask("const = 3"), { status: "invalid" });
	t.deepEqual(await ask("}"), { status: "invalid" });
});

test("history_request: by tail, range and pattern", async (t) => {
	await shared.kernel.execute("const searched = 41");
	const ask = async (content: Record<string, unknown>) =>
		(
			(await shared.kernel.request("history_request", { raw: true, output: false, ...content })).reply.content[
				"history"
			] as unknown[][]
		).map((row) => row[2]);
	t.deepEqual(await ask({ hist_access_type: "tail", n: 1 }), ["const searched = 41"]);
	t.deepEqual(await ask({ hist_access_type: "search", pattern: "*searched*", n: 5 }), ["const searched = 41"]);
	t.deepEqual(await ask({ hist_access_type: "range", session: 0, start: 1, stop: 2 }), [""]);
});

test("comm_info_request: which comms are open", async (t) => {
	const { reply } = await shared.kernel.request("comm_info_request", {});
	t.is(reply.header.msg_type, "comm_info_reply");
	t.deepEqual(reply.content["comms"], {});
});

test("error_handling: a wrong cell gives an error message and an error reply", async (t) => {
	const reply = await shared.kernel.execute("throw new RangeError('too far')");
	t.like(failure(reply), { ename: "RangeError", evalue: "too far" });
	t.is(reply.reply.content["status"], "error");
	t.like(ofType(reply, "error")[0]?.content, { ename: "RangeError", evalue: "too far" });
	t.is(failure(await shared.kernel.execute("const = 3")).ename, "SyntaxError");
});

test("display_data: several forms of one thing", async (t) => {
	const code = "display({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>x</b>', 'text/plain': 'x' }) })";
	const reply = await shared.kernel.execute(code);
	t.deepEqual(ofType(reply, "display_data")[0]?.content["data"], { "text/html": "<b>x</b>", "text/plain": "x" });
	t.is(ofType(reply, "execute_result").length, 0);
});

test("displays come in the order in which they are asked for, though one is drawn longer than the next", async (t) => {
	const slow =
		"const late = (text: string) => ({ [Symbol.for('Jupyter.display')]: () => new Promise((go) => setTimeout(go, 30, { 'text/plain': text })) })";
	const reply = await shared.kernel.execute(`${slow}; display(late('1')); display('2'); display(late('3')); 4`);
	const shown = [...ofType(reply, "display_data"), ...ofType(reply, "execute_result")];
	t.deepEqual(
		shown.map(({ content }) => (content["data"] as Record<string, string>)["text/plain"]),
		["1", "'2'", "3", "4"],
	);
});

test("update_display_data: a thing is shown anew in its place", async (t) => {
	const reply = await shared.kernel.execute("const shown = display('before'); shown.update('after'); undefined");
	const idOf = (message: Message | undefined) =>
		(message?.content["transient"] as { display_id?: string } | undefined)?.display_id;
	const [first] = ofType(reply, "display_data");
	const [second] = ofType(reply, "update_display_data");
	t.truthy(idOf(first));
	t.is(idOf(first), idOf(second));
	t.deepEqual(second?.content["data"], { "text/plain": "'after'" });
});

test("execute_result: the value of the last expression", async (t) => {
	const reply = await shared.kernel.execute("6 * 7");
	t.is(value(reply), "42");
	t.is(ofType(reply, "execute_result")[0]?.content["execution_count"], reply.reply.content["execution_count"]);
});

test("rich_execute_result: a value that renders itself, also by a promise", async (t) => {
	const code =
		"({ [Symbol.for('Jupyter.display')]: async () => ({ 'image/png': new Uint8Array([1, 2, 3]), 'text/plain': 'p' }) })";
	const [result] = ofType(await shared.kernel.execute(code), "execute_result");
	t.deepEqual(result?.content["data"], { "image/png": "AQID", "text/plain": "p" });
});

test("stdin_input_request: a cell asks and waits for the answer", async (t) => {
	const reply = await shared.kernel.execute("input('name? ') + '!' + input('secret? ', { password: true })");
	t.is(value(reply), "'fovea!fovea'");
	t.deepEqual(questions, [
		{ prompt: "name? ", password: false },
		{ prompt: "secret? ", password: true },
	]);
	const refused = await shared.kernel.execute("input('?')", { allow_stdin: false });
	t.regex(failure(refused).evalue, /does not take input/);
});

test("comms_lifecycle: opened, spoken to, closed, from either side", async (t) => {
	const { kernel } = shared;
	await kernel.execute(
		"import { onCommOpen, openComm } from 'fovea/kernel/comm'\nonCommOpen('echo', (comm) => { comm.onMessage = ({ data }) => comm.send({ heard: data }) })",
	);
	const say = (type: string, content: Record<string, unknown>) =>
		kernel.send("shell", makeMessage(type, content, { session: kernel.session }));
	say("comm_open", { comm_id: "c1", target_name: "echo", data: {} });
	say("comm_msg", { comm_id: "c1", data: { text: "hello" } });
	const open = await kernel.request("comm_info_request", {});
	t.deepEqual(open.reply.content["comms"], { c1: { target_name: "echo" } });
	await kernel.execute("");
	const heard = everything.filter(
		({ header, content }) => header.msg_type === "comm_msg" && content["comm_id"] === "c1",
	);
	t.deepEqual(heard[0]?.content["data"], { heard: { text: "hello" } });
	say("comm_close", { comm_id: "c1", data: {} });
	say("comm_open", { comm_id: "c2", target_name: "nobody", data: {} });
	await kernel.execute("");
	t.true(everything.some(({ header, content }) => header.msg_type === "comm_close" && content["comm_id"] === "c2"));
	t.deepEqual((await kernel.request("comm_info_request", {})).reply.content["comms"], {});
	const ours = await kernel.execute(
		"const comm = openComm('widget', { a: 1 }); comm.send({ b: 2 }); comm.close(); undefined",
	);
	t.deepEqual(
		ours.published.map(({ header }) => header.msg_type).filter((type) => type.startsWith("comm")),
		["comm_open", "comm_msg", "comm_close"],
	);
});

test("interrupt_request: a busy cell ends, what it made stays", async (t) => {
	const running = shared.kernel.execute("let kept = 5\nwhile (true) {}");
	await sleep(1500);
	const { reply } = await shared.kernel.interrupt();
	t.like(reply.content, { status: "ok" });
	t.is(failure(await running).ename, "Interrupted");
	t.is(value(await shared.kernel.execute("kept")), "5");
});

test("execution_count_increments: by one for each cell that is kept in history", async (t) => {
	const count = async (options = {}) =>
		(await shared.kernel.execute("1", options)).reply.content["execution_count"] as number;
	const first = await count();
	t.is(await count(), first + 1);
	t.is(await count({ store_history: false }), first + 1);
	t.is(await count({ silent: true }), first + 1);
	t.is(await count(), first + 2);
});

test("parent_header_correlation: everything names the request it belongs to", async (t) => {
	const { reply, published } = await shared.kernel.execute("console.log(1); display(2); 3");
	const id = reply.parent.msg_id;
	t.true(published.length >= 6);
	for (const message of published) t.is(message.parent.msg_id, id);
	t.not(reply.header.msg_id, id);
});

test("user_expressions see names that shadow globals, of this cell and of an earlier one", async (t) => {
	await shared.kernel.execute("const process = { here: 1 }");
	const { reply } = await shared.kernel.execute("const name = 'own'; let performance = 5", {
		user_expressions: {
			...{ own: "name", earlier: "process.here", later: "Promise.resolve(performance)" },
			...{ shorthand: "({ name }).name", wrong: "1 +", global: "typeof setTimeout" },
		},
	});
	const expressions = reply.content["user_expressions"] as Record<string, Record<string, Record<string, string>>>;
	const texts = Object.entries(expressions).map(([key, { data, ename }]) => [key, data?.["text/plain"] ?? ename]);
	t.deepEqual(Object.fromEntries(texts), {
		...{ own: "'own'", earlier: "1", later: "5", shorthand: "'own'", wrong: "SyntaxError", global: "'function'" },
	});
	await shared.kernel.execute("%reset");
});

test("silent, user_expressions and stop_on_error are honoured", async (t) => {
	const { kernel } = shared;
	const silent = await kernel.execute("console.log(1); 2", { silent: true });
	t.deepEqual(
		silent.published.map(({ content }) => content["execution_state"]),
		["busy", "idle"],
	);
	const { reply } = await kernel.execute("const base = 20", {
		user_expressions: { twice: "base * 2", wrong: "nothing" },
	});
	const expressions = reply.content["user_expressions"] as Record<string, Record<string, unknown>>;
	t.deepEqual(expressions["twice"], { status: "ok", data: { "text/plain": "40" }, metadata: {} });
	t.like(expressions["wrong"], { status: "error", ename: "ReferenceError" });
	const [failed, aborted] = await Promise.all([kernel.execute("throw new Error('first')"), kernel.execute("'second'")]);
	t.is(failed.reply.content["status"], "error");
	t.is(aborted.reply.content["status"], "aborted");
	const both = await Promise.all([
		kernel.execute("throw new Error('first')", { stop_on_error: false }),
		kernel.execute("'second'"),
	]);
	t.is(value(both[1]), "'second'");
});

test("debug_request is answered as unsupported, an unknown request as unknown", async (t) => {
	const options = { channel: "control" } as const;
	const debug = await shared.kernel.request(
		"debug_request",
		{ type: "request", seq: 7, command: "initialize" },
		options,
	);
	t.like(debug.reply.content, { type: "response", request_seq: 7, success: false, command: "initialize" });
	t.like((await shared.kernel.request("teleport_request")).reply.content, { status: "error", ename: "UnknownRequest" });
});

test("subshells: one runs while the main shell waits", async (t) => {
	const { kernel } = shared;
	const control = { channel: "control" } as const;
	const { reply } = await kernel.request("create_subshell_request", {}, control);
	const subshell = String(reply.content["subshell_id"]);
	t.deepEqual((await kernel.request("list_subshell_request", {}, control)).reply.content["subshell_id"], [subshell]);
	const waiting = kernel.execute(
		"let open: (v: string) => void = () => {}\nawait new Promise<string>((resolve) => { open = resolve })",
	);
	await sleep(1000);
	await kernel.request("execute_request", { code: "open('opened')", silent: false }, { subshell });
	t.is(value(await waiting), "'opened'");
	t.is(
		(await kernel.request("delete_subshell_request", { subshell_id: subshell }, control)).reply.content["status"],
		"ok",
	);
	t.like((await kernel.request("execute_request", { code: "1" }, { subshell })).reply.content, { status: "error" });
});

test("shutdown_reply: the kernel says so and leaves with exit code 0", async (t) => {
	const { reply, published } = await shared.kernel.request(
		"shutdown_request",
		{ restart: true },
		{ channel: "control" },
	);
	t.deepEqual(reply.content, { status: "ok", restart: true });
	t.true(published.some(({ header }) => header.msg_type === "shutdown_reply"));
	t.like(await shared.kernel.ended, { code: 0, signal: null });
});
