/** A few numbers that the main thread and the session's thread both see at once, whatever either is doing. */

const RUNNING = 0; // id of the running cell, 0 for none
const ACKNOWLEDGED = 1; // id of the last cell whose interrupt the main thread has read
const UNSENT = 2; // characters printed and not yet published
const ANSWERED = 3; // 1 when the reader has answered a question
const CELLS = 4;

/** A cell that prints faster than the front end reads is held once this much waits. */
const MOST_UNSENT = 8_000_000;

export class Shared {
	readonly buffer: SharedArrayBuffer;
	private readonly numbers: Int32Array;

	constructor(buffer = new SharedArrayBuffer(4 * CELLS)) {
		this.buffer = buffer;
		this.numbers = new Int32Array(buffer);
	}

	/** @param id The running cell, 0 for none. */
	enter(id: number): void {
		Atomics.store(this.numbers, RUNNING, id);
	}

	get running(): number {
		return Atomics.load(this.numbers, RUNNING);
	}

	acknowledge(id: number): void {
		Atomics.store(this.numbers, ACKNOWLEDGED, id);
	}

	isAcknowledged(id: number): boolean {
		return Atomics.load(this.numbers, ACKNOWLEDGED) === id;
	}

	/** Counts what was printed; waits while too much is unsent. Called on the main thread. */
	addUnsent(size: number): void {
		let unsent = Atomics.add(this.numbers, UNSENT, size) + size;
		while (unsent > MOST_UNSENT) {
			Atomics.wait(this.numbers, UNSENT, unsent, 100);
			unsent = Atomics.load(this.numbers, UNSENT);
		}
	}

	sent(size: number): void {
		Atomics.sub(this.numbers, UNSENT, size);
		Atomics.notify(this.numbers, UNSENT);
	}

	waitForAnswer(): void {
		while (Atomics.load(this.numbers, ANSWERED) === 0) Atomics.wait(this.numbers, ANSWERED, 0);
		Atomics.store(this.numbers, ANSWERED, 0);
	}

	forgetAnswer(): void {
		Atomics.store(this.numbers, ANSWERED, 0);
	}

	answered(): void {
		Atomics.store(this.numbers, ANSWERED, 1);
		Atomics.notify(this.numbers, ANSWERED);
	}

	/** Waits a moment, as the main thread does until it is terminated. */
	pause(): void {
		Atomics.wait(this.numbers, CELLS - 1, Atomics.load(this.numbers, CELLS - 1), 10);
	}
}
