import { readFileSync } from "node:fs";
import { type Message, makeMessage, Signer } from "./messages.ts";
import { type Address, Listener, type Peer } from "./zmtp.ts";

/** The kernel's five channels: shell, control and stdin (ROUTER), iopub (XPUB), heartbeat (REP). */

export interface Connection {
	readonly transport: string;
	readonly ip: string;
	readonly key: string;
	readonly signature_scheme: string;
	readonly shell_port: number;
	readonly control_port: number;
	readonly stdin_port: number;
	readonly iopub_port: number;
	readonly hb_port: number;
}

export type Channel = "shell" | "control" | "stdin";

/** Where an answer goes: the peer that asked and the frames before its message. */
export interface Origin {
	readonly channel: Channel;
	readonly peer: Peer;
	readonly prefix: readonly Buffer[];
}

/** @throws Error naming the file and the field when it is not a connection file. */
export function readConnection(file: string): Connection {
	const fields = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
	const defaults = { transport: "tcp", ip: "127.0.0.1", key: "", signature_scheme: "hmac-sha256" };
	for (const port of ["shell_port", "control_port", "stdin_port", "iopub_port", "hb_port"]) {
		if (!Number.isInteger(fields[port]))
			throw new Error(`${file}: ${port} must be a port, got ${String(fields[port])}`);
	}
	const connection = { ...defaults, ...fields } as Connection;
	if (connection.transport !== "tcp" && connection.transport !== "ipc")
		throw new Error(`${file}: transport must be tcp or ipc, got ${connection.transport}`);
	return connection;
}

export function addressOf(connection: Connection, port: number): Address {
	if (connection.transport === "ipc") return { path: `${connection.ip}-${port}` };
	return { port, host: connection.ip === "*" ? "0.0.0.0" : connection.ip };
}

export class Sockets {
	readonly signer: Signer;
	private readonly session: string;
	private readonly routers: Readonly<Record<Channel, Listener>>;
	private readonly iopub: Listener;
	private readonly heartbeat: Listener;

	constructor(connection: Connection, session: string, receive: (message: Message, origin: Origin) => void) {
		this.signer = new Signer(connection.key, connection.signature_scheme);
		this.session = session;
		const router = (channel: Channel, port: number) =>
			new Listener("ROUTER", addressOf(connection, port), {
				message: (peer, frames) => {
					const decoded = this.signer.decode(frames);
					if (decoded) receive(decoded.message, { channel, peer, prefix: decoded.prefix });
				},
			});
		this.routers = {
			shell: router("shell", connection.shell_port),
			control: router("control", connection.control_port),
			stdin: router("stdin", connection.stdin_port),
		};
		this.iopub = new Listener("XPUB", addressOf(connection, connection.iopub_port), {
			message: () => {},
			subscribe: (peer, topic) => {
				// JEP 65: a subscriber learns that nothing published from here on passes it by.
				const welcome = makeMessage("iopub_welcome", { subscription: topic.toString("utf8") }, { session });
				peer.send(this.signer.encode(welcome, [topic]));
			},
		});
		this.heartbeat = new Listener("REP", addressOf(connection, connection.hb_port), {
			message: (peer, frames) => peer.send(frames),
		});
	}

	async listen(): Promise<void> {
		await Promise.all(
			[...Object.values(this.routers), this.iopub, this.heartbeat].map((listener) => listener.listen()),
		);
	}

	publish(message: Message): void {
		this.iopub.publish(this.signer.encode(message, [Buffer.from(`kernel.${this.session}.${message.header.msg_type}`)]));
	}

	reply(message: Message, origin: Origin): void {
		origin.peer.send(this.signer.encode(message, origin.prefix));
	}

	/** Sends to the stdin socket of the client behind `origin`; false when it has none. */
	ask(message: Message, origin: Origin): boolean {
		const peer = this.routers.stdin.find(origin.peer.identity);
		peer?.send(this.signer.encode(message));
		return peer !== undefined;
	}

	async close(): Promise<void> {
		await Promise.all(
			[...Object.values(this.routers), this.iopub, this.heartbeat].map((listener) => listener.close(500)),
		);
	}
}
