import { Session } from "node:inspector";
import v8 from "node:v8";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Compiler } from "./compiler.ts";
import { complete, inspectAt, isComplete } from "./completion.ts";
import { runtimeName } from "./shadowing.ts";

/** TypeScript's thread: checks cells for the session, compiles modules for the loader. */

export interface CompilerData {
	readonly folder: string;
	readonly session: MessagePort;
	readonly loader: MessagePort;
}

const { folder, session, loader } = workerData as CompilerData;
const compiler = new Compiler(folder);

const methods = {
	compile: (source: string, id: number) => compiler.compile(source, id),
	expression: (source: string, id: number) => compiler.expression(source, id),
	complete: (source: string, cursor: number) => complete(compiler, source, cursor),
	inspect: (source: string, cursor: number, detail: number) => inspectAt(compiler, source, cursor, detail),
	isComplete: (source: string) => isComplete(source),
	reset: () => {
		const names = [...compiler.names()].map(runtimeName);
		compiler.reset();
		return names;
	},
};
type Methods = typeof methods;

/** Asks the compiler's thread from another one. */
export type Ask = <M extends keyof Methods>(
	method: M,
	...values: Parameters<Methods[M]>
) => Promise<ReturnType<Methods[M]>>;

/** Garbage that may pile up before it is collected. Left to itself V8 would let every cell's program lie, up to its limit. */
const MOST_GARBAGE = 32 * 2 ** 20;
const inspector = new Session();
inspector.connect();
let live = v8.getHeapStatistics().used_heap_size;
function collectGarbage(): void {
	const used = v8.getHeapStatistics().used_heap_size;
	live = Math.min(live, used);
	if (used - live <= MOST_GARBAGE) return;
	inspector.post("HeapProfiler.collectGarbage");
	live = v8.getHeapStatistics().used_heap_size;
}

/** Until nothing has been asked for so long, the next cell may be on its way. */
const IDLE = 300;
let idle: NodeJS.Timeout | undefined;
function prepareWhenIdle(): void {
	clearTimeout(idle);
	idle = setTimeout(() => {
		compiler.drafts.prepare();
		collectGarbage();
	}, IDLE);
}

session.on("message", ({ id, method, values }: { id: number; method: keyof Methods; values: never[] }) => {
	try {
		const result = (methods[method] as (...values: never[]) => unknown)(...values);
		session.postMessage({ id, result });
		// The cell runs meanwhile.
		collectGarbage();
		prepareWhenIdle();
	} catch (error) {
		session.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
	}
});

loader.on("message", ({ id, fileName, text }: { id: number; fileName: string; text: string }) => {
	try {
		loader.postMessage({ id, ...compiler.transpile(fileName, text) });
	} catch (error) {
		loader.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
	}
});

parentPort?.postMessage({ folder, paths: compiler.options.paths ?? {} });
// The first check reads TypeScript's library files, which would otherwise fall on the first cell.
compiler.open("", false);
compiler.program().getSemanticDiagnostics(compiler.program().getSourceFile(compiler.cellPath));
live = v8.getHeapStatistics().used_heap_size;
