import { type Content, type Message, PROTOCOL_VERSION } from "./messages.ts";

/** Answers that need neither TypeScript nor running code. */

export interface Facts {
	readonly version: string;
	readonly typescript: string;
}

interface State {
	readonly facts: Facts;
	readonly comms: ReadonlyMap<string, string>;
	readonly history: readonly [session: number, line: number, input: string][];
}

/** The content of the reply, or undefined for a message no reply is due to. */
export function answerPlain(message: Message, { facts, comms, history }: State): Content | undefined {
	const { content, header } = message;
	switch (header.msg_type) {
		case "kernel_info_request":
			return kernelInfo(facts);
		case "connect_request":
			return { status: "ok" };
		case "comm_info_request": {
			const wanted = content["target_name"];
			const open = [...comms].filter(([, target]) => !wanted || target === wanted);
			return { status: "ok", comms: Object.fromEntries(open.map(([id, target]) => [id, { target_name: target }])) };
		}
		case "history_request":
			return { status: "ok", history: findHistory(content, history) };
		case "debug_request":
			// The content of a debug reply is a response of the Debug Adapter Protocol.
			return {
				type: "response",
				request_seq: content["seq"] ?? 0,
				success: false,
				command: content["command"] ?? "",
				message: "the debugger is not supported by this kernel",
			};
		default:
			if (!header.msg_type.endsWith("_request")) return undefined;
			return { status: "error", ename: "UnknownRequest", evalue: `unknown request ${header.msg_type}`, traceback: [] };
	}
}

function kernelInfo({ version, typescript }: Facts): Content {
	return {
		status: "ok",
		protocol_version: PROTOCOL_VERSION,
		implementation: "fovea",
		implementation_version: version,
		language_info: {
			name: "typescript",
			version: typescript,
			mimetype: "text/x-typescript",
			file_extension: ".ts",
			pygments_lexer: "typescript",
			codemirror_mode: { name: "javascript", typescript: true },
			nbconvert_exporter: "script",
		},
		banner: `fovea ${version}: TypeScript ${typescript} on Node ${process.versions.node}`,
		debugger: false,
		supported_features: ["kernel subshells"],
		help_links: [{ text: "TypeScript", url: "https://www.typescriptlang.org/docs/" }],
	};
}

function findHistory(content: Content, history: State["history"]): unknown[] {
	const withOutput = (rows: State["history"]) =>
		rows.map(([session, line, input]) => [session, line, content["output"] === true ? [input, null] : input]);
	const n = typeof content["n"] === "number" ? content["n"] : undefined;
	switch (content["hist_access_type"]) {
		case "tail":
			return withOutput(n === undefined ? history : history.slice(-n));
		case "range": {
			const start = Number(content["start"] ?? 0);
			const stop = Number(content["stop"] ?? Number.POSITIVE_INFINITY);
			// Session 0 is the current one, which is the only one kept.
			if (Number(content["session"] ?? 0) > 1) return [];
			return withOutput(history.filter(([, line]) => line >= start && line < stop));
		}
		case "search": {
			const pattern = String(content["pattern"] ?? "*")
				.replace(/[.+^${}()|[\]\\]/g, "\\$&")
				.replaceAll("*", ".*")
				.replaceAll("?", ".");
			const matches = history.filter(([, , input]) => new RegExp(`^${pattern}$`, "s").test(input));
			const kept = content["unique"] === true ? [...new Map(matches.map((row) => [row[2], row])).values()] : matches;
			return withOutput(n === undefined ? kept : kept.slice(-n));
		}
		default:
			return [];
	}
}
