import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createInflateRaw } from "node:zlib";

interface Entry {
	readonly name: string;
	readonly method: number;
	readonly compressed: number;
	readonly bytes: number;
	/** Where its local header starts. */
	readonly offset: number;
}

/** A Python wheel (a zip archive) read entry by entry, each checked against the hash that its RECORD gives. */
export class Wheel implements AsyncDisposable {
	readonly path: string;
	readonly entries: readonly Entry[];
	readonly #file: FileHandle;

	private constructor(path: string, file: FileHandle, entries: readonly Entry[]) {
		this.path = path;
		this.#file = file;
		this.entries = entries;
	}

	/** Reads the archive's directory. Throws on a file that is not a whole zip archive. */
	static async open(path: string): Promise<Wheel> {
		const file = await open(path, "r");
		try {
			return new Wheel(path, file, await readDirectory(path, file));
		} catch (error) {
			await file.close();
			throw error;
		}
	}

	/** The text of a small entry whose name ends in `end`. */
	async text(end: string): Promise<string> {
		const entry = this.entries.find(({ name }) => name.endsWith(end));
		if (entry === undefined) throw new Error(`wheel: ${this.path} must hold ${end}, got none`);
		const chunks: Buffer[] = [];
		for await (const chunk of await this.#read(entry)) chunks.push(chunk as Buffer);
		return Buffer.concat(chunks).toString("utf8");
	}

	/**
	 * Unpacks the entries that `wanted` accepts below `folder`, yielding how many bytes are done after each piece.
	 * Throws where one differs from its hash: nothing of a damaged wheel may be used.
	 */
	async *unpack(wanted: (name: string) => boolean, folder: string): AsyncGenerator<{ done: number; total: number }> {
		const hashes = parseRecord(await this.text(".dist-info/RECORD"));
		const chosen = this.entries.filter(({ name }) => !name.endsWith("/") && wanted(name));
		const total = chosen.reduce((sum, entry) => sum + entry.bytes, 0);
		let done = 0;
		for (const entry of chosen) {
			if (entry.name.split("/").includes(".."))
				throw new Error(`wheel: ${this.path} must stay in its folder, got ${entry.name}`);
			const target = join(folder, entry.name);
			await mkdir(dirname(target), { recursive: true });
			const out = await open(target, "w");
			const hash = createHash("sha256");
			try {
				for await (const chunk of await this.#read(entry)) {
					hash.update(chunk as Buffer);
					await out.writeFile(chunk as Buffer);
					done += (chunk as Buffer).length;
					yield { done, total };
				}
				await out.sync();
			} finally {
				await out.close();
			}
			if (hash.digest("base64url") !== hashes.get(entry.name)) {
				throw new Error(
					`wheel: ${entry.name} in ${this.path} must have the hash of its RECORD, got another: the file is damaged`,
				);
			}
		}
	}

	async #read(entry: Entry): Promise<AsyncIterable<unknown>> {
		const header = Buffer.alloc(30);
		await this.#file.read(header, 0, 30, entry.offset);
		if (header.readUInt32LE(0) !== 0x04034b50)
			throw new Error(`wheel: ${this.path} must be a whole zip archive, got a damaged entry ${entry.name}`);
		const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
		if (entry.compressed === 0) return (async function* () {})();
		const raw = createReadStream(this.path, { start, end: start + entry.compressed - 1, highWaterMark: 1 << 20 });
		if (entry.method === 0) return raw;
		if (entry.method !== 8)
			throw new Error(`wheel: ${entry.name} must be stored or deflated, got method ${entry.method}`);
		const inflate = createInflateRaw({ chunkSize: 1 << 20 });
		// An error of either stream reaches the reader through the iterator.
		pipeline(raw, inflate).catch(() => undefined);
		return inflate;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#file.close();
	}
}

async function readDirectory(path: string, file: FileHandle): Promise<Entry[]> {
	const { size } = await file.stat();
	const tail = Buffer.alloc(Math.min(size, 65_557));
	await file.read(tail, 0, tail.length, size - tail.length);
	const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
	if (end < 0 || end + 22 > tail.length)
		throw new Error(`wheel: ${path} must be a whole zip archive, got ${size} bytes without its end`);
	const count = tail.readUInt16LE(end + 10);
	const directory = Buffer.alloc(tail.readUInt32LE(end + 12));
	await file.read(directory, 0, directory.length, tail.readUInt32LE(end + 16));
	const entries: Entry[] = [];
	let at = 0;
	for (let index = 0; index < count; index += 1) {
		if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50) {
			throw new Error(`wheel: ${path} must be a whole zip archive, got a damaged directory`);
		}
		const nameBytes = directory.readUInt16LE(at + 28);
		entries.push({
			name: directory.toString("utf8", at + 46, at + 46 + nameBytes),
			method: directory.readUInt16LE(at + 10),
			compressed: directory.readUInt32LE(at + 20),
			bytes: directory.readUInt32LE(at + 24),
			offset: directory.readUInt32LE(at + 42),
		});
		at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
	}
	return entries;
}

/** File name → sha256 in URL-safe base64, of the lines of a wheel's RECORD that give one. */
export function parseRecord(text: string): Map<string, string> {
	const hashes = new Map<string, string>();
	for (const line of text.split(/\r?\n/)) {
		const match = /^"?(.+?)"?,sha256=([\w-]+),\d*$/.exec(line);
		if (match !== null) hashes.set(match[1] as string, match[2] as string);
	}
	return hashes;
}
