import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** Stack traces in the reader's own coordinates: `Cell [3] 2:7` for a cell, `lib/x.ts:2:7` for a module. */

interface Script {
	readonly label: string;
	readonly separator: string;
	readonly map: string;
	parsed?: SourceMap;
}

const scripts = new Map<string, Script>();
const kernelFolder = new URL(".", import.meta.url).href;

/** Remembers how a script's positions map back. @param name The name V8 knows the script by. */
export function rememberScript(name: string, label: string, map: string, isCell: boolean): void {
	scripts.set(name, { label, separator: isCell ? " " : ":", map });
}

/** Modules whose maps another thread holds are asked for here, the moment a stack needs them. */
let fetchMaps: () => void = () => {};
export function onStackNeeded(fetch: () => void): void {
	fetchMaps = fetch;
}

function position(name: string, line: number, column: number): string | undefined {
	const script = scripts.get(name);
	if (!script) return undefined;
	script.parsed ??= new SourceMap(JSON.parse(script.map) as ConstructorParameters<typeof SourceMap>[0]);
	const entry = script.parsed.findEntry(line - 1, column - 1);
	const [atLine, atColumn] =
		"originalLine" in entry ? [entry.originalLine + 1, entry.originalColumn + 1] : [line, column];
	return `${script.label}${script.separator}${atLine}:${atColumn}`;
}

function isKernel(frame: NodeJS.CallSite): boolean {
	const name = frame.getScriptNameOrSourceURL() ?? "";
	return name.startsWith(kernelFolder) || name === "node:inspector";
}

function describe(frame: NodeJS.CallSite): string {
	const name = frame.getScriptNameOrSourceURL() ?? "";
	const text = String(frame);
	const line = frame.getLineNumber();
	const column = frame.getColumnNumber();
	const mapped = line && column ? position(name, line, column) : undefined;
	if (mapped) return text.replace(`${name}:${line}:${column}`, () => mapped);
	return name.startsWith("file:") ? text.replace(name, () => fileURLToPath(name)) : text;
}

/** From here on every `stack` in this thread is in the reader's coordinates, without the kernel's own frames. */
export function mapStacks(): void {
	Error.stackTraceLimit = 30;
	Error.prepareStackTrace = (error, frames) => {
		fetchMaps();
		// Above a cell stand the kernel and Node, which are none of the reader's business.
		const first = frames.findIndex((frame) => !isKernel(frame));
		const last = frames.findIndex((frame, index) => index > first && isKernel(frame));
		const lines = frames.slice(Math.max(0, first), last < 0 ? undefined : last).map(describe);
		let head = "Error";
		try {
			head = Error.prototype.toString.call(error);
		} catch {
			/* an error whose own name throws */
		}
		return [head, ...lines.map((line) => `    at ${line}`)].join("\n");
	};
}
