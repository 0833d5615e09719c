import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { freePorts } from "../../kernel/client.ts";
import { type Jupyter, jupyterHome } from "./jupyter.ts";
import { sleep } from "./kernel.ts";

/**
 * The way of VS Code's Jupyter extension to a kernel, with the libraries it uses: the kernelspec's command line with a
 * connection file, @jupyterlab/services over a socket that is zeromq's, messages in and out by @nteract/messaging.
 * Written after what src/kernels/raw of microsoft/vscode-jupyter does (3d24702e).
 */

/** How long a kernel may take to answer, milliseconds. */
const patience = 60_000;

const load = createRequire(join(jupyterHome(), "clients", "x.js"));

export interface Wire {
	readonly channel: string;
	readonly header: { readonly msg_type: string; readonly msg_id: string };
	readonly parent_header: { readonly msg_id?: string };
	readonly content: Readonly<Record<string, unknown>>;
	readonly metadata: Readonly<Record<string, unknown>>;
}

type Content = Readonly<Record<string, unknown>>;

interface Future {
	readonly done: Promise<Wire>;
	onIOPub: (message: Wire) => void;
	onStdin: (message: Wire) => void;
}

interface Signal<Value> {
	connect(heard: (sender: unknown, value: Value) => void): void;
}

/** What is used here of `KernelConnection` of @jupyterlab/services. */
export interface Connection {
	readonly status: string;
	readonly connectionStatus: string;
	readonly info: Promise<Content>;
	readonly username: string;
	readonly clientId: string;
	readonly statusChanged: Signal<string>;
	readonly iopubMessage: Signal<Wire>;
	readonly anyMessage: Signal<{ readonly msg: Wire; readonly direction: string }>;
	requestKernelInfo(): Promise<Wire>;
	requestExecute(content: Content, disposeOnDone?: boolean): Future;
	requestComplete(content: Content): Promise<Wire>;
	requestInspect(content: Content): Promise<Wire>;
	requestIsComplete(content: Content): Promise<Wire>;
	requestHistory(content: Content): Promise<Wire>;
	requestCommInfo(content: Content): Promise<Wire>;
	registerCommTarget(name: string, opened: (comm: unknown, message: Wire) => void): void;
	sendInputReply(content: Content, parent: unknown): void;
	sendControlMessage(message: unknown, expectReply: boolean, disposeOnDone: boolean): Future;
	dispose(): void;
}

interface Services {
	readonly ServerConnection: { makeSettings(options: object): object };
	readonly KernelMessage: { createMessage(options: object): object };
}

interface ZeroMQ {
	readonly context: { blocky: boolean };
	readonly Dealer: new (options: object) => Zocket;
	readonly Subscriber: new (options: object) => Zocket;
}

interface Zocket extends AsyncIterable<Buffer[]> {
	connect(address: string): void;
	subscribe(): void;
	send(frames: readonly Buffer[]): Promise<void>;
	close(): void;
}

const services = load("@jupyterlab/services") as Services;
const { KernelConnection } = load("@jupyterlab/services/lib/kernel/default") as {
	KernelConnection: new (options: object) => Connection;
};
const { decode, encode } = load("@nteract/messaging/lib/wire-protocol") as {
	decode(frames: Buffer[], key: string, scheme: string): Wire & { channel?: string };
	encode(message: unknown, key: string, scheme: string): Buffer[];
};
const zeromq = load("zeromq") as ZeroMQ;
zeromq.context.blocky = false;

export interface Kernelspec {
	readonly argv: readonly string[];
	readonly display_name: string;
	readonly language: string;
	readonly interrupt_mode?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly metadata?: Readonly<Record<string, unknown>>;
}

type Ports = Readonly<Record<"key" | "signature_scheme" | "transport" | "ip", string>> &
	Readonly<Record<`${"hb" | "control" | "shell" | "stdin" | "iopub"}_port`, number>>;

/** What @jupyterlab/services takes for a web socket: four sockets to the kernel. */
function socketTo(ports: Ports, opened: (socket: { open(): void; close(): void }) => void) {
	return class {
		onopen: (event: unknown) => void = () => {};
		onmessage: (event: unknown) => void = () => {};
		onclose: (event: unknown) => void = () => {};
		onerror: (event: unknown) => void = () => {};
		/** The empty name of a protocol: messages go as objects. */
		readonly protocol = "";
		readonly #channels: Readonly<Record<string, Zocket>>;
		#isClosed = false;

		constructor() {
			// One identity for all, by which a kernel finds the stdin socket of who sent a cell.
			const options = { routingId: randomUUID(), sendHighWaterMark: 0, receiveHighWaterMark: 0, maxMessageSize: -1 };
			const iopub = new zeromq.Subscriber({ maxMessageSize: -1, receiveHighWaterMark: 0 });
			const dealer = () => new zeromq.Dealer(options);
			this.#channels = { iopub, shell: dealer(), control: dealer(), stdin: dealer() };
			for (const [channel, socket] of Object.entries(this.#channels)) {
				socket.connect(`${ports.transport}://${ports.ip}:${ports[`${channel}_port` as keyof Ports]}`);
				this.#hear(channel, socket).catch((error) => this.onerror({ error, message: String(error) }));
			}
			iopub.subscribe();
			opened({ open: () => this.onopen({ target: this }), close: () => this.close() });
		}

		async #hear(channel: string, socket: Zocket): Promise<void> {
			for await (const frames of socket) {
				if (this.#isClosed) return;
				const message = decode(frames, ports.key, ports.signature_scheme);
				this.onmessage({ data: { ...message, channel }, type: "message", target: this });
			}
		}

		send(message: { readonly channel: string }): void {
			void this.#channels[message.channel]?.send(encode(message, ports.key, ports.signature_scheme));
		}

		close(): void {
			if (this.#isClosed) return;
			this.#isClosed = true;
			for (const socket of Object.values(this.#channels)) socket.close();
		}
	};
}

/** What a cell left, as the extension hands it to the editor. */
export interface Cell {
	readonly reply: Content;
	readonly published: readonly Wire[];
}

export interface VsCodeOptions {
	/** The folder of the notebook, in which kernels are started. */
	readonly folder: string;
	readonly environment?: Readonly<Record<string, string>>;
}

/** A kernel as VS Code holds it. */
export class VsCode {
	readonly spec: Kernelspec;
	readonly #jupyter: Jupyter;
	readonly #options: VsCodeOptions;
	#process: ChildProcess | undefined;
	#connection: Connection | undefined;
	#close: () => void = () => {};
	#stderr = "";
	/** Every message of the connection, in order. */
	readonly heard: Wire[] = [];
	/** Answers `input_request`. */
	onInput: (prompt: string) => string = () => "";

	constructor(jupyter: Jupyter, options: VsCodeOptions) {
		this.#jupyter = jupyter;
		this.#options = options;
		const file = join(String(jupyter.environment["JUPYTER_DATA_DIR"]), "kernels", "fovea", "kernel.json");
		this.spec = JSON.parse(readFileSync(file, "utf8"));
	}

	get connection(): Connection {
		if (!this.#connection) throw new Error("test: the kernel has not been started");
		return this.#connection;
	}

	get process(): ChildProcess {
		if (!this.#process) throw new Error("test: the kernel has not been started");
		return this.#process;
	}

	get stderr(): string {
		return this.#stderr;
	}

	/** Starts a process on ports of its own, or on those given, and waits until it answers. */
	async start(given?: Ports): Promise<Ports> {
		const ports = given ?? (await newPorts());
		const runtime = String(this.#jupyter.environment["JUPYTER_RUNTIME_DIR"]);
		mkdirSync(runtime, { recursive: true });
		const file = join(runtime, `kernel-v3${randomUUID()}.json`);
		writeFileSync(file, JSON.stringify({ ...ports, kernel_name: "fovea" }));
		const [program = "", ...words] = this.spec.argv.map((word) => word.replace("{connection_file}", file));
		const { JPY_PARENT_PID: _, ...environment } = this.#jupyter.environment;
		const child = spawn(program, words, {
			cwd: this.#options.folder,
			env: { ...environment, ...this.spec.env, ...this.#options.environment },
		});
		this.#process = child;
		this.#stderr = "";
		child.stderr.on("data", (chunk: Buffer) => {
			this.#stderr += chunk.toString();
		});
		child.on("exit", () => rmSync(file, { force: true }));
		await this.#connect(ports);
		return ports;
	}

	async #connect(ports: Ports): Promise<void> {
		let open = () => {};
		const WebSocket = socketTo(ports, (socket) => {
			open = socket.open;
			this.#close = socket.close;
		});
		const same = (data: unknown) => data;
		const serverSettings = services.ServerConnection.makeSettings({
			...{ WebSocket, wsUrl: "RAW", serializer: { serialize: same, deserialize: same } },
		});
		const model = { id: randomUUID(), name: "fovea" };
		const options = { serverSettings, clientId: randomUUID(), username: randomUUID(), handleComms: true, model };
		const connection = new KernelConnection(options);
		this.#connection = connection;
		connection.anyMessage.connect((_, { msg, direction }) => {
			if (direction === "recv") this.heard.push(msg);
		});
		const published = new Promise((resolve) => connection.iopubMessage.connect(resolve));
		open();
		// Asked on both channels, again and again: what is published before the subscription has arrived is lost.
		let isReady = false;
		const answered = new Promise((resolve) => {
			const ask = () => {
				for (const asked of [this.askInfo(), connection.requestKernelInfo()]) asked.then(resolve, () => {});
			};
			ask();
			const again = setInterval(() => (isReady ? clearInterval(again) : ask()), 500);
		});
		const late = sleep(patience).then(() => {
			throw new Error(`test: the kernel must answer VS Code, got nothing\n${this.#stderr}`);
		});
		try {
			await Promise.race([Promise.all([published, answered]), late]);
		} finally {
			isReady = true;
			late.catch(() => {});
		}
	}

	/** `kernel_info_request` on the control channel. */
	askInfo(): Promise<Wire> {
		return this.#control("kernel_info_request");
	}

	#control(msgType: string, content: Content = {}): Promise<Wire> {
		const { username, clientId: session } = this.connection;
		const message = services.KernelMessage.createMessage({
			...{ msgType, channel: "control", username, session, content },
		});
		return this.connection.sendControlMessage(message, true, true).done;
	}

	/** Runs a cell: what is published and asked goes to the page until the reply and the idle after it. */
	async run(code: string, silently = false): Promise<Cell> {
		const published: Wire[] = [];
		const future = this.connection.requestExecute(
			{ code, silent: false, stop_on_error: false, allow_stdin: true, store_history: !silently },
			silently,
		);
		future.onIOPub = (message) => published.push(message);
		future.onStdin = (message) => {
			const value = this.onInput(String(message.content["prompt"]));
			this.connection.sendInputReply({ value, status: "ok" }, message.header);
		};
		const { content } = await future.done;
		return { reply: content, published };
	}

	/** Resolves when the kernel is said to be idle. */
	async idle(): Promise<void> {
		while (this.connection.status !== "idle") await sleep(20);
	}

	/** As the stop button does it: by a message where the kernelspec says so, else by a signal. */
	async interrupt(): Promise<void> {
		if (this.spec.interrupt_mode === "message") await this.#control("interrupt_request");
		else this.process.kill("SIGINT");
	}

	/** The process is ended by a signal and its sockets are closed; nothing is asked of the kernel. */
	async end(): Promise<void> {
		const child = this.process;
		const ended = new Promise((resolve) =>
			(child.exitCode ?? child.signalCode) !== null ? resolve(0) : child.once("exit", resolve),
		);
		child.kill();
		await ended;
		this.#close();
		this.connection.dispose();
	}
}

async function newPorts(): Promise<Ports> {
	const [hb_port = 0, control_port = 0, shell_port = 0, stdin_port = 0, iopub_port = 0] = await freePorts(5);
	const common = { key: randomUUID(), signature_scheme: "hmac-sha256", transport: "tcp", ip: "127.0.0.1" };
	return { ...common, hb_port, control_port, shell_port, stdin_port, iopub_port };
}
