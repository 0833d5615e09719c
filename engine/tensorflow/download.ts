import { spawn } from "node:child_process";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lastLine } from "./command.ts";
import type { InstallProgress } from "./install.ts";

/** Wheels are per Python version, what we take from them is not: any CPython of this platform will do. */
const anyPython = [
	"--python-version",
	"3.12",
	"--implementation",
	"cp",
	"--abi",
	"cp312",
	"--abi",
	"abi3",
	"--abi",
	"none",
];
const machines: Partial<Record<NodeJS.Architecture, string>> = { x64: "x86_64", arm64: "aarch64" };
const platforms = ["manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014"];

/**
 * Fetches one wheel with the user's own pip, so that the user's index, proxy and certificates are used, into `folder`.
 * pip checks the hash its index gives; a wheel gets its final name only when it is whole. Gives the path of the wheel.
 */
export async function* downloadWheel(
	python: string,
	requirement: string,
	folder: string,
	signal?: AbortSignal,
): AsyncGenerator<InstallProgress, string> {
	const [name = requirement] = requirement.split(/[<>=!~ ]/);
	await mkdir(folder, { recursive: true });
	const prefix = `${name.replaceAll("-", "_")}-`;
	const ready = (await readdir(folder)).find((file) => file.startsWith(prefix) && file.endsWith(".whl"));
	if (ready !== undefined) return join(folder, ready);
	const partial = join(folder, "partial");
	await rm(partial, { recursive: true, force: true });
	const temporary = join(partial, "temporary");
	await mkdir(temporary, { recursive: true });
	const machine = machines[process.arch] as string;
	const child = spawn(
		python,
		[
			"-m",
			"pip",
			"download",
			"--no-deps",
			"--only-binary=:all:",
			"--no-input",
			"--disable-pip-version-check",
			"--progress-bar",
			"off",
			...anyPython,
			...platforms.flatMap((platform) => ["--platform", `${platform}_${machine}`]),
			"--dest",
			partial,
			requirement,
		],
		{ env: { ...process.env, TMPDIR: temporary }, signal, stdio: ["ignore", "pipe", "pipe"] },
	);
	const state = { stdout: "", stderr: "", ended: false };
	child.stdout.on("data", (chunk: Buffer) => {
		state.stdout += chunk.toString();
	});
	child.stderr.on("data", (chunk: Buffer) => {
		state.stderr += chunk.toString();
	});
	const finished = new Promise<number | null>((resolve, reject) => {
		child.on("error", reject);
		child.on("close", resolve);
	}).finally(() => {
		state.ended = true;
	});
	finished.catch(() => undefined);
	const text = `downloading ${requirement} with pip`;
	while (!state.ended) {
		await Promise.race([finished.catch(() => undefined), sleep(500)]);
		yield { text, done: await bytesBelow(partial), total: announcedBytes(state.stdout) };
	}
	if ((await finished) !== 0) {
		await rm(partial, { recursive: true, force: true });
		throw new Error(`engine install: ${requirement} must be downloadable with pip, got: ${lastLine(state.stderr)}`);
	}
	const wheel = (await readdir(partial)).find((file) => file.endsWith(".whl"));
	if (wheel === undefined) throw new Error(`engine install: pip must download a wheel of ${requirement}, got none`);
	const path = join(folder, wheel);
	await rename(join(partial, wheel), path);
	await rm(partial, { recursive: true, force: true });
	return path;
}

/** The size pip names when it starts a download: "Downloading x.whl (274.0 MB)". */
function announcedBytes(output: string): number | undefined {
	const match = /\(([\d.]+) (k|M|G)B\)/.exec(output);
	if (match === null) return undefined;
	const unit = { k: 1e3, M: 1e6, G: 1e9 }[match[2] as "k" | "M" | "G"];
	return Number(match[1]) * unit;
}

async function bytesBelow(folder: string): Promise<number> {
	let sum = 0;
	const files = await readdir(folder, { recursive: true }).catch(() => []);
	for (const file of files) {
		const found = await stat(join(folder, file)).catch(() => undefined);
		if (found?.isFile()) sum += found.size;
	}
	return sum;
}
