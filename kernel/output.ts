import type { Content, Header } from "./messages.ts";
import type { Shared } from "./shared.ts";

type Publish = (type: string, content: Content, parent: Header | undefined, extra?: { metadata?: Content }) => void;

/** Gathers what a cell prints for a moment, so that 20,000 lines are a few messages rather than 20,000. */
export class Output {
	private readonly publish: Publish;
	private readonly shared: Shared;
	private pieces: string[] = [];
	private size = 0;
	private owed = 0;
	private name: "stdout" | "stderr" = "stdout";
	private parent: Header | undefined;
	private timer: NodeJS.Timeout | undefined;

	constructor(publish: Publish, shared: Shared) {
		this.publish = publish;
		this.shared = shared;
	}

	/** @param counted Whether the main thread waits to hear that this has been sent. */
	write(name: "stdout" | "stderr", text: string, parent: Header | undefined, counted = false): void {
		if (name !== this.name || parent !== this.parent) this.flush();
		this.name = name;
		this.parent = parent;
		this.pieces.push(text);
		this.size += text.length;
		if (counted) this.owed += text.length;
		if (this.size > 100_000) this.flush();
		else this.timer ??= setTimeout(() => this.flush(), 15);
	}

	flush(): void {
		clearTimeout(this.timer);
		this.timer = undefined;
		if (this.pieces.length === 0) return;
		const text = this.pieces.join("");
		this.pieces = [];
		this.size = 0;
		if (text !== "") this.publish("stream", { name: this.name, text }, this.parent);
		if (this.owed > 0) this.shared.sent(this.owed);
		this.owed = 0;
	}
}
