import { randomUUID } from "node:crypto";
import { currentHub } from "./hub.ts";
import type { Bundle } from "./messages.ts";

/** Comms: channels between running code and the front end, as widgets use them. */

export interface CommMessage {
	readonly data: Bundle;
	readonly buffers: readonly Uint8Array[];
}

interface Registry {
	readonly targets: Map<string, (comm: Comm, message: CommMessage) => void>;
	readonly open: Map<string, Comm>;
}

/** One registry for all copies of this package in the process. */
function registry(): Registry {
	const key = Symbol.for("fovea.comms");
	const place = globalThis as { [key]?: Registry };
	if (!place[key]) Object.defineProperty(globalThis, key, { value: { targets: new Map(), open: new Map() } });
	return place[key] as Registry;
}

export class Comm {
	readonly id: string;
	readonly target: string;
	onMessage: (message: CommMessage) => void = () => {};
	onClose: (message: CommMessage) => void = () => {};

	/** Use {@link openComm}, or {@link onCommOpen} for comms the front end opens. */
	constructor(id: string, target: string) {
		this.id = id;
		this.target = target;
	}

	send(data: Bundle, buffers: readonly Uint8Array[] = []): void {
		post("comm_msg", { comm_id: this.id, data }, buffers);
	}

	close(data: Bundle = {}): void {
		registry().open.delete(this.id);
		post("comm_close", { comm_id: this.id, data }, []);
	}
}

function post(type: "comm_open" | "comm_msg" | "comm_close", content: Bundle, buffers: readonly Uint8Array[]): void {
	const hub = currentHub();
	if (!hub) throw new Error("comm: needs a notebook, got an ordinary program");
	hub.comm(type, content, buffers);
}

/** Opens a comm to something the front end knows as `target`. */
export function openComm(
	target: string,
	data: Bundle = {},
	options: { readonly metadata?: Bundle; readonly buffers?: readonly Uint8Array[] } = {},
): Comm {
	const { metadata = {}, buffers = [] } = options;
	const comm = new Comm(randomUUID(), target);
	registry().open.set(comm.id, comm);
	post("comm_open", { comm_id: comm.id, target_name: target, data, metadata }, buffers);
	return comm;
}

/** Answers comms that the front end opens to `target`. */
export function onCommOpen(target: string, answer: (comm: Comm, message: CommMessage) => void): void {
	registry().targets.set(target, answer);
}

/** Hands a message of the front end to its comm; a comm to an unknown target is closed, as the protocol asks. */
export function dispatchComm(type: string, content: Bundle, buffers: readonly Uint8Array[]): void {
	const { targets, open } = registry();
	const id = String(content["comm_id"]);
	const message = { data: (content["data"] ?? {}) as Bundle, buffers };
	if (type === "comm_open") {
		const target = String(content["target_name"]);
		const comm = new Comm(id, target);
		open.set(id, comm);
		const answer = targets.get(target);
		if (answer) answer(comm, message);
		else comm.close();
	} else if (type === "comm_msg") open.get(id)?.onMessage(message);
	else {
		const comm = open.get(id);
		open.delete(id);
		comm?.onClose(message);
	}
}
