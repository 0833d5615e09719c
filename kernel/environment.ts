import path from "node:path";
import { pathToFileURL } from "node:url";
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { installChildren } from "./children.ts";
import { dispatchComm } from "./comm.ts";
import { display } from "./display.ts";
import type { Evaluator, ToMain } from "./evaluator.ts";
import { CELL_GLOBAL, type Hub, installHub } from "./hub.ts";
import type { Loader } from "./loader.ts";
import type { Shared } from "./shared.ts";
import { StandardInput } from "./standard-input.ts";

/** The world a cell finds itself in: its globals, its output, and what happens when things fail outside it. */

export interface World {
	readonly port: MessagePort;
	readonly answers: MessagePort;
	readonly shared: Shared;
	readonly evaluator: Evaluator;
	readonly loader: Loader;
	readonly folder: string;
}

export function installEnvironment(world: World): void {
	const hub = makeHub(world);
	installHub(hub);
	installStreams(world, hub);
	installChildren();
	installGlobals(world, hub);
	installFailures(world);
	const { evaluator } = world;
	world.port.on("message", (message: ToMain) => {
		if (message.kind === "run") evaluator.run(message);
		else if (message.kind === "interrupt") evaluator.interrupt(message.id, message.reason);
		else if (message.kind === "forget") evaluator.forget(message.names);
		else if (message.kind === "comm") {
			try {
				dispatchComm(message.type, message.content, message.buffers);
			} finally {
				evaluator.post({ kind: "heard", id: message.id });
			}
		} else evaluator.exit(message.code);
	});
}

function makeHub({ evaluator, answers, shared }: World): Hub {
	const idle = new AbortController().signal;
	return {
		display: (bundle, { id, update = false, metadata = {} }) =>
			evaluator.post({ kind: "display", bundle, metadata, update, ...(id === undefined ? {} : { id }) }),
		clear: (wait) => evaluator.post({ kind: "clear", wait }),
		comm: (type, content, buffers) => evaluator.post({ kind: "comm", type, content, buffers }),
		input: (prompt, password) => {
			while (receiveMessageOnPort(answers)) {
				/* an answer that came after its question was interrupted */
			}
			shared.forgetAnswer();
			evaluator.post({ kind: "input", prompt: String(prompt), password });
			shared.waitForAnswer();
			const answer = receiveMessageOnPort(answers)?.message as { value?: string; error?: string } | undefined;
			if (answer?.value === undefined) throw new Error(answer?.error ?? "input: no answer came");
			return answer.value;
		},
		pending: evaluator.pending,
		get signal() {
			return evaluator.signal ?? idle;
		},
	};
}

function installStreams({ evaluator, shared }: World, hub: Hub): void {
	const stdin = new StandardInput(
		() => hub.input("", false),
		() => evaluator.signal,
	);
	Object.defineProperty(process, "stdin", { get: () => stdin.current, configurable: true, enumerable: true });
	for (const name of ["stdout", "stderr"] as const) {
		const stream = process[name];
		const write = (chunk: string | Uint8Array, encoding?: BufferEncoding | (() => void), callback?: () => void) => {
			const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
			evaluator.post({ kind: "stream", name, text });
			shared.addUnsent(text.length);
			if (!text.endsWith("\n")) stdin.prompted();
			const done = typeof encoding === "function" ? encoding : callback;
			if (done) process.nextTick(done);
			return true;
		};
		stream.write = write as typeof stream.write;
	}
}

function installGlobals({ evaluator, loader, folder }: World, hub: Hub): void {
	const define = (name: string, descriptor: PropertyDescriptor) =>
		Object.defineProperty(globalThis, name, { enumerable: false, configurable: true, ...descriptor });
	const cell = {
		...evaluator.hooks,
		import: loader.import.bind(loader),
		importEquals: loader.importEquals.bind(loader),
		dynamicImport: loader.dynamicImport.bind(loader),
		meta: {
			url: pathToFileURL(path.join(folder, "notebook.ipynb")).href,
			dirname: folder,
			filename: path.join(folder, "notebook.ipynb"),
			resolve: (name: string) => pathToFileURL(loader.require.resolve(name)).href,
		},
	};
	define(CELL_GLOBAL, { value: Object.freeze(cell), configurable: false });
	define("require", { value: loader.require, writable: true });
	define("__dirname", { value: folder, writable: true });
	define("__filename", { value: cell.meta.filename, writable: true });
	define("display", { value: display, writable: true });
	define("cellSignal", { get: () => hub.signal });
	const input = (prompt = "", { password = false } = {}) => hub.input(prompt, password);
	define("input", { value: input, writable: true });
	define("prompt", { value: (question = "") => hub.input(question, false), writable: true });
}

function installFailures({ evaluator, shared }: World): void {
	process.on("unhandledRejection", (reason) => evaluator.fail(reason, "Unhandled rejection"));
	process.on("uncaughtException", (error) => evaluator.fail(error, "Uncaught"));
	process.on("SIGINT", () => evaluator.post({ kind: "signal" }));
	const refuse = (code?: number | string | null) => {
		const exitCode = Number(code ?? process.exitCode ?? 0);
		if (!evaluator.isBusy)
			throw new Error(`process.exit(${exitCode}): the kernel goes on; restart it from the front end`);
		evaluator.post({ kind: "exit-called", code: exitCode });
		// A caught exception would let the cell go on, so it waits here to be terminated from the other thread.
		for (;;) shared.pause();
	};
	Object.defineProperty(process, "exit", { value: refuse, writable: true, configurable: true });
}
