import { Session } from "node:inspector";
import type { MessagePort } from "node:worker_threads";
import { bundleOf } from "./bundle.ts";
import { type CellError, describeError } from "./describe-error.ts";
import { CELL_GLOBAL } from "./hub.ts";
import type { Bundle } from "./messages.ts";
import type { Shared } from "./shared.ts";
import { rememberScript } from "./stacks.ts";

/** Runs cells on the main thread, each as one script of V8's REPL mode, and tells the session what came of it. */

export interface RunRequest {
	readonly kind: "run";
	readonly id: number;
	readonly label: string;
	readonly script: string;
	readonly map: string;
	readonly silent: boolean;
	/** Scripts that give the values of the request's expressions, by their names. */
	readonly expressions: Readonly<Record<string, string>>;
}

/** What the session's thread tells the main thread. */
export type ToMain =
	| RunRequest
	| { readonly kind: "interrupt"; readonly id: number; readonly reason: string }
	| { readonly kind: "forget"; readonly names: readonly string[] }
	| { readonly kind: "exit"; readonly code: number }
	| {
			readonly kind: "comm";
			/** Told back as `heard` once the message's handler has run. */
			readonly id: number;
			readonly type: string;
			readonly content: Bundle;
			readonly buffers: readonly Uint8Array[];
	  };

/** What the main thread tells the session's thread. */
export type FromMain =
	| { readonly kind: "stream"; readonly name: "stdout" | "stderr"; readonly text: string }
	| {
			readonly kind: "display";
			readonly bundle: Bundle;
			readonly metadata: Bundle;
			readonly id?: string;
			readonly update: boolean;
	  }
	| { readonly kind: "clear"; readonly wait: boolean }
	| { readonly kind: "input"; readonly prompt: string; readonly password: boolean }
	| {
			readonly kind: "comm";
			readonly type: string;
			readonly content: Bundle;
			readonly buffers: readonly Uint8Array[];
	  }
	| { readonly kind: "heard"; readonly id: number }
	| { readonly kind: "exit-called"; readonly code: number }
	| { readonly kind: "signal" }
	| {
			readonly kind: "done";
			readonly id: number;
			readonly error?: CellError;
			readonly value?: Bundle;
			readonly expressions: Readonly<Record<string, Bundle>>;
	  };

interface Running {
	readonly request: RunRequest;
	readonly controller: AbortController;
	value: unknown;
	failure: CellError | undefined;
}

interface Evaluation {
	readonly exceptionDetails?: {
		readonly exception?: {
			readonly objectId?: string;
			readonly value?: unknown;
			readonly unserializableValue?: string;
		};
	};
}

type Settled = (error: CellError | undefined) => void;

export class Evaluator {
	private readonly inspector = new Session();
	private readonly port: MessagePort;
	private readonly shared: Shared;
	private readonly realExit = process.exit.bind(process);
	/** More than one only when subshells run cells that await. */
	private readonly running: Running[] = [];
	/** Displays of the running cell that are still being made. */
	readonly pending: Promise<void>[] = [];
	private readonly strays: CellError[] = [];
	/** What the inspector's guarded calls hand over, since it names values but does not give them. */
	private thrown: unknown;
	private format: () => Promise<void> = async () => {};

	constructor(port: MessagePort, shared: Shared) {
		this.port = port;
		this.shared = shared;
		this.inspector.connect();
	}

	/** The members of the cell global that the evaluator itself needs. */
	readonly hooks = {
		value: (id: number, value: unknown) => {
			const cell = this.running.find(({ request }) => request.id === id);
			if (cell) cell.value = value;
		},
		caught: (thrown: unknown) => {
			this.thrown = thrown;
		},
		format: () => this.format(),
	};

	get signal(): AbortSignal | undefined {
		return this.running.at(-1)?.controller.signal;
	}

	get isBusy(): boolean {
		return this.running.length > 0;
	}

	post(message: FromMain): void {
		this.port.postMessage(message);
	}

	run(request: RunRequest): void {
		const cell: Running = { request, controller: new AbortController(), value: undefined, failure: undefined };
		this.running.push(cell);
		const name = `cell:${request.id}`;
		rememberScript(name, request.label, request.map, true);
		this.shared.enter(request.id);
		this.evaluate(`${request.script}\n//# sourceURL=${name}`, (error) => {
			cell.failure ??= error;
			// A promise the cell left rejected is reported once its turn of the event loop is over.
			setImmediate(() => this.finish(cell));
		});
	}

	/** Ends a cell that waits. A busy one is terminated by the session's thread, and this is then read right after. */
	interrupt(id: number, reason: string): void {
		this.shared.acknowledge(id);
		const cell = this.running.find(({ request }) => request.id === id);
		if (!cell) return;
		cell.failure = { name: "Interrupted", message: reason, stack: "" };
		cell.controller.abort(new DOMException(reason, "AbortError"));
		this.done(cell);
	}

	/** Something went wrong outside any call of a cell: in a timer, or in a promise nobody waits for. */
	fail(thrown: unknown, what: string): void {
		// What an interrupted cell leaves behind is not the next cell's fault.
		if (thrown instanceof DOMException && thrown.name === "AbortError") return;
		const error = describeError(thrown);
		const cell = this.running.at(-1);
		if (cell) {
			cell.failure ??= { ...error, stack: `${what}: ${error.stack}` };
			this.done(cell);
		} else {
			this.strays.push({ ...error, stack: `${what} since the last cell: ${error.stack}` });
			this.post({ kind: "stream", name: "stderr", text: `${what} outside a cell: ${error.stack}\n` });
		}
	}

	/** Lets go of the values of names that no cell can reach any more. */
	forget(names: readonly string[]): void {
		this.evaluate(names.map((name) => `try { ${name} = undefined; } catch {}`).join("\n"), () => {});
	}

	exit(code: number): void {
		for (const cell of this.running) cell.controller.abort();
		// Left connected, Node would wait for a debugger.
		this.inspector.disconnect();
		this.realExit(code);
	}

	/** Runs a script; it is the reader's code, so it may never come back, and may be terminated at any point. */
	private evaluate(expression: string, settled: Settled): void {
		const options = { expression, replMode: true, awaitPromise: true, objectGroup: "cell", silent: true };
		this.inspector.post("Runtime.evaluate", options as never, (failure: Error | null, result?: object) => {
			if (failure) settled({ name: "Interrupted", message: failure.message, stack: "" });
			else settled(this.errorOf(result as Evaluation));
		});
	}

	private errorOf({ exceptionDetails }: Evaluation): CellError | undefined {
		if (!exceptionDetails) return undefined;
		const { objectId, value, unserializableValue } = exceptionDetails.exception ?? {};
		this.thrown = unserializableValue ?? value;
		if (objectId) {
			this.inspector.post("Runtime.callFunctionOn", {
				functionDeclaration: `(thrown) => ${CELL_GLOBAL}.caught(thrown)`,
				objectId,
				arguments: [{ objectId }],
				silent: true,
			});
		}
		const thrown = this.thrown;
		this.thrown = undefined;
		this.inspector.post("Runtime.releaseObjectGroup", { objectGroup: "cell" });
		return describeError(thrown);
	}

	/** Makes the bundles of the cell's value and of the user expressions, then reports. */
	private finish(cell: Running): void {
		if (!this.running.includes(cell)) return;
		const expressions: Record<string, Bundle> = {};
		let value: Bundle | undefined;
		const names = cell.failure ? [] : Object.entries(cell.request.expressions);
		const next = () => {
			const [name, script] = names.shift() ?? [];
			if (name === undefined || script === undefined) {
				this.done(cell, value, expressions);
				return;
			}
			cell.value = undefined;
			const keep = async () => {
				expressions[name] = { status: "ok", data: await bundleOf(cell.value), metadata: {} };
			};
			const wrong = ({ name: ename, message: evalue, stack }: CellError) => {
				expressions[name] = { status: "error", ename, evalue, traceback: stack.split("\n") };
				next();
			};
			this.evaluate(script, (error) =>
				error ? wrong(error) : this.guarded(keep, (late) => (late ? wrong(late) : next())),
			);
		};
		const hasValue = !cell.failure && !cell.request.silent && cell.value !== undefined;
		if (!hasValue && this.pending.length === 0) {
			next();
			return;
		}
		const show = async () => {
			await Promise.all(this.pending.splice(0));
			if (!hasValue) return;
			const bundle = await bundleOf(cell.value);
			if (Object.keys(bundle).length > 0) value = bundle;
		};
		this.guarded(show, (error) => {
			cell.failure ??= error;
			next();
		});
	}

	/** Runs kernel code that calls the reader's (to display a value), so that it can be terminated too. */
	private guarded(work: () => Promise<void>, settled: Settled): void {
		this.format = work;
		this.evaluate(`await ${CELL_GLOBAL}.format()`, settled);
	}

	private done(cell: Running, value?: Bundle, expressions: Record<string, Bundle> = {}): void {
		const index = this.running.indexOf(cell);
		if (index < 0) return;
		this.running.splice(index, 1);
		this.shared.enter(this.running.at(-1)?.request.id ?? 0);
		const error = cell.failure ?? this.strays[0];
		this.strays.length = 0;
		const { id } = cell.request;
		if (error) this.post({ kind: "done", id, error, expressions: {} });
		else this.post({ kind: "done", id, expressions, ...(value ? { value } : {}) });
	}
}
