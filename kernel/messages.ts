import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** Jupyter's messages (messaging specification 5.5) and their signed form on the wire. */

export const PROTOCOL_VERSION = "5.5";
const DELIMITER = Buffer.from("<IDS|MSG>");

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type Content = Readonly<Record<string, unknown>>;

export interface Header {
	readonly msg_id: string;
	readonly msg_type: string;
	readonly session: string;
	readonly username: string;
	readonly date: string;
	readonly version: string;
	readonly subshell_id?: string | null;
}

export interface Message {
	readonly header: Header;
	/** The header of the request this answers; empty for a message of its own. */
	readonly parent: Header | Record<string, never>;
	readonly metadata: Content;
	readonly content: Content;
	readonly buffers: readonly Uint8Array[];
}

/** A MIME bundle: one thing in several forms, richest first. */
export type Bundle = Readonly<Record<string, unknown>>;

export function makeMessage(
	type: string,
	content: Content,
	options: {
		readonly session: string;
		readonly parent?: Message["parent"] | undefined;
		readonly metadata?: Content;
		readonly buffers?: readonly Uint8Array[];
		readonly subshell?: string | undefined;
	},
): Message {
	const { session, parent = {}, metadata = {}, buffers = [], subshell } = options;
	const header: Header = {
		msg_id: randomUUID(),
		msg_type: type,
		session,
		username: "fovea",
		date: new Date().toISOString(),
		version: PROTOCOL_VERSION,
		...(subshell === undefined ? {} : { subshell_id: subshell }),
	};
	return { header, parent, metadata, content, buffers };
}

/** Signs and checks messages by the connection file's key; an empty key turns signing off, as the specification says. */
export class Signer {
	/** Messages dropped because their signature or form was wrong. */
	rejected = 0;
	private readonly algorithm: string;
	private readonly key: string;

	constructor(key: string, scheme = "hmac-sha256") {
		if (!scheme.startsWith("hmac-")) throw new Error(`kernel: signature_scheme must be hmac-…, got ${scheme}`);
		this.algorithm = scheme.slice("hmac-".length);
		this.key = key;
	}

	private sign(parts: readonly Uint8Array[]): Buffer {
		if (this.key === "") return Buffer.alloc(0);
		const hmac = createHmac(this.algorithm, this.key);
		for (const part of parts) hmac.update(part);
		return Buffer.from(hmac.digest("hex"));
	}

	/** The frames of a message, after any routing prefix. */
	encode(message: Message, prefix: readonly Uint8Array[] = []): Uint8Array[] {
		const parts = [message.header, message.parent, message.metadata, message.content].map((part) =>
			Buffer.from(JSON.stringify(part)),
		);
		return [...prefix, DELIMITER, this.sign(parts), ...parts, ...message.buffers];
	}

	/** The message and its routing prefix, or undefined (and counted) when it is not one of ours. */
	decode(frames: readonly Buffer[]): { message: Message; prefix: Buffer[] } | undefined {
		const at = frames.findIndex((frame) => frame.equals(DELIMITER));
		const [signature, header, parent, metadata, content, ...buffers] = frames.slice(at + 1);
		if (at < 0 || !signature || !header || !parent || !metadata || !content) return this.reject();
		const expected = this.sign([header, parent, metadata, content]);
		if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return this.reject();
		try {
			const decoded = [header, parent, metadata, content].map((part) => JSON.parse(part.toString("utf8")) as unknown);
			if (!decoded.every((part) => typeof part === "object" && part !== null && !Array.isArray(part)))
				return this.reject();
			const message = {
				header: decoded[0] as Header,
				parent: decoded[1] as Header,
				metadata: decoded[2] as Content,
				content: decoded[3] as Content,
				buffers,
			};
			if (typeof message.header.msg_type !== "string" || typeof message.header.msg_id !== "string")
				return this.reject();
			return { message, prefix: frames.slice(0, at) };
		} catch {
			return this.reject();
		}
	}

	private reject(): undefined {
		this.rejected++;
		return undefined;
	}
}
