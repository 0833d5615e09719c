import { randomUUID } from "node:crypto";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { Ask } from "./compiler-thread.ts";
import { DeathNote } from "./death-note.ts";
import { Interrupter } from "./interrupter.ts";
import { watchMemory } from "./memory.ts";
import type { Facts } from "./replies.ts";
import { Session } from "./session.ts";
import { Shared } from "./shared.ts";
import { type Connection, Sockets } from "./sockets.ts";

/** The thread that owns the sockets. */

export interface SessionData {
	readonly connection: Connection;
	readonly main: MessagePort;
	readonly answers: MessagePort;
	readonly compiler: MessagePort;
	readonly shared: SharedArrayBuffer;
	readonly facts: Facts;
	/** Bytes the process may use before its cell is stopped. */
	readonly ceiling: number;
	/** Bytes of V8's heap the main thread may use before its cell is stopped. */
	readonly heapCeiling: number;
	/** Whether the kernel leaves with the process that started it. */
	readonly followsParent: boolean;
}

const data = workerData as SessionData;
const id = randomUUID();
const shared = new Shared(data.shared);
const interrupter = new Interrupter(shared);

let questions = 0;
const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
data.compiler.on("message", ({ id, result, error }: { id: number; result: never; error?: string }) => {
	const asked = waiting.get(id);
	waiting.delete(id);
	if (error === undefined) asked?.resolve(result);
	else asked?.reject(new Error(error));
});
const ask: Ask = (method, ...values) => {
	const question = ++questions;
	data.compiler.postMessage({ id: question, method, values });
	return new Promise((resolve, reject) => waiting.set(question, { resolve, reject }));
};

const note = new DeathNote(data.connection);
const sockets = new Sockets(data.connection, id, (message, origin) => session.receive(message, origin));
const session = new Session({
	...data,
	session: id,
	sockets,
	shared,
	interrupter,
	ask,
	onRunning: (header) => note.running(header),
	exit: () => void leave(0),
});

let isLeaving = false;
/** Ends the process: kindly, and when the main thread is too busy to hear, by force. */
async function leave(code: number): Promise<void> {
	if (isLeaving) return;
	isLeaving = true;
	session.executions.interruptAll({
		ename: "Interrupted",
		evalue: "the kernel shuts down",
		traceback: ["the kernel shuts down"],
	});
	// The reply to the request that ends us is still on its way.
	await new Promise((resolve) => setTimeout(resolve, 50));
	await sockets.close();
	setTimeout(() => process.kill(process.pid, "SIGKILL"), 1000);
	note.bye();
	interrupter.disconnect();
	parentPort?.postMessage({ exit: code });
	data.main.postMessage({ kind: "exit", code });
}

if (data.followsParent) {
	const parent = process.ppid;
	setInterval(() => process.ppid !== parent && void leave(0), 500).unref();
}
watchMemory(session.executions, interrupter, data);

await sockets.listen();
session.start();
parentPort?.postMessage({ listening: true });
