import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import v8 from "node:v8";
import { MessageChannel, Worker } from "node:worker_threads";
import { installEnvironment } from "./environment.ts";
import { Evaluator } from "./evaluator.ts";
import { CLEAR_ASYNC_STACK } from "./interrupter.ts";
import { Loader, type LoaderSettings } from "./loader.ts";
import { Shared } from "./shared.ts";
import { readConnection } from "./sockets.ts";
import { mapStacks } from "./stacks.ts";

/**
 * The kernel process: `node main.js CONNECTION_FILE`. Cells run on this thread; one more owns the sockets, one TypeScript.
 */

const MEGABYTE = 2 ** 20;
/** Kept free below V8's own limit, where it would end the process: room for what grows between two looks. */
const HEAP_MARGIN = 0.2;

/** Set by Jupyter, and by VS Code for its extensions, here and on a remote machine: what starts kernels that live no longer than it. */
const PARENTS = ["JPY_PARENT_PID", "VSCODE_PID", "VSCODE_ESM_ENTRYPOINT"];

function version(name: string): string {
	return (createRequire(import.meta.url)(name) as { version: string }).version;
}

/** Set before anything of the reader's can use the binding, and without the warning that reading it prints. */
function installClearAsyncStack(): void {
	const before = process.noDeprecation;
	process.noDeprecation = true;
	const binding = (process as unknown as { binding(name: string): { clearAsyncIdStack?: () => void } }).binding(
		"async_wrap",
	);
	process.noDeprecation = before ?? false;
	const clear = binding.clearAsyncIdStack ?? (() => {});
	Object.defineProperty(globalThis, CLEAR_ASYNC_STACK, { value: clear, enumerable: false });
}

function memoryCeiling(): number {
	const chosen = process.env["FOVEA_KERNEL_MEMORY"];
	if (chosen !== undefined) {
		const megabytes = Number(chosen);
		if (!(megabytes > 0)) throw new Error(`FOVEA_KERNEL_MEMORY: must be a number of megabytes, got ${chosen}`);
		return megabytes * MEGABYTE;
	}
	const constrained = process.constrainedMemory();
	const physical = os.totalmem();
	return 0.85 * (constrained > 0 && constrained < physical ? constrained : physical);
}

function start(connectionFile: string): void {
	const connection = readConnection(connectionFile);
	const folder = process.cwd();
	const shared = new Shared();
	const main = new MessageChannel();
	const answers = new MessageChannel();
	const compile = new MessageChannel();
	const modules = new MessageChannel();
	installClearAsyncStack();

	let settings: LoaderSettings = { folder, paths: {} };
	const compiler = new Worker(new URL("./compiler-thread.js", import.meta.url), {
		workerData: { folder, session: compile.port1, loader: modules.port1 },
		transferList: [compile.port1, modules.port1],
		stderr: false,
	});
	compiler.on("message", (found: LoaderSettings) => {
		settings = found;
	});
	const session = new Worker(new URL("./session-thread.js", import.meta.url), {
		workerData: {
			connection,
			main: main.port1,
			answers: answers.port1,
			compiler: compile.port2,
			shared: shared.buffer,
			facts: { version: version("../../package.json"), typescript: version("typescript/package.json") },
			ceiling: memoryCeiling(),
			heapCeiling: v8.getHeapStatistics().heap_size_limit * (1 - HEAP_MARGIN),
			followsParent: PARENTS.some((name) => process.env[name] !== undefined),
		},
		transferList: [main.port1, answers.port1, compile.port2],
		stderr: false,
	});
	const exit = process.exit.bind(process);
	for (const [name, worker] of Object.entries({ compiler, session }))
		worker.on("error", (error) => {
			process.stderr.write = Object.getPrototypeOf(process.stderr).write as typeof process.stderr.write;
			process.stderr.write(`kernel: the ${name} thread failed: ${error.stack ?? error.message}\n`);
			exit(1);
		});
	mapStacks();
	const loader = new Loader(modules.port2, folder, () => settings);
	const evaluator = new Evaluator(main.port2, shared);
	installEnvironment({ port: main.port2, answers: answers.port2, shared, evaluator, loader, folder });
}

const [connectionFile] = process.argv.slice(2);
if (connectionFile === undefined) {
	process.stderr.write(
		"kernel: a connection file is needed, got none; Jupyter starts this by `fovea kernel install`\n",
	);
	process.exitCode = 2;
} else {
	try {
		readFileSync(connectionFile);
		start(connectionFile);
	} catch (error) {
		process.stderr.write(`kernel: ${(error as Error).message}\n`);
		process.exitCode = 2;
	}
}
