import { Readable } from "node:stream";

/** A cell that has its answer stops listening, or ends, within this. */
const AHEAD_MS = 50;

/**
 * `process.stdin` of a cell: what is read from it is asked of the reader, a line at a time. The process's own is closed
 * under Jupyter, so that a question asked through node:readline would wait for ever.
 */
export class StandardInput {
	private readonly ask: () => string;
	private readonly cell: () => unknown;
	private stream: Readable;
	private isWanted = false;
	private due: NodeJS.Immediate | undefined;

	/** @param cell Something of the running cell alone, undefined between cells, when nobody can be asked. */
	constructor(ask: () => string, cell: () => unknown) {
		this.ask = ask;
		this.cell = cell;
		this.stream = this.make();
	}

	get current(): Readable {
		if (this.stream.destroyed) this.stream = this.make();
		return this.stream;
	}

	/** Something was printed whose line has not ended, as a prompt: an interface that stayed open is about to read. */
	prompted(): void {
		if (this.isWanted) this.soon();
	}

	private soon(): void {
		this.due ??= setImmediate(() => this.answer());
	}

	private make(): Readable {
		let isAhead = false;
		const stream = new Readable({
			read: () => {
				this.isWanted = true;
				// Streams read ahead of who listens; by then another cell may run, which has not asked.
				const cell = this.cell();
				if (isAhead) setTimeout(() => this.cell() === cell && this.answer(), AHEAD_MS);
				else this.soon();
				isAhead = true;
			},
		});
		stream.on("resume", () => this.soon());
		stream.on("newListener", (event) => event === "readable" && this.soon());
		return Object.assign(stream, { fd: 0, isTTY: false });
	}

	private answer(): void {
		clearImmediate(this.due);
		this.due = undefined;
		const { stream } = this;
		const isHeard = stream.readableFlowing || stream.listenerCount("readable") > 0;
		if (!this.isWanted || !isHeard || this.cell() === undefined) return;
		this.isWanted = false;
		try {
			stream.push(`${this.ask()}\n`);
		} catch (error) {
			stream.destroy(error as Error);
		}
	}
}
