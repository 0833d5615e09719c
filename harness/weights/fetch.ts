/** Brings published weights into the cache: resumed where a download broke off, checked, and never half under their name. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { copyFile, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Lock } from "../../engine/tensorflow/lock.ts";
import type { PublishedWeights } from "./catalogue.ts";

export interface FetchOptions {
	/** Folder of the weights. */
	readonly folder: string;
	/** A file that is there already, or another address. @default the published address */
	readonly from?: string | undefined;
	readonly signal?: AbortSignal | undefined;
}

export interface FetchProgress {
	readonly text: string;
	/** Bytes. */
	readonly done?: number;
	readonly total?: number;
}

/** Gives the path of the whole file; yields progress. Throws where it cannot be had, or is not what was published. */
export async function* fetchWeights(
	weights: PublishedWeights,
	{ folder, from, signal }: FetchOptions,
): AsyncGenerator<FetchProgress, string> {
	const path = join(folder, weights.file);
	await mkdir(folder, { recursive: true });
	const locking = Lock.take(`${path}.lock`, signal);
	let lock = await locking.next();
	while (!lock.done) {
		yield { text: `waiting for process ${lock.value}, which fetches ${weights.name}` };
		lock = await locking.next();
	}
	using _held = lock.value;
	if (existsSync(path)) {
		if ((await sha256Of(path)).startsWith(weights.sha256)) return path;
		yield { text: `${path} is damaged and is fetched again` };
	}
	const part = `${path}.part`;
	if (from !== undefined && !/^https?:/.test(from)) {
		await copyFile(from, part).catch((error: NodeJS.ErrnoException) => {
			throw new Error(`--from: ${from} must be a file or an address, got ${error.code}`);
		});
	} else {
		yield* download(from ?? weights.url, part, path, signal);
	}
	yield { text: `checking ${weights.file}` };
	const sha256 = await sha256Of(part);
	if (!sha256.startsWith(weights.sha256)) {
		await rm(part, { force: true });
		throw new Error(
			`weights: ${from ?? weights.url} must have a SHA-256 that begins with ${weights.sha256}, got ${sha256.slice(0, 16)}…; nothing is kept of it`,
		);
	}
	const file = await open(part, "r+");
	await file.sync();
	await file.close();
	await rename(part, path);
	return path;
}

/** SHA-256 of a file of any size, in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
	return hash.digest("hex");
}

async function* download(
	url: string,
	part: string,
	path: string,
	signal: AbortSignal | undefined,
): AsyncGenerator<FetchProgress, void> {
	const start = (await stat(part).catch(() => undefined))?.size ?? 0;
	const headers: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
	const response = await fetch(url, { headers, ...(signal === undefined ? {} : { signal }) }).catch((error: Error) => {
		signal?.throwIfAborted();
		throw new Error(
			`weights: ${url} must be reachable, got ${reasonOf(error)}; download it elsewhere and put it at ${path}, or name it with --from FILE`,
			{ cause: error },
		);
	});
	if (response.status === 416) {
		// The part is as long as the file, or longer: the hash will tell.
		await response.body?.cancel();
		return;
	}
	if (!response.ok || response.body === null) {
		throw new Error(
			`weights: ${url} must answer with the file, got status ${response.status}; download it elsewhere and put it at ${path}, or name it with --from FILE`,
		);
	}
	// A server that does not know ranges sends the whole file.
	const resumed = response.status === 206;
	const before = resumed ? start : 0;
	const length = Number(response.headers.get("content-length") ?? Number.NaN);
	const state = { done: before, ended: false };
	const counted = async function* (body: AsyncIterable<Uint8Array>) {
		for await (const chunk of body) {
			state.done += chunk.length;
			yield chunk;
		}
	};
	const writing = pipeline(
		Readable.fromWeb(response.body as import("node:stream/web").ReadableStream),
		counted,
		createWriteStream(part, { flags: resumed ? "a" : "w" }),
	).finally(() => {
		state.ended = true;
	});
	writing.catch(() => undefined);
	const total = Number.isNaN(length) ? undefined : before + length;
	while (!state.ended) {
		await Promise.race([writing.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 200))]);
		yield { text: `downloading ${url}`, done: state.done, ...(total === undefined ? {} : { total }) };
	}
	await writing.catch((error: Error) => {
		signal?.throwIfAborted();
		throw new Error(
			`weights: ${url} must be sent whole, got ${reasonOf(error)} after ${state.done} bytes; the same command goes on from there`,
			{ cause: error },
		);
	});
	if (total !== undefined && state.done !== total) {
		throw new Error(
			`weights: ${url} must be sent whole, got ${state.done} of ${total} bytes; the same command goes on from there`,
		);
	}
}

/** What stopped a request: fetch keeps it in `cause`. */
function reasonOf(error: Error): string {
	const cause = error.cause as NodeJS.ErrnoException | undefined;
	return cause?.code ?? cause?.message ?? error.message;
}
