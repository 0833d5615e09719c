import type { Command } from "commander";
import { ProgressLine } from "./progress.ts";

/**
 * What a command gets besides its own options. `--json` and `--quiet` belong to every command; cli.ts adds them.
 */
export interface CommandLine {
	/** Aborted by the first Ctrl-C: hand it to all long work. A second Ctrl-C ends the process at once. */
	readonly signal: AbortSignal;
	/** True under `--json`. */
	readonly json: boolean;
	/** True under `--quiet`. */
	readonly quiet: boolean;
	/** The command's one answer, on stdout: `document` as JSON under `--json`, else the text. */
	answer(document: unknown, text: string): void;
	/** The command ran and its answer is no: exit code 1. */
	failed(): void;
	/** One line for the reader, on stderr; nothing under `--quiet`. */
	say(text: string): void;
	/** A progress bar on a terminal, a line every ten seconds elsewhere, nothing under `--quiet`. */
	progress(label: string): ProgressLine;
}

/** Adds one command to the program; every file of harness/commands exports one. */
export type AddCommand = (program: Command, line: CommandLine) => void;

/** The command line of this process, until `read` has seen the options of the command that runs. */
export class ProcessCommandLine implements CommandLine {
	readonly #interruption = new AbortController();
	json = false;
	quiet = false;
	exitCode = 0;
	#answered = false;

	get signal(): AbortSignal {
		return this.#interruption.signal;
	}

	/** Takes `--json` and `--quiet` from the command about to run. */
	read(command: Command): void {
		const { json = false, quiet = false } = command.optsWithGlobals<{ json?: boolean; quiet?: boolean }>();
		this.json = json;
		this.quiet = quiet;
	}

	interrupt(): void {
		this.#interruption.abort(new DOMException("interrupted", "AbortError"));
	}

	answer(document: unknown, text: string): void {
		if (this.#answered) throw new Error("internal: a command answers once");
		this.#answered = true;
		process.stdout.write(this.json ? `${JSON.stringify(document, writeNumber, "\t")}\n` : `${text}\n`);
	}

	failed(): void {
		this.exitCode = 1;
	}

	say(text: string): void {
		if (!this.quiet) process.stderr.write(`${text}\n`);
	}

	progress(label: string): ProgressLine {
		return new ProgressLine({ label, quiet: this.quiet });
	}
}

/** JSON has no NaN and no infinity: they are written as the strings "NaN", "Infinity", "-Infinity". */
function writeNumber(_key: string, value: unknown): unknown {
	return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
