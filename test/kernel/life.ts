import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { KernelClient } from "../../kernel/client.ts";
import type { Message } from "../../kernel/messages.ts";
import { connect } from "../../kernel/zmtp.ts";
import { failure, kernelFor, printed, sleep, value } from "../helpers/kernel.ts";

const test = anyTest.serial as TestFn;
const everything: Message[] = [];
const CEILING = 900;
const shared = kernelFor(anyTest, {
	env: { FOVEA_KERNEL_MEMORY: String(CEILING) },
	onPublished: (message) => everything.push(message),
	onInput: () => "answer",
});

/** Interrupts a cell once it has had time to begin. */
async function interrupted(code: string): Promise<string> {
	const running = shared.kernel.execute(`console.log('began')\n${code}`);
	const before = everything.length;
	while (!everything.slice(before).some(({ content }) => String(content["text"]).includes("began"))) await sleep(20);
	await sleep(100);
	await shared.kernel.interrupt();
	return failure(await running).ename;
}

const loops: readonly (readonly [name: string, code: string])[] = [
	["a busy loop", "while (true) {}"],
	["an await that never ends", "await new Promise(() => {})"],
	["a busy loop after an await", "await new Promise((go) => setTimeout(go, 5)); while (true) {}"],
	["a busy loop in a timer", "setTimeout(() => { while (true) {} }, 5); await new Promise(() => {})"],
	["a loop of promises", "for (;;) await 0"],
	["a loop of timers", "for (;;) await new Promise((go) => setTimeout(go, 1))"],
	["a wait on shared memory", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"],
	["a loop that prints", "while (true) console.log('x')"],
	[
		"a busy loop under async hooks",
		"const { AsyncLocalStorage } = await import('node:async_hooks'); await new AsyncLocalStorage<number>().run(1, async () => { await new Promise((go) => setTimeout(go, 5)); while (true) {} })",
	],
];
for (const [name, code] of loops)
	test(`an interrupt ends ${name}, and what was made stays`, async (t) => {
		await shared.kernel.execute("let state = 'kept'");
		t.is(await interrupted(code), "Interrupted");
		t.is(value(await shared.kernel.execute("await new Promise((go) => setTimeout(go, 5)); state")), "'kept'");
	});

test("the interrupted cell's AbortSignal fires", async (t) => {
	t.is(
		await interrupted(
			"await new Promise((_, stop) => cellSignal.addEventListener('abort', () => { (globalThis as any).heard = true; stop(cellSignal.reason) }))",
		),
		"Interrupted",
	);
	t.is(value(await shared.kernel.execute("(globalThis as any).heard")), "true");
});

test("20,000 lines of output come whole, and the heart beats meanwhile", async (t) => {
	let beats = 0;
	const peer = await connect(
		"REQ",
		{ port: shared.kernel.connection.hb_port, host: "127.0.0.1" },
		{ message: () => beats++ },
	);
	const beat = setInterval(() => peer.send([Buffer.alloc(0), Buffer.from("x")]), 20);
	const reply = await shared.kernel.execute("for (let line = 0; line < 20_000; line++) console.log('line ' + line)");
	clearInterval(beat);
	peer.socket.destroy();
	const lines = printed(reply).trimEnd().split("\n");
	t.is(lines.length, 20_000);
	t.is(lines.at(-1), "line 19999");
	t.true(beats > 0);
	// A few messages, not one for each line.
	t.true(reply.published.length < 1000, `got ${reply.published.length} messages`);
});

test("a cell beyond the memory ceiling is stopped, says why, and the kernel goes on", async (t) => {
	const reply = await shared.kernel.execute(
		"const hoard: Buffer[] = []; while (true) hoard.push(Buffer.alloc(10_000_000, 1))",
	);
	t.is(failure(reply).ename, "MemoryError");
	t.regex(failure(reply).evalue, new RegExp(`${CEILING} MB allowed of memory \\(raise it by FOVEA_KERNEL_MEMORY`));
	// The cells queued right behind one that was stopped begin above the ceiling, and run.
	const code = "const more: Buffer[] = []; while (true) more.push(Buffer.alloc(10_000_000, 1))";
	const wait = "await new Promise((go) => setTimeout(go, 200)); 'ran'";
	const [stopped, ...after] = await Promise.all(
		[code, wait, wait].map((each) => shared.kernel.execute(each, { stop_on_error: false })),
	);
	t.is(stopped && failure(stopped).ename, "MemoryError");
	t.deepEqual(after.map(value), ["'ran'", "'ran'"]);
	t.is(value(await shared.kernel.execute("hoard.length > 10")), "true");
});

test("a kernel that dies suddenly leaves a note", async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "fovea-kernel-"));
	const client = await KernelClient.start({ folder, patience: 120_000 });
	await client.execute("1");
	const { iopub_port: port, key } = client.connection;
	const dying = client.execute("process.kill(process.pid, 'SIGKILL')").catch((error: Error) => error.message);
	t.regex(String(await dying), /the kernel died \(SIGKILL\)/);
	const notes: string[] = [];
	for (let attempt = 0; attempt < 200 && !notes.some((note) => note.includes("KernelDied")); attempt++) {
		await sleep(50);
		await connect(
			"SUB",
			{ port, host: "127.0.0.1" },
			{ message: (frames) => notes.push(frames.map(String).join(" ")) },
		).then(
			async (peer) => {
				peer.subscribe("");
				await sleep(300);
				peer.socket.destroy();
			},
			() => {},
		);
	}
	t.true(notes.some((note) => note.includes("the kernel died while this cell ran")));
	t.truthy(key);
	rmSync(folder, { recursive: true, force: true });
});

test("the kernel leaves when the process that started it is gone", async (t) => {
	const starter = `
		import { KernelClient } from ${JSON.stringify(new URL("../../kernel/client.js", import.meta.url).href)};
		const client = await KernelClient.start({ folder: ${JSON.stringify(shared.folder)}, patience: 120000 });
		console.log(client.process.pid);
		process.kill(process.pid, "SIGKILL");`;
	const parent = spawn(process.execPath, ["--input-type=module", "-e", starter], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const pid = Number(
		await new Promise<string>((resolve) => parent.stdout.once("data", (chunk) => resolve(String(chunk)))),
	);
	t.true(pid > 0);
	const isAlive = () => {
		try {
			process.kill(pid, 0);
			return true;
		} catch {
			return false;
		}
	};
	for (let waited = 0; isAlive() && waited < 30_000; waited += 100) await sleep(100);
	t.false(isAlive());
});

test("a kernel asked to restart while 20,000 lines are being printed answers, and ends at once", async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "fovea-kernel-"));
	let began = () => {};
	const printing = new Promise<void>((resolve) => {
		began = resolve;
	});
	const client = await KernelClient.start({
		folder,
		patience: 120_000,
		onPublished: ({ header }) => header.msg_type === "stream" && began(),
	});
	const running = client
		.execute("for (let line = 0; line < 20_000; line++) console.log('line ' + line)\nwhile (true) console.log('more')")
		.catch(() => {});
	await printing;
	const asked = performance.now();
	const answer = await client.request("shutdown_request", { restart: true }, { channel: "control" }).then(
		({ reply }) => `${reply.content["status"]} ${reply.content["restart"]}`,
		(error: Error) => error.message,
	);
	t.regex(answer, /^ok true$|died \(exit code 0\)/);
	const { code, signal } = await client.ended;
	t.true(code === 0 || signal === "SIGKILL");
	// Jupyter kills a kernel that takes longer than 5 s.
	t.true(performance.now() - asked < 5000, `${performance.now() - asked} ms`);
	await running;
	rmSync(folder, { recursive: true, force: true });
});

test("a kernel shuts down at once while a cell is busy", async (t) => {
	const running = shared.kernel.execute("while (true) {}").catch(() => {});
	await sleep(500);
	await shared.kernel
		.request("shutdown_request", { restart: true }, { channel: "control" })
		.catch((error: Error) => t.regex(error.message, /died \(exit code 0\)/));
	const { code, signal } = await shared.kernel.ended;
	t.true(code === 0 || signal === "SIGKILL");
	await running;
});
