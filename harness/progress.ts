import { SingleBar } from "cli-progress";

export interface ProgressOptions {
	readonly label: string;
	/** Print nothing. @default false */
	readonly quiet?: boolean;
	/** Where to. @default stderr: stdout is for data */
	readonly stream?: NodeJS.WriteStream;
	/** Milliseconds between lines where there is no terminal. @default 10 000 */
	readonly every?: number;
}

/**
 * Shows how far long work is: a bar with rate and time left on a terminal, one line every ten seconds elsewhere.
 * It is fed numbers alone, so the work knows nothing of terminals; `dispose` ends the bar.
 */
export class ProgressLine implements Disposable {
	readonly #options: Required<ProgressOptions>;
	readonly #bar: SingleBar | undefined;
	#running = false;
	#started = performance.now();
	#first = 0;
	#printed = performance.now();

	constructor({ label, quiet = false, stream = process.stderr, every = 10_000 }: ProgressOptions) {
		this.#options = { label, quiet, stream, every };
		if (quiet || !stream.isTTY) return;
		const format = "{label} {bar} {percentage} % · {value}/{total} {rate} · {left} {text}";
		this.#bar = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: true, barsize: 24, fps: 4 });
	}

	/** `done` of `total` are done; `text` says what the last one brought, such as its loss. */
	update({ done, total, text = "" }: { readonly done: number; readonly total: number; readonly text?: string }): void {
		const { label, quiet, stream, every } = this.#options;
		if (quiet) return;
		if (!this.#running) {
			this.#running = true;
			this.#started = performance.now();
			// What a resumed run found done already says nothing of its speed.
			this.#first = done;
			this.#bar?.start(total, done, { label, rate: "", left: "", text });
		}
		const seconds = (performance.now() - this.#started) / 1000;
		const perSecond = seconds > 0 ? (done - this.#first) / seconds : 0;
		const rate = perSecond > 0 ? `${readable(perSecond)}/s` : "";
		const left = perSecond > 0 ? `${duration((total - done) / perSecond)} left` : "";
		if (this.#bar !== undefined) {
			this.#bar.setTotal(total);
			this.#bar.update(done, { label, rate, left, text });
			return;
		}
		if (performance.now() - this.#printed < every) return;
		this.#printed = performance.now();
		const percent = total > 0 ? ` (${Math.floor((100 * done) / total)} %)` : "";
		const parts = [`${done}/${total}${percent}`, rate, left, text].filter((part) => part !== "");
		stream.write(`${label}: ${parts.join(", ")}\n`);
	}

	[Symbol.dispose](): void {
		this.#bar?.stop();
	}
}

/** Three figures, thousands as they are. */
function readable(value: number): string {
	return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

/** Seconds as "40 s", "12 min", "3 h 20 min". */
export function duration(seconds: number): string {
	if (seconds < 90) return `${Math.round(seconds)} s`;
	const minutes = Math.round(seconds / 60);
	return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
