import type { MessagePort } from "node:worker_threads";
import type { Ask } from "./compiler-thread.ts";
import { type ErrorReport, reportError, reportProblems } from "./errors.ts";
import type { FromMain, ToMain } from "./evaluator.ts";
import type { Interrupter } from "./interrupter.ts";
import { readMagics } from "./magics.ts";
import { type Content, type Header, type Message, makeMessage } from "./messages.ts";
import { Output } from "./output.ts";
import type { Shared } from "./shared.ts";
import type { Origin, Sockets } from "./sockets.ts";

/** Cells as the session's thread sees them: compiled, sent to the main thread, interrupted, their outputs published. */

export interface Request {
	readonly message: Message;
	readonly origin: Origin;
}

export interface ExecutionParts {
	readonly session: string;
	readonly sockets: Sockets;
	readonly main: MessagePort;
	readonly answers: MessagePort;
	readonly shared: Shared;
	readonly interrupter: Interrupter;
	readonly ask: Ask;
	readonly publish: (type: string, content: Content, parent: Header | undefined, extra?: Extra) => void;
	/** What a cell does is told as it begins and ends, for the note a sudden death leaves. */
	readonly onRunning: (header: Header | undefined) => void;
}

export interface Extra {
	readonly metadata?: Content;
	readonly buffers?: readonly Uint8Array[];
}

type Done = Extract<FromMain, { kind: "done" }>;

interface Run {
	readonly id: number;
	readonly request: Request;
	readonly isMuted: boolean;
	readonly settle: (done: Done) => void;
	/** Why the kernel itself stopped the cell. */
	stopped: ErrorReport | undefined;
}

const INTERRUPTED: ErrorReport = {
	ename: "Interrupted",
	evalue: "the cell was interrupted",
	traceback: ["Interrupted"],
};

export class Executions {
	/** Comms that are open: id to target. */
	readonly comms = new Map<string, string>();
	readonly history: [session: number, line: number, input: string][] = [];
	counter = 0;
	private readonly parts: ExecutionParts;
	private readonly output: Output;
	private readonly runs = new Map<number, Run>();
	private readonly compiling = new Map<Request, ErrorReport | undefined>();
	private readonly unheard = new Map<number, () => void>();
	private lastRun = 0;
	private lastSaid = 0;
	private lastParent: Header | undefined;
	private asked: Request | undefined;

	constructor(parts: ExecutionParts) {
		this.parts = parts;
		this.output = new Output(parts.publish, parts.shared);
		parts.main.on("message", (message: FromMain) => this.fromMain(message));
	}

	/** The cell that began last of those that run; 0 for none. */
	get newest(): number {
		return [...this.runs.keys()].at(-1) ?? 0;
	}

	/** Ends every running cell with this report. */
	interruptAll(report = INTERRUPTED): void {
		this.asked = undefined;
		for (const request of this.compiling.keys()) this.compiling.set(request, report);
		for (const run of this.runs.values()) this.stop(run, report);
	}

	/** Runs the cell of an execute_request and publishes what comes of it. @returns The content of the reply. */
	async execute(request: Request): Promise<Content> {
		const { content, header } = request.message;
		const code = String(content["code"] ?? "");
		const isSilent = content["silent"] === true;
		const stores = !isSilent && content["store_history"] !== false;
		if (stores) this.history.push([1, ++this.counter, code]);
		const count = this.counter;
		if (!isSilent) this.parts.publish("execute_input", { code, execution_count: count }, header);
		this.lastParent = header;
		const outcome = await this.run(request, code, `Cell [${count}]`, isSilent).catch((error: Error): ErrorReport => {
			const evalue = `the kernel could not run this cell: ${error.message}`;
			return { ename: "KernelError", evalue, traceback: [evalue] };
		});
		this.compiling.delete(request);
		this.output.flush();
		if ("ename" in outcome) {
			if (!isSilent) this.parts.publish("error", { ...outcome }, header);
			return { status: "error", execution_count: count, ...outcome, user_expressions: {}, payload: [] };
		}
		if (outcome.value)
			this.parts.publish("execute_result", { execution_count: count, data: outcome.value, metadata: {} }, header);
		return { status: "ok", execution_count: count, user_expressions: outcome.expressions, payload: [] };
	}

	/** Hands the front end's comm message to the code. Resolves once its handler has run, so that idle follows the answer. */
	comm(type: string, { content, header, buffers }: Message): Promise<void> {
		const id = String(content["comm_id"]);
		if (type === "comm_open") this.comms.set(id, String(content["target_name"]));
		if (type === "comm_close") this.comms.delete(id);
		this.lastParent = header;
		const said = ++this.lastSaid;
		this.send({ kind: "comm", id: said, type, content, buffers });
		return new Promise((heard) => this.unheard.set(said, heard));
	}

	answerInput(message: Message): void {
		if (!this.asked) return;
		this.asked = undefined;
		this.parts.answers.postMessage({ value: String(message.content["value"] ?? "") });
		this.parts.shared.answered();
	}

	private async run(request: Request, code: string, label: string, silent: boolean): Promise<ErrorReport | Done> {
		const started = performance.now();
		const magics = readMagics(code);
		if (magics.unknown) return { ename: "UsageError", evalue: magics.unknown, traceback: [magics.unknown] };
		const id = ++this.lastRun;
		this.compiling.set(request, undefined);
		if (magics.reset) this.send({ kind: "forget", names: await this.parts.ask("reset") });
		const { problems, script, map } = await this.parts.ask("compile", magics.source, id);
		const { content, header } = request.message;
		const asked = Object.entries((content["user_expressions"] ?? {}) as Record<string, unknown>);
		const expressions: Record<string, string> = {};
		if (problems.length === 0)
			for (const [name, source] of asked) expressions[name] = await this.parts.ask("expression", String(source), id);
		const cancelled = this.compiling.get(request);
		if (problems.length > 0) return reportProblems(label, magics.source, problems);
		if (cancelled) return cancelled;
		this.parts.onRunning(header);
		const done = await new Promise<Done>((settle) => {
			this.runs.set(id, { id, request, isMuted: silent || magics.capture, settle, stopped: undefined });
			this.send({ kind: "run", id, label, script, map, silent, expressions });
		});
		const stopped = this.runs.get(id)?.stopped;
		this.runs.delete(id);
		this.parts.onRunning([...this.runs.values()].at(-1)?.request.message.header);
		if (magics.time) this.output.write("stdout", `Wall time: ${(performance.now() - started).toFixed(1)} ms\n`, header);
		if (stopped) return stopped;
		if (done.error) return reportError(done.error);
		const { value, ...rest } = done;
		return silent || magics.capture || !value ? rest : { ...rest, value };
	}

	private stop(run: Run, report: ErrorReport): void {
		run.stopped ??= report;
		this.send({ kind: "interrupt", id: run.id, reason: report.evalue });
		void this.parts.interrupter.stop(run.id);
	}

	private send(message: ToMain): void {
		this.parts.main.postMessage(message);
	}

	private fromMain(message: FromMain): void {
		// What is printed belongs to the newest cell that runs, else to the last that ran.
		const run = [...this.runs.values()].at(-1);
		const parent = run?.request.message.header ?? this.lastParent;
		if (message.kind !== "stream") this.output.flush();
		switch (message.kind) {
			case "stream":
				if (run?.isMuted) this.parts.shared.sent(message.text.length);
				else this.output.write(message.name, message.text, parent, true);
				break;
			case "display": {
				if (run?.isMuted) break;
				const type = message.update ? "update_display_data" : "display_data";
				const transient = message.id === undefined ? {} : { display_id: message.id };
				this.parts.publish(type, { data: message.bundle, metadata: message.metadata, transient }, parent);
				break;
			}
			case "clear":
				this.parts.publish("clear_output", { wait: message.wait }, parent);
				break;
			case "comm": {
				const id = String(message.content["comm_id"]);
				if (message.type === "comm_open") this.comms.set(id, String(message.content["target_name"]));
				if (message.type === "comm_close") this.comms.delete(id);
				const { metadata = {}, ...content } = message.content as { metadata?: Content };
				this.parts.publish(message.type, content, parent, { metadata, buffers: message.buffers });
				break;
			}
			case "input":
				this.askInput(message.prompt, message.password, run);
				break;
			case "heard":
				this.unheard.get(message.id)?.();
				this.unheard.delete(message.id);
				break;
			case "signal":
				this.interruptAll();
				break;
			case "exit-called": {
				const evalue = `process.exit(${message.code}) was called: the cell ends here and the kernel goes on; restart it from the front end`;
				if (run) this.stop(run, { ename: "ExitError", evalue, traceback: [evalue] });
				break;
			}
			case "done":
				this.runs.get(message.id)?.settle(message);
				break;
			default:
				message satisfies never;
		}
	}

	private askInput(prompt: string, password: boolean, run: Run | undefined): void {
		const refuse = (error: string) => {
			this.parts.answers.postMessage({ error });
			this.parts.shared.answered();
		};
		if (!run) refuse("input: no cell is running");
		else if (run.request.message.content["allow_stdin"] !== true) refuse("input: this front end does not take input");
		else {
			const { message, origin } = run.request;
			const options = { session: this.parts.session, parent: message.header };
			this.asked = run.request;
			if (!this.parts.sockets.ask(makeMessage("input_request", { prompt, password }, options), origin))
				refuse("input: the front end has no stdin channel");
		}
	}
}
