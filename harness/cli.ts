#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { type Command, CommanderError, program } from "commander";
import { ProcessCommandLine } from "./command-line.ts";
import { addCheck } from "./commands/check.ts";
import { addCompare } from "./commands/compare.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEngine } from "./commands/engine.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addGenerate } from "./commands/generate.ts";
import { addImport } from "./commands/import.ts";
import { addKernel } from "./commands/kernel.ts";
import { addModels } from "./commands/models.ts";
import { addParity } from "./commands/parity.ts";
import { addReport } from "./commands/report.ts";
import { addReproduce } from "./commands/reproduce.ts";
import { addRun } from "./commands/run.ts";
import { addSweep } from "./commands/sweep.ts";
import { addTrain } from "./commands/train.ts";
import { addWeights } from "./commands/weights.ts";
import { addWorker } from "./commands/worker.ts";

/**
 * How a command adds itself: a file of its own, harness/commands/NAME.ts, exports `addName: AddCommand`, which calls
 * `program.command("name")`, describes its options and gives an async action; then one line in the list below.
 * - `--json`, `--quiet` and help are added here, to all of them.
 * - Import what computes (tfjs, the engine, models) inside the action, so that `fovea --help` stays quick;
 *   not in a function that declares a `using`: there TypeScript 6.0 leaves `.ts` in a dynamic import as it is.
 * - Give the answer once through `line.answer(document, text)`; say everything else through `line.say` or `line.progress`.
 * - Throw for bad usage or input (`where: requirement, got value`): one line on stderr, exit code 2. Call `line.failed()` where
 *   the command ran and the answer is no: exit code 1. Hand `line.signal` to long work: Ctrl-C ends with 130.
 * This file is the one place that turns strings into modules.
 */
const commands = [
	addCheck,
	addCompare,
	addDoctor,
	addEngine,
	addEvaluate,
	addGenerate,
	addImport,
	addKernel,
	addModels,
	addParity,
	addReport,
	addReproduce,
	addRun,
	addSweep,
	addTrain,
	addWeights,
	addWorker,
];

const line = new ProcessCommandLine();
// Libraries print where they like; stdout is for the answer alone.
console.log = console.error;
console.info = console.error;

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
program.name("fovea").version(version, "-V, --version", "print the version").helpCommand(false);
program.description("Notebook kernel and evaluation harness for attention GANs");
for (const add of commands) add(program, line);
prepare(program);
program.hook("preAction", (_, command) => {
	refuseUnknown(command);
	line.read(command);
});

// Node's own printer of warnings adds a line on how to trace them.
process.removeAllListeners("warning");
process.on("warning", (warning) => process.stderr.write(`${warning.name}: ${warning.message}\n`));
process.on("SIGINT", () => {
	if (line.signal.aborted) process.exit(130);
	line.interrupt();
	// Work that cannot be stopped between two steps does not hold the reader up for long.
	setTimeout(() => process.exit(130), 5_000).unref();
});
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code === "EPIPE") process.exit(line.exitCode);
	throw error;
});

await main();

async function main(): Promise<void> {
	let code = 0;
	try {
		await program.parseAsync();
		code = line.signal.aborted ? 130 : line.exitCode;
	} catch (error) {
		code = line.signal.aborted ? 130 : report(error);
	}
	// What is written goes out first; what is left open, a pool or a socket, must not keep a finished command alive.
	process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

/** Adds the options of every command, and has commander throw instead of printing and ending the process. */
function prepare(command: Command): void {
	command.exitOverride().configureOutput({ outputError: () => undefined });
	for (const child of command.commands) prepare(child);
	if (command === program) return;
	if (command.registeredArguments.length === 0 && command.commands.length > 0) command.allowExcessArguments(true);
	command.option("--json", "print one JSON document on stdout").option("--quiet", "no progress, no messages");
}

/** A command that does something itself and has commands below it takes no other word. */
function refuseUnknown(command: Command): void {
	const [word] = command.args;
	if (command.commands.length === 0 || word === undefined) return;
	const names = command.commands.map((child) => child.name()).join(", ");
	throw new RangeError(`fovea ${command.name()}: command must be one of ${names}, got ${word}`);
}

/** Says an error in one line on stderr, what would move the cursor replaced, and gives the exit code. */
function report(error: unknown): number {
	if (error instanceof CommanderError) {
		if (error.exitCode === 0) return 0;
		if (error.code === "commander.help") return 2;
		process.stderr.write(`${usageError(error)}\n`);
		return 2;
	}
	const message = error instanceof Error ? error.message : String(error);
	process.stderr.write(
		`${message
			.trim()
			.replace(/\s*[\r\n]\s*/g, " ")
			.replace(/\p{Cc}/gu, "\uFFFD")}\n`,
	);
	if (process.env["FOVEA_DEBUG"] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
	return 2;
}

/** Commander's message with the names that would have been right. */
function usageError(error: CommanderError): string {
	const command = commandOf(process.argv.slice(2));
	const where = command === program ? "fovea" : `fovea ${command.name()}`;
	const [said = "", hint = ""] = error.message.replace(/^error: /, "").split("\n");
	const suggestion = hint === "" ? "" : `; ${hint.replace(/^\((.*)\)$/, "$1").toLowerCase()}`;
	if (error.code === "commander.unknownCommand") {
		const names = command.commands.map((child) => child.name()).join(", ");
		return `${where}: command must be one of ${names}, got ${said.match(/'(.*)'/)?.[1]}${suggestion}`;
	}
	if (error.code === "commander.unknownOption") {
		const names = command.options.map((option) => option.long ?? option.short).join(", ");
		return `${where}: option must be one of ${names}, got ${said.match(/'(.*)'/)?.[1]}${suggestion}`;
	}
	return `${where}: ${said}${suggestion}`;
}

/** The command that `words` lead to. */
function commandOf(words: readonly string[]): Command {
	let command: Command = program;
	for (const word of words) {
		const next = command.commands.find((child) => child.name() === word);
		if (next === undefined) break;
		command = next;
	}
	return command;
}
