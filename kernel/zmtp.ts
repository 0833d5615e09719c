import net from "node:net";

/**
 * ZeroMQ's wire protocol, ZMTP 3.1 (RFC 37), NULL mechanism, as much as Jupyter's five channels use:
 * ROUTER, XPUB and REP on the kernel's side, DEALER, SUB and REQ on a client's.
 */

export type SocketType = "ROUTER" | "XPUB" | "REP" | "DEALER" | "SUB" | "REQ";

/** Which socket types a peer of each type may be. */
const accepts: Readonly<Record<SocketType, readonly string[]>> = {
	ROUTER: ["DEALER", "REQ", "ROUTER"],
	XPUB: ["SUB", "XSUB"],
	REP: ["REQ", "DEALER"],
	DEALER: ["ROUTER", "REP", "DEALER"],
	SUB: ["PUB", "XPUB"],
	REQ: ["REP", "ROUTER"],
};

const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const GREETING = 64;
/** No honest notebook message is larger; a hostile length must not reserve memory. */
const LARGEST_MESSAGE = 512 * 1024 * 1024;
/** A subscriber that has this much unread loses messages rather than the kernel its memory. */
const MOST_UNREAD = 256 * 1024 * 1024;
const HANDSHAKE_MS = 30_000;

export class ProtocolError extends Error {
	override readonly name = "ProtocolError";
}

function greeting(isServer: boolean): Buffer {
	const bytes = Buffer.alloc(GREETING);
	bytes[0] = 0xff;
	bytes[9] = 0x7f;
	bytes[10] = 3;
	bytes[11] = 1;
	bytes.write("NULL", 12, "latin1");
	bytes[32] = isServer ? 1 : 0;
	return bytes;
}

function frame(flags: number, body: Uint8Array): Buffer[] {
	if (body.length < 256) return [Buffer.from([flags, body.length]), body as Buffer];
	const head = Buffer.alloc(9);
	head[0] = flags | LONG;
	head.writeBigUInt64BE(BigInt(body.length), 1);
	return [head, body as Buffer];
}

/** The bytes of one message of several frames. */
export function encodeMessage(frames: readonly Uint8Array[]): Buffer {
	const parts: Buffer[] = [];
	for (const [index, body] of frames.entries()) parts.push(...frame(index < frames.length - 1 ? MORE : 0, body));
	return Buffer.concat(parts);
}

function encodeCommand(name: string, body: Uint8Array): Buffer {
	return Buffer.concat(frame(COMMAND, Buffer.concat([Buffer.from([name.length]), Buffer.from(name, "latin1"), body])));
}

function encodeReady(type: SocketType, identity: Buffer): Buffer {
	const parts: Buffer[] = [];
	const property = (name: string, value: Buffer) => {
		const size = Buffer.alloc(4);
		size.writeUInt32BE(value.length);
		parts.push(Buffer.from([name.length]), Buffer.from(name, "latin1"), size, value);
	};
	property("Socket-Type", Buffer.from(type));
	if (type !== "XPUB" && type !== "SUB") property("Identity", identity);
	return encodeCommand("READY", Buffer.concat(parts));
}

function decodeReady(body: Buffer): Map<string, Buffer> {
	const properties = new Map<string, Buffer>();
	let at = 0;
	while (at < body.length) {
		const nameEnd = at + 1 + (body[at] ?? 0);
		if (nameEnd + 4 > body.length) throw new ProtocolError("zmtp: READY property is cut short");
		const valueEnd = nameEnd + 4 + body.readUInt32BE(nameEnd);
		if (valueEnd > body.length) throw new ProtocolError("zmtp: READY value is cut short");
		properties.set(body.toString("latin1", at + 1, nameEnd).toLowerCase(), body.subarray(nameEnd + 4, valueEnd));
		at = valueEnd;
	}
	return properties;
}

export interface PeerEvents {
	readonly ready?: (peer: Peer) => void;
	readonly message: (peer: Peer, frames: Buffer[]) => void;
	/** A subscriber asked for this topic (XPUB only). */
	readonly subscribe?: (peer: Peer, topic: Buffer) => void;
	readonly close?: (peer: Peer, error: Error | undefined) => void;
}

let nextIdentity = 1;

/** One connection, either side of it. */
export class Peer {
	/** What the other side calls itself; made up when it has no name. */
	identity: Buffer = Buffer.alloc(0);
	readonly topics: Buffer[] = [];
	isReady = false;
	dropped = 0;
	private chunks: Buffer[] = [];
	private buffered = 0;
	private greeted = false;
	private frames: Buffer[] = [];
	private frameBytes = 0;

	readonly socket: net.Socket;
	private readonly type: SocketType;
	private readonly events: PeerEvents;

	constructor(socket: net.Socket, type: SocketType, identity: Buffer, isServer: boolean, events: PeerEvents) {
		this.socket = socket;
		this.type = type;
		this.events = events;
		let failure: Error | undefined;
		socket.setNoDelay(true);
		socket.on("data", (chunk: Buffer) => {
			try {
				this.receive(chunk);
			} catch (error) {
				// Whatever a stranger sends, only its own connection ends.
				failure = error as Error;
				socket.destroy();
			}
		});
		socket.on("error", (error) => {
			failure = error;
		});
		socket.on("close", () => events.close?.(this, failure));
		const deadline = setTimeout(() => !this.isReady && socket.destroy(), HANDSHAKE_MS);
		deadline.unref();
		socket.write(Buffer.concat([greeting(isServer), encodeReady(type, identity)]));
	}

	send(frames: readonly Uint8Array[]): void {
		this.sendEncoded(encodeMessage(frames));
	}

	sendEncoded(bytes: Buffer): void {
		if (this.socket.destroyed) return;
		if (this.socket.writableLength > MOST_UNREAD) {
			this.dropped++;
			return;
		}
		this.socket.write(bytes);
	}

	subscribe(topic: string): void {
		this.send([Buffer.concat([Buffer.from([1]), Buffer.from(topic)])]);
	}

	wants(topic: Buffer): boolean {
		return this.topics.some((prefix) => topic.subarray(0, prefix.length).equals(prefix));
	}

	private receive(chunk: Buffer): void {
		this.chunks.push(chunk);
		this.buffered += chunk.length;
		if (!this.greeted) {
			if (this.buffered < GREETING) return;
			this.readGreeting(this.take(GREETING));
		}
		while (this.readFrame()) {
			/* one frame at a time */
		}
	}

	private readGreeting(bytes: Buffer): void {
		if (bytes[0] !== 0xff || ((bytes[9] ?? 0) & 1) !== 1) throw new ProtocolError("zmtp: not a ZMTP greeting");
		if ((bytes[10] ?? 0) < 3) throw new ProtocolError(`zmtp: version must be 3 or more, got ${bytes[10]}`);
		const mechanism = bytes.toString("latin1", 12, 32).replaceAll("\0", "");
		if (mechanism !== "NULL") throw new ProtocolError(`zmtp: mechanism must be NULL, got ${mechanism}`);
		this.greeted = true;
	}

	/** Removes the first `size` bytes of what has arrived. */
	private take(size: number): Buffer {
		const first = this.chunks[0];
		this.buffered -= size;
		if (first && first.length > size) {
			this.chunks[0] = first.subarray(size);
			return first.subarray(0, size);
		}
		const all = this.chunks.length === 1 && first ? first : Buffer.concat(this.chunks);
		this.chunks = all.length > size ? [all.subarray(size)] : [];
		return all.subarray(0, size);
	}

	/** The header of the next frame, without removing it. */
	private peek(size: number): Buffer | undefined {
		if (this.buffered < size) return undefined;
		if ((this.chunks[0]?.length ?? 0) < size) this.chunks = [Buffer.concat(this.chunks)];
		return this.chunks[0];
	}

	private readFrame(): boolean {
		const flags = this.peek(2)?.[0];
		if (flags === undefined) return false;
		if (flags > 7 || (flags & COMMAND && flags & MORE)) throw new ProtocolError(`zmtp: unknown frame flags ${flags}`);
		const headSize = flags & LONG ? 9 : 2;
		const head = this.peek(headSize);
		if (!head) return false;
		const size = flags & LONG ? Number(head.readBigUInt64BE(1)) : (head[1] ?? 0);
		if (this.frameBytes + size > LARGEST_MESSAGE) throw new ProtocolError(`zmtp: message too large, got ${size} bytes`);
		if (this.buffered < headSize + size) return false;
		const body = this.take(headSize + size).subarray(headSize);
		if (flags & COMMAND) this.readCommand(body);
		else this.readPart(body, (flags & MORE) !== 0);
		return true;
	}

	private readCommand(body: Buffer): void {
		const nameEnd = 1 + (body[0] ?? 0);
		const name = body.toString("latin1", 1, nameEnd);
		const rest = body.subarray(nameEnd);
		if (name === "READY" && !this.isReady) {
			const properties = decodeReady(rest);
			const other = properties.get("socket-type")?.toString("latin1") ?? "";
			if (!accepts[this.type].includes(other)) throw new ProtocolError(`zmtp: ${this.type} cannot talk to ${other}`);
			const identity = properties.get("identity");
			if (identity && identity.length > 0) this.identity = Buffer.from(identity);
			else this.identity = Buffer.from(`\0${nextIdentity++}`);
			this.isReady = true;
			this.events.ready?.(this);
		} else if (name === "SUBSCRIBE") this.addTopic(rest);
		else if (name === "CANCEL") this.removeTopic(rest);
		else if (name === "PING") this.socket.write(encodeCommand("PONG", rest.subarray(2)));
		else if (name === "ERROR") throw new ProtocolError(`zmtp: the peer refused: ${rest.toString("latin1", 1)}`);
		else if (name !== "PONG") throw new ProtocolError(`zmtp: unknown command ${JSON.stringify(name)}`);
	}

	private readPart(body: Buffer, more: boolean): void {
		if (!this.isReady) throw new ProtocolError("zmtp: message before the handshake");
		if (this.type === "XPUB") {
			if (body[0] === 1) this.addTopic(body.subarray(1));
			else if (body[0] === 0) this.removeTopic(body.subarray(1));
			return;
		}
		this.frames.push(body);
		this.frameBytes += body.length + 1;
		if (this.frameBytes > LARGEST_MESSAGE || this.frames.length > 10_000)
			throw new ProtocolError("zmtp: too many frames");
		if (more) return;
		const frames = this.frames;
		this.frames = [];
		this.frameBytes = 0;
		this.events.message(this, frames);
	}

	private addTopic(topic: Buffer): void {
		this.topics.push(Buffer.from(topic));
		this.events.subscribe?.(this, topic);
	}

	private removeTopic(topic: Buffer): void {
		const index = this.topics.findIndex((known) => known.equals(topic));
		if (index >= 0) this.topics.splice(index, 1);
	}
}

export type Address = { readonly port: number; readonly host: string } | { readonly path: string };

/** A bound socket and the peers connected to it. */
export class Listener {
	readonly peers = new Set<Peer>();
	private readonly server: net.Server;
	private readonly address: Address;

	constructor(type: SocketType, address: Address, events: PeerEvents) {
		this.address = address;
		this.server = net.createServer((socket) => {
			const peer = new Peer(socket, type, Buffer.alloc(0), true, {
				...events,
				close: (closed, error) => {
					this.peers.delete(closed);
					events.close?.(closed, error);
				},
			});
			this.peers.add(peer);
		});
	}

	/** Binds; a port that a dying predecessor still holds is tried again for three seconds. */
	async listen(): Promise<void> {
		const deadline = Date.now() + 3000;
		for (;;) {
			try {
				await new Promise<void>((resolve, reject) => {
					this.server.once("error", reject);
					this.server.listen(this.address, () => {
						this.server.off("error", reject);
						resolve();
					});
				});
				return;
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || Date.now() > deadline) throw error;
				await new Promise((resolve) => setTimeout(resolve, 50));
			}
		}
	}

	/** The port bound, which the system chose when 0 was asked for. */
	get port(): number {
		const address = this.server.address();
		return typeof address === "object" && address !== null ? address.port : 0;
	}

	/** The newest ready peer that calls itself `identity`. */
	find(identity: Buffer): Peer | undefined {
		return [...this.peers].reverse().find((peer) => peer.isReady && peer.identity.equals(identity));
	}

	/** Sends to every peer subscribed to the first frame. */
	publish(frames: readonly Uint8Array[]): void {
		const topic = Buffer.from(frames[0] ?? []);
		let bytes: Buffer | undefined;
		for (const peer of this.peers) {
			if (!peer.wants(topic)) continue;
			bytes ??= encodeMessage(frames);
			peer.sendEncoded(bytes);
		}
	}

	/** Waits until the peers have read everything, at most `milliseconds`, then closes. */
	async close(milliseconds: number): Promise<void> {
		this.server.close();
		const ends = [...this.peers].map(
			(peer) => new Promise<void>((resolve) => (peer.socket.destroyed ? resolve() : peer.socket.end(resolve))),
		);
		await Promise.race([Promise.all(ends), new Promise((resolve) => setTimeout(resolve, milliseconds))]);
		for (const peer of this.peers) peer.socket.destroy();
	}
}

/** Connects as a client would; resolves once the handshake is done. */
export function connect(
	type: SocketType,
	address: Address,
	options: { readonly identity?: Buffer; readonly message: (frames: Buffer[]) => void; readonly close?: () => void },
): Promise<Peer> {
	const { identity = Buffer.alloc(0), message, close } = options;
	return new Promise((resolve, reject) => {
		const socket = net.connect(address);
		new Peer(socket, type, identity, false, {
			ready: resolve,
			message: (_, frames) => message(frames),
			close: (_, error) => {
				reject(error ?? new Error("zmtp: connection closed during the handshake"));
				close?.();
			},
		});
	});
}
