import { mkdirSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { drawSheet, type Sheet } from "../sheet.ts";
import { event, type What } from "./events.ts";
import { record } from "./records.ts";

/**
 * An event file of one run in a training's folder, which TensorBoard may read while it grows. Every run, a resumed one too, has
 * a file of its own; that it starts at its step voids what an earlier one told of later steps.
 */
export class TensorboardLog implements AsyncDisposable {
	readonly #file: FileHandle;
	/** Seconds since 1970 at which the training would have begun. */
	readonly #begun: number;
	#pending: Buffer[] = [];

	private constructor(file: FileHandle, begun: number) {
		this.#file = file;
		this.#begun = begun;
	}

	/** Begins a file in `folder` at iteration `step`, `elapsed` seconds of training into it. */
	static async start(folder: string, step: number, elapsed: number): Promise<TensorboardLog> {
		mkdirSync(folder, { recursive: true });
		const now = Date.now() / 1000;
		const name = `events.out.tfevents.${Math.floor(now)}.${String(step).padStart(9, "0")}.${process.pid}.fovea`;
		const log = new TensorboardLog(await open(join(folder, name), "wx"), now - elapsed);
		log.#add(elapsed, 0, { kind: "version" });
		// TensorBoard voids what was told of this step and of later ones.
		if (step > 0) log.#add(elapsed, step + 1, { kind: "start" });
		return log;
	}

	/** Values of one iteration, `elapsed` seconds of training after its begin. */
	scalars(step: number, elapsed: number, values: Readonly<Record<string, number>>): void {
		this.#add(elapsed, step, { kind: "scalars", values });
	}

	/** A sheet as a picture called `tag`. */
	async sheet(step: number, elapsed: number, tag: string, sheet: Sheet): Promise<void> {
		const png = await drawSheet(sheet);
		const { height, width } = await sharp(png).metadata();
		this.#add(elapsed, step, { kind: "image", tag, png, height, width });
	}

	/** Writes what has been told so far. */
	async flush(): Promise<void> {
		const bytes = Buffer.concat(this.#pending);
		this.#pending = [];
		await this.#file.appendFile(bytes);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.flush();
		await this.#file.close();
	}

	#add(elapsed: number, step: number, what: What): void {
		this.#pending.push(record(event(this.#begun + elapsed, step, what)));
	}
}
