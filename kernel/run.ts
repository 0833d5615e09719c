import path from "node:path";
import { KernelClient, KernelDied, type Reply } from "./client.ts";
import type { Message } from "./messages.ts";
import type { Cell, Notebook, Output } from "./notebook.ts";

/** Runs a notebook's cells one after another in a kernel of its own, without Jupyter or Python. */

export interface RunOptions {
	/** The folder the cells work in. */
	readonly folder: string;
	/** Seconds a cell may take. @default no limit */
	readonly cellTimeout?: number;
	/** Go on after a cell that failed; the run has failed all the same. @default false */
	readonly keepGoing?: boolean;
	readonly signal?: AbortSignal;
	/** Told before each cell. */
	readonly onCell?: (index: number, total: number) => void;
}

export interface RunResult {
	readonly notebook: Notebook;
	/** Code cells that hold code. */
	readonly cells: number;
	readonly ran: number;
	readonly failed: number;
	readonly seconds: number;
	/** The first failure, in words. */
	readonly failure: string | undefined;
}

/** What was published for a cell as nbformat keeps it. */
export function collectOutputs(published: readonly Message[], displays = new Map<string, Output>()): Output[] {
	const outputs: Output[] = [];
	let clearNext = false;
	for (const { header, content } of published) {
		const type = header.msg_type;
		if (type === "clear_output") {
			if (content["wait"] === true) clearNext = true;
			else outputs.length = 0;
			continue;
		}
		const output = toOutput(type, content);
		const id = (content["transient"] as { display_id?: string } | undefined)?.display_id;
		if (type === "update_display_data") {
			const known = displays.get(id ?? "");
			if (known && "data" in known)
				Object.assign(known, { data: content["data"], metadata: content["metadata"] ?? {} });
			continue;
		}
		if (!output) continue;
		if (clearNext) outputs.length = 0;
		clearNext = false;
		const last = outputs.at(-1);
		if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name)
			last.text += output.text;
		else outputs.push(output);
		if (id !== undefined) displays.set(id, output);
	}
	return outputs;
}

function toOutput(type: string, content: Message["content"]): Output | undefined {
	const data = (content["data"] ?? {}) as Record<string, unknown>;
	const metadata = (content["metadata"] ?? {}) as Record<string, unknown>;
	switch (type) {
		case "stream":
			return { output_type: type, name: content["name"] as "stdout" | "stderr", text: String(content["text"]) };
		case "display_data":
			return { output_type: type, data, metadata };
		case "execute_result":
			return { output_type: type, data, metadata, execution_count: Number(content["execution_count"]) };
		case "error": {
			const { ename, evalue, traceback } = content as { ename: string; evalue: string; traceback: string[] };
			return { output_type: type, ename, evalue, traceback };
		}
		default:
			return undefined;
	}
}

export async function runNotebook(notebook: Notebook, options: RunOptions): Promise<RunResult> {
	const { folder, cellTimeout, keepGoing = false, signal, onCell } = options;
	const started = performance.now();
	const cells: Cell[] = notebook.cells.map((cell) =>
		cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell,
	);
	const code = cells.filter((cell) => cell.cell_type === "code" && cell.source.trim() !== "");
	const displays = new Map<string, Output>();
	const failures: string[] = [];
	let ran = 0;
	signal?.throwIfAborted();
	const client = await KernelClient.start({ folder: path.resolve(folder) });
	const onAbort = () => client.process.kill("SIGKILL");
	signal?.addEventListener("abort", onAbort);
	try {
		// TypeScript reads its libraries while the kernel starts; no cell's time should pay for that.
		await client.execute("", { silent: true });
		for (const [index, cell] of code.entries()) {
			onCell?.(index, code.length);
			const { reply, published } = await executeWithin(client, cell, cellTimeout);
			ran++;
			const count = reply.content["execution_count"];
			cell.execution_count = typeof count === "number" ? count : null;
			cell.outputs = collectOutputs(published, displays);
			const mayFail = cell.metadata.tags?.includes("raises-exception") ?? false;
			if (reply.content["status"] === "ok" || mayFail) continue;
			failures.push(`cell ${index + 1}: ${reply.content["ename"]}: ${reply.content["evalue"]}`);
			if (!keepGoing) break;
		}
		// What fails after the last cell, in a timer say, comes to light in one more.
		if (failures.length === 0) {
			const { reply } = await client.execute("", { silent: true });
			if (reply.content["status"] !== "ok")
				failures.push(`after the last cell: ${reply.content["ename"]}: ${reply.content["evalue"]}`);
		}
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof KernelDied)) throw error;
		failures.push(`cell ${ran + 1}: ${error.message}`);
		const dead = code[ran];
		if (dead)
			dead.outputs = [
				{ output_type: "error", ename: "KernelDied", evalue: error.message, traceback: error.message.split("\n") },
			];
	} finally {
		signal?.removeEventListener("abort", onAbort);
		await client.shutdown();
	}
	const seconds = (performance.now() - started) / 1000;
	const metadata = { ...notebook.metadata, ...LANGUAGE };
	return {
		notebook: { ...notebook, metadata, cells },
		cells: code.length,
		ran,
		failed: failures.length,
		seconds,
		failure: failures[0],
	};
}

const LANGUAGE = {
	kernelspec: { name: "fovea", display_name: "TypeScript (fovea)", language: "typescript" },
	language_info: { name: "typescript", file_extension: ".ts", mimetype: "text/x-typescript" },
};

/** A cell that takes too long is interrupted and fails. */
async function executeWithin(client: KernelClient, cell: Cell, seconds: number | undefined): Promise<Reply> {
	if (seconds === undefined) return client.execute(cell.source);
	let late = false;
	const timer = setTimeout(() => {
		late = true;
		void client.interrupt().catch(() => {});
	}, seconds * 1000);
	// Code that cannot be interrupted, in native code say, takes its kernel with it.
	const force = setTimeout(() => client.process.kill("SIGKILL"), seconds * 1000 + 10_000);
	const { reply, published } = await client.execute(cell.source).finally(() => {
		clearTimeout(timer);
		clearTimeout(force);
	});
	if (!late || reply.content["status"] === "ok") return { reply, published };
	const evalue = `the cell must end within ${seconds} s`;
	return { published, reply: { ...reply, content: { ...reply.content, ename: "TimeoutError", evalue } } };
}
