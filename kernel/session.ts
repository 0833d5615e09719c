import { Cursors } from "./cursor.ts";
import { type ExecutionParts, Executions, type Extra, type Request } from "./execution.ts";
import { type Content, type Header, type Message, makeMessage } from "./messages.ts";
import { answerPlain, type Facts } from "./replies.ts";
import type { Origin } from "./sockets.ts";

/**
 * The kernel's side of the conversation, in a thread of its own: it queues cells, and answers everything that needs no
 * running code while a cell runs.
 */

/** Requests of one subshell, one after another. */
interface Lane {
	readonly queue: Request[];
	isBusy: boolean;
}

export interface SessionParts extends Omit<ExecutionParts, "publish"> {
	readonly facts: Facts;
	readonly exit: () => void;
}

export class Session {
	readonly executions: Executions;
	private readonly parts: SessionParts;
	private readonly cursors = new Cursors();
	private readonly lanes = new Map<string, Lane>([["", { queue: [], isBusy: false }]]);

	constructor(parts: SessionParts) {
		this.parts = parts;
		this.executions = new Executions({ ...parts, publish: this.publish.bind(this) });
	}

	/** Announces that the kernel is up. */
	start(): void {
		this.publish("status", { execution_state: "starting" }, undefined);
	}

	receive(message: Message, origin: Origin): void {
		const request = { message, origin };
		const { msg_type: type, subshell_id: subshell } = message.header;
		if (origin.channel === "stdin") {
			if (type === "input_reply") this.executions.answerInput(message);
			return;
		}
		const lane = this.lanes.get(subshell ?? "");
		if (origin.channel === "control") void this.answer(request);
		else if (!lane) void this.answer(request);
		// What needs no running code is answered at once, whatever a cell does, unless cells before it still wait.
		else if (type !== "execute_request" && lane.queue.length === 0) void this.answer(request);
		else {
			lane.queue.push(request);
			if (!lane.isBusy) void this.work(lane);
		}
	}

	private publish(type: string, content: Content, parent: Header | undefined, extra: Extra = {}): void {
		this.parts.sockets.publish(makeMessage(type, content, { session: this.parts.session, parent, ...extra }));
	}

	private reply({ message, origin }: Request, content: Content): void {
		const { header } = message;
		const options = {
			session: this.parts.session,
			parent: header,
			...(header.subshell_id ? { subshell: header.subshell_id } : {}),
		};
		const type = header.msg_type.replace(/_request$/, "_reply");
		this.parts.sockets.reply(makeMessage(type, content, options), origin);
	}

	private refuse(request: Request, ename: string, evalue: string): void {
		this.reply(request, { status: "error", ename, evalue, traceback: [evalue] });
	}

	private async work(lane: Lane): Promise<void> {
		lane.isBusy = true;
		for (let request = lane.queue.shift(); request; request = lane.queue.shift()) await this.answer(request, lane);
		lane.isBusy = false;
	}

	/** Every request is framed by busy and idle, whatever it is. */
	private async answer(request: Request, lane?: Lane): Promise<void> {
		const { header, content } = request.message;
		this.publish("status", { execution_state: "busy" }, header);
		try {
			const isCell = header.msg_type === "execute_request" && lane !== undefined;
			if (header.subshell_id && !this.lanes.has(header.subshell_id))
				throw new Error(`no subshell ${header.subshell_id}`);
			const reply = isCell ? await this.executions.execute(request) : await this.replyTo(request.message);
			if (reply) this.reply(request, reply);
			if (isCell && reply?.["status"] === "error" && content["stop_on_error"] !== false) this.abort(lane);
			if (header.msg_type === "shutdown_request") {
				this.publish("shutdown_reply", reply ?? {}, header);
				this.parts.exit();
			}
		} catch (error) {
			this.refuse(request, "KernelError", error instanceof Error ? error.message : String(error));
		}
		this.publish("status", { execution_state: "idle" }, header);
	}

	/** After an error, cells queued behind it do not run, and are told so. */
	private abort(lane: Lane): void {
		for (const request of lane.queue.splice(0)) {
			const { header } = request.message;
			if (header.msg_type !== "execute_request") {
				lane.queue.push(request);
				continue;
			}
			this.publish("status", { execution_state: "busy" }, header);
			this.reply(request, { status: "aborted" });
			this.publish("status", { execution_state: "idle" }, header);
		}
	}

	private async replyTo(message: Message): Promise<Content | undefined> {
		const { content, header } = message;
		const text = (key: string) => (typeof content[key] === "string" ? (content[key] as string) : "");
		const code = text("code");
		switch (header.msg_type) {
			case "complete_request": {
				const { at, counted } = this.cursors.read(message, code);
				const found = await this.parts.ask("complete", code, at);
				const start = counted(found.start);
				const end = counted(found.end);
				const metadata = { _jupyter_types_experimental: found.types.map((each) => ({ ...each, start, end })) };
				return { status: "ok", matches: found.matches, cursor_start: start, cursor_end: end, metadata };
			}
			case "inspect_request": {
				const { at } = this.cursors.read(message, code);
				const data = await this.parts.ask("inspect", code, at, Number(content["detail_level"] ?? 0));
				return { status: "ok", found: data !== undefined, data: data ?? {}, metadata: {} };
			}
			case "is_complete_request":
				return { ...(await this.parts.ask("isComplete", code)) };
			case "interrupt_request":
				this.executions.interruptAll();
				return { status: "ok" };
			case "shutdown_request":
				return { status: "ok", restart: content["restart"] === true };
			case "comm_open":
			case "comm_msg":
			case "comm_close":
				await this.executions.comm(header.msg_type, message);
				return undefined;
			case "create_subshell_request":
				this.lanes.set(`subshell-${header.msg_id}`, { queue: [], isBusy: false });
				return { status: "ok", subshell_id: `subshell-${header.msg_id}` };
			case "delete_subshell_request": {
				const id = text("subshell_id");
				if (id !== "" && this.lanes.delete(id)) return { status: "ok" };
				return { status: "error", ename: "SubshellError", evalue: `no subshell ${id}`, traceback: [] };
			}
			case "list_subshell_request":
				return { status: "ok", subshell_id: [...this.lanes.keys()].filter((id) => id !== "") };
			default: {
				const { comms, history } = this.executions;
				return answerPlain(message, { facts: this.parts.facts, comms, history });
			}
		}
	}
}
