import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { startEngine } from "../engine/engine.ts";
import { findProgram, lastLine, run } from "../engine/tensorflow/command.ts";
import { findCompiler } from "../engine/tensorflow/compile.ts";
import { findPython, requirePip } from "../engine/tensorflow/python.ts";
import { KERNEL_NAME, listKernels } from "../kernel/install.ts";
import { datasetNames } from "./datasets/find.ts";
import { version } from "./version.ts";
import { publishedWeights, weightsFolder } from "./weights/catalogue.ts";

export interface Check {
	readonly name: string;
	readonly ok: boolean;
	/** What was found. */
	readonly detail: string;
	/** How to get it, or to get more of it; empty where there is nothing to do. */
	readonly fix: string;
}

/** Looks at everything the package can use on this machine. Nothing is changed. */
export async function examine(): Promise<readonly Check[]> {
	// One after another: the engine is timed by nobody, but its start must not race with the search for its parts.
	const checks = [node, engine, compiler, python, kernel, jupyter, redis, weights, data];
	const results: Check[] = [];
	for (const check of checks) results.push(await check());
	return results;
}

async function node(): Promise<Check> {
	const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
	const ok = major > 20 || (major === 20 && minor >= 19);
	const detail = `Node ${process.versions.node}, fovea ${version}, ${process.platform} ${process.arch}`;
	return { name: "node", ok, detail, fix: ok ? "" : "install Node 20.19 or later" };
}

async function engine(): Promise<Check> {
	try {
		const { name, version: library, why } = await startEngine();
		const fix = name === "wasm" ? "npx fovea engine install builds the TensorFlow engine, several times faster" : "";
		return { name: "engine", ok: true, detail: `${name} ${library}: ${why.join("; ")}`, fix };
	} catch (error) {
		return {
			name: "engine",
			ok: false,
			detail: messageOf(error),
			fix: "npx fovea engine install, or unset FOVEA_ENGINE",
		};
	}
}

async function compiler(): Promise<Check> {
	return found("compiler", async () => {
		const path = findCompiler();
		return lastLine((await run(path, ["--version"])).stdout.split("\n")[0] ?? path);
	});
}

async function python(): Promise<Check> {
	return found("python", async () => {
		const path = await findPython();
		await requirePip(path);
		return `${lastLine((await run(path, ["--version"])).stdout)} with pip, ${path}`;
	});
}

/** A check whose requirement says its own fix: "…; fix: …". */
async function found(name: string, look: () => Promise<string>): Promise<Check> {
	try {
		return { name, ok: true, detail: await look(), fix: "" };
	} catch (error) {
		const [detail = "", fix = ""] = messageOf(error).replace("engine install: ", "").split("; fix: ");
		return { name, ok: false, detail, fix };
	}
}

async function kernel(): Promise<Check> {
	const ours = listKernels().filter(({ name, language }) => name === KERNEL_NAME && language === "typescript");
	// Jupyter takes the first of a name.
	const [first] = ours;
	const fix = "npx fovea kernel install --user";
	if (first === undefined) return { name: "kernel", ok: false, detail: "the notebook kernel is not installed", fix };
	if (first.problem !== undefined)
		return { name: "kernel", ok: false, detail: `${first.folder}: ${first.problem}`, fix };
	if (!first.isOurs) return { name: "kernel", ok: false, detail: `${first.folder} starts another copy of fovea`, fix };
	return { name: "kernel", ok: true, detail: `${first.displayName} in ${first.folder}`, fix: "" };
}

async function jupyter(): Promise<Check> {
	const path = findProgram(["jupyter"]);
	const fix = "pip install jupyterlab";
	if (path === undefined) return { name: "jupyter", ok: false, detail: "no jupyter on PATH", fix };
	const asked = await run(path, ["--version"]);
	const parts = [...asked.stdout.matchAll(/^(jupyterlab|notebook|nbclient|jupyter_client)\s*: (\d\S*)/gm)];
	const detail = parts.map(([, name, number]) => `${name} ${number}`).join(", ");
	return {
		name: "jupyter",
		ok: detail !== "",
		detail: detail === "" ? lastLine(asked.stderr) : detail,
		fix: detail === "" ? fix : "",
	};
}

/** Asks a Redis server for PONG; REDIS_URL names it, else it is looked for on this machine. */
async function redis(): Promise<Check> {
	const url = URL.canParse(process.env["REDIS_URL"] ?? "") ? new URL(process.env["REDIS_URL"] as string) : undefined;
	const host = url?.hostname ?? "127.0.0.1";
	const port = Number(url?.port || 6379);
	const answer = await ping(host, port);
	// A server with a password answers with an error of its own: it is there.
	const ok = answer.startsWith("+PONG") || answer.startsWith("-NOAUTH");
	const detail = ok
		? `a server answers on ${host}:${port}`
		: `no server on ${host}:${port}${answer === "" ? "" : `: ${answer}`}`;
	return {
		name: "redis",
		ok,
		detail,
		fix: ok ? "" : "apt-get install redis-server; needed for sweeps on several machines alone",
	};
}

function ping(host: string, port: number): Promise<string> {
	return new Promise((resolve) => {
		const socket = connect({ host, port, timeout: 1000 }, () => socket.write("PING\r\n"));
		const end = (answer: string) => {
			socket.destroy();
			resolve(answer);
		};
		socket.once("data", (bytes) => end(bytes.toString().trim()));
		socket.once("timeout", () => end("no answer within a second"));
		socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
	});
}

async function weights(): Promise<Check> {
	const folder = new URL("../../fixtures/mobilenet_v1_0.25_224/", import.meta.url);
	const name = "MobileNet v1 0.25, the embedded extractor";
	try {
		JSON.parse(await readFile(new URL("model.json", folder), "utf8"));
		const { size } = await stat(new URL("weights.bin", folder));
		const cache = weightsFolder();
		const here = publishedWeights.filter(({ file }) => existsSync(join(cache, file))).map((each) => each.name);
		const rest = here.length === 0 ? "no others in the cache" : `${here.join(", ")} in the cache`;
		const fix =
			here.length === publishedWeights.length ? "" : "npx fovea weights lists those of Inception, VGG and others";
		return { name: "weights", ok: true, detail: `${name}, ${(size / 1e6).toFixed(1)} MB; ${rest}`, fix };
	} catch (error) {
		return {
			name: "weights",
			ok: false,
			detail: `${name}, is not whole: ${messageOf(error)}`,
			fix: "install fovea again",
		};
	}
}

async function data(): Promise<Check> {
	const folder = process.env["FOVEA_DATA"] ?? "";
	const fix = "set FOVEA_DATA to the folder that holds the data sets, for example one with celeba/img_align_celeba";
	if (folder === "") return { name: "data", ok: true, detail: "faces are drawn; FOVEA_DATA is not set", fix };
	const present: string[] = [];
	for (const name of datasetNames)
		if ((await stat(join(folder, name)).catch(() => undefined))?.isDirectory()) present.push(name);
	const there = (await stat(folder).catch(() => undefined))?.isDirectory() === true;
	if (!there) return { name: "data", ok: false, detail: `FOVEA_DATA must be a folder, got ${folder}`, fix };
	const detail =
		present.length === 0 ? `none of the known data sets in ${folder}` : `${present.join(", ")} in ${folder}`;
	return { name: "data", ok: present.length > 0, detail, fix: present.length > 0 ? "" : fix };
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
