import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Content, type Message, makeMessage, Signer } from "./messages.ts";
import { addressOf, type Connection } from "./sockets.ts";
import { connect, type Peer } from "./zmtp.ts";

/** A front end without a page: starts a kernel, sends it requests, hears what it says. */

export type ClientChannel = "shell" | "control" | "stdin" | "iopub";

export interface Reply {
	readonly reply: Message;
	/** Everything published for the request, from busy to idle. */
	readonly published: readonly Message[];
}

/** Ports of this machine that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
	const servers = Array.from({ length: count }, () => net.createServer());
	const ports = await Promise.all(
		servers.map(
			(server) =>
				new Promise<number>((resolve, reject) => {
					server.once("error", reject);
					server.listen(0, "127.0.0.1", () => resolve((server.address() as net.AddressInfo).port));
				}),
		),
	);
	await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
	return ports;
}

export interface KernelOptions {
	/** The folder the kernel works in. */
	readonly folder: string;
	readonly env?: Readonly<Record<string, string>>;
	/** Options for node itself. */
	readonly nodeArguments?: readonly string[];
	/** How long the kernel may take to answer its first request, in milliseconds. @default 60000 */
	readonly patience?: number;
	/** Receives everything published, as it comes. */
	readonly onPublished?: (message: Message) => void;
	/** Answers input_request; without it the kernel is told that there is no input. */
	readonly onInput?: (prompt: string, password: boolean) => string;
}

export class KernelClient {
	readonly connection: Connection;
	readonly process: ChildProcess;
	readonly session = randomUUID();
	/** Resolves with what became of the process. */
	readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }>;
	private readonly options: KernelOptions;
	private readonly signer: Signer;
	private readonly peers = new Map<ClientChannel, Peer>();
	private readonly replies = new Map<string, (message: Message) => void>();
	private readonly idles = new Map<string, () => void>();
	private readonly published = new Map<string, Message[]>();
	private welcome: () => void = () => {};

	/** Starts a kernel and waits until it answers. */
	static async start(options: KernelOptions): Promise<KernelClient> {
		const [shell = 0, control = 0, stdin = 0, iopub = 0, heartbeat = 0] = await freePorts(5);
		const client = new KernelClient(options, {
			transport: "tcp",
			ip: "127.0.0.1",
			key: randomUUID(),
			signature_scheme: "hmac-sha256",
			shell_port: shell,
			control_port: control,
			stdin_port: stdin,
			iopub_port: iopub,
			hb_port: heartbeat,
		});
		const death = client.ended.then(({ code, signal, stderr }) => {
			throw new Error(`kernel: ended before it answered (${signal ?? `exit code ${code}`})\n${stderr}`);
		});
		const { patience = 60_000 } = options;
		const late = new Promise<never>((_, reject) =>
			setTimeout(() => reject(new Error(`kernel: must answer within ${patience} ms, got nothing`)), patience).unref(),
		);
		try {
			await Promise.race([client.open(), death, late]);
		} catch (error) {
			client.process.kill("SIGKILL");
			throw error;
		}
		death.catch(() => {});
		return client;
	}

	private constructor(options: KernelOptions, connection: Connection) {
		this.options = options;
		this.connection = connection;
		this.signer = new Signer(connection.key, connection.signature_scheme);
		const folder = mkdtempSync(path.join(os.tmpdir(), "fovea-kernel-"));
		const file = path.join(folder, "connection.json");
		writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
		const main = fileURLToPath(new URL("./main.js", import.meta.url));
		this.process = spawn(process.execPath, [...(options.nodeArguments ?? []), main, file], {
			cwd: options.folder,
			env: { ...process.env, JPY_PARENT_PID: String(process.pid), ...options.env },
			stdio: ["ignore", "ignore", "pipe"],
		});
		let stderr = "";
		this.process.stderr?.on("data", (chunk: Buffer) => {
			stderr = (stderr + chunk.toString("utf8")).slice(-20_000);
		});
		this.ended = new Promise((resolve) =>
			this.process.once("exit", (code, signal) => {
				rmSync(folder, { recursive: true, force: true });
				resolve({ code, signal, stderr });
			}),
		);
	}

	/** Sends a request and waits for its reply and for everything published on the way. */
	async request(
		type: string,
		content: Content = {},
		options: { readonly channel?: "shell" | "control"; readonly subshell?: string } = {},
	): Promise<Reply> {
		const { channel = "shell", subshell } = options;
		const message = makeMessage(type, content, { session: this.session, subshell });
		const id = message.header.msg_id;
		const published: Message[] = [];
		this.published.set(id, published);
		const idle = new Promise<void>((resolve) => this.idles.set(id, resolve));
		const reply = new Promise<Message>((resolve) => this.replies.set(id, resolve));
		const death = this.ended.then(({ code, signal, stderr }) => {
			throw new KernelDied(`the kernel died (${signal ?? `exit code ${code}`})\n${stderr}`.trimEnd());
		});
		this.send(channel, message);
		try {
			const [answered] = await Promise.race([Promise.all([reply, idle]), death]);
			return { reply: answered, published };
		} finally {
			death.catch(() => {});
			this.replies.delete(id);
			this.idles.delete(id);
			this.published.delete(id);
		}
	}

	execute(code: string, options: Content = {}): Promise<Reply> {
		const defaults = { silent: false, store_history: true, user_expressions: {}, stop_on_error: true };
		return this.request("execute_request", {
			code,
			...defaults,
			allow_stdin: this.options.onInput !== undefined,
			...options,
		});
	}

	interrupt(): Promise<Reply> {
		return this.request("interrupt_request", {}, { channel: "control" });
	}

	/** Sends a message as it is; `frames` alters what goes over the wire. */
	send(channel: "shell" | "control" | "stdin", message: Message, alter = (frames: Uint8Array[]) => frames): void {
		this.peers.get(channel)?.send(alter(this.signer.encode(message)));
	}

	/** Asks the kernel to leave; by force when it does not within two seconds. */
	async shutdown(): Promise<void> {
		const force = setTimeout(() => this.process.kill("SIGKILL"), 2000);
		await this.request("shutdown_request", { restart: false }, { channel: "control" }).catch(() => {});
		await this.ended;
		clearTimeout(force);
		for (const peer of this.peers.values()) peer.socket.destroy();
	}

	private async open(): Promise<void> {
		const identity = Buffer.from(this.session);
		const { shell_port, control_port, stdin_port, iopub_port } = this.connection;
		const ports = { shell: shell_port, control: control_port, stdin: stdin_port, iopub: iopub_port };
		const welcomed = new Promise<void>((resolve) => {
			this.welcome = resolve;
		});
		for (const [channel, port] of Object.entries(ports) as [ClientChannel, number][]) {
			const type = channel === "iopub" ? "SUB" : "DEALER";
			const message = (frames: Buffer[]) => this.receive(channel, frames);
			const peer = await retry(() => connect(type, addressOf(this.connection, port), { identity, message }));
			this.peers.set(channel, peer);
		}
		this.peers.get("iopub")?.subscribe("");
		await welcomed;
		await this.request("kernel_info_request");
	}

	private receive(channel: ClientChannel, frames: Buffer[]): void {
		const message = this.signer.decode(frames)?.message;
		if (!message) return;
		const type = message.header.msg_type;
		const parent = message.parent.msg_id ?? "";
		if (channel === "stdin") {
			if (type === "input_request") this.answer(message);
		} else if (channel === "iopub") {
			if (type === "iopub_welcome") this.welcome();
			this.options.onPublished?.(message);
			this.published.get(parent)?.push(message);
			if (type === "status" && message.content["execution_state"] === "idle") this.idles.get(parent)?.();
		} else this.replies.get(parent)?.(message);
	}

	private answer({ header, content }: Message): void {
		const value = this.options.onInput?.(String(content["prompt"]), content["password"] === true) ?? "";
		this.send("stdin", makeMessage("input_reply", { value, status: "ok" }, { session: this.session, parent: header }));
	}
}

/** The kernel's process ended while it was asked something. */
export class KernelDied extends Error {
	override readonly name = "KernelDied";
}

/** A kernel that starts has not bound its ports yet. */
async function retry(attempt: () => Promise<Peer>): Promise<Peer> {
	for (;;) {
		try {
			return await attempt();
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
			await new Promise((resolve) => setTimeout(resolve, 25));
		}
	}
}
