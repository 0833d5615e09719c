import { inspect } from "node:util";

/** What a cell threw, in words. */

export interface CellError {
	readonly name: string;
	readonly message: string;
	readonly stack: string;
}

/** Members that are told in other words. */
const TOLD = new Set(["name", "message", "stack", "cause", "errors"]);
/** Causes of causes are followed this far: one may be its own. */
const DEEPEST = 8;

/** Never throws itself, whatever was thrown. */
export function describeError(thrown: unknown, depth = 0): CellError {
	try {
		if (typeof thrown === "object" && thrown !== null && "stack" in thrown) {
			const { name, message, stack, cause } = thrown as Error;
			const inner = thrown instanceof AggregateError && depth < DEEPEST ? thrown.errors : [];
			const parts = [String(stack), ...membersOf(thrown), ...inner.map((each) => describeError(each, depth + 1).stack)];
			if (cause !== undefined)
				parts.push(`Caused by: ${depth < DEEPEST ? describeError(cause, depth + 1).stack : "…"}`);
			return { name: String(name), message: String(message), stack: parts.join("\n") };
		}
		const text = inspect(thrown);
		return { name: "Thrown", message: text, stack: `Thrown: ${text}` };
	} catch {
		const message = "a value that cannot be described";
		return { name: "Thrown", message, stack: `Thrown: ${message}` };
	}
}

/** What else the error carries, such as the code of a failed system call. */
function membersOf(error: object): string[] {
	const own = Object.entries(error).filter(([name]) => !TOLD.has(name));
	return own.length === 0 ? [] : [`    ${inspect(Object.fromEntries(own), { breakLength: 100, depth: 2 })}`];
}
