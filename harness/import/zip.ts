/**
 * Zip archives of one's own reading, in memory: sizes, ratio, overlaps and checksums are held to what the directory declares,
 * so that neither a damaged archive nor one made to explode is read as weights.
 */
import { crc32, inflateRawSync } from "node:zlib";

export interface ZipLimits {
	/** Entries in the archive. @default 100,000 */
	readonly entries?: number;
	/** Bytes of all entries together, unpacked. @default 16 GiB */
	readonly bytes?: number;
	/** Unpacked bytes of one entry over its packed ones, where it has more than a mebibyte. @default 200 */
	readonly ratio?: number;
}

interface Entry {
	readonly name: string;
	readonly method: number;
	readonly packed: number;
	readonly bytes: number;
	readonly checksum: number;
	/** Where its data starts. */
	readonly start: number;
}

const endMark = 0x06054b50;
const end64Mark = 0x06064b50;
const locator64Mark = 0x07064b50;
const directoryMark = 0x02014b50;
const localMark = 0x04034b50;

/** An archive whose directory was found whole and within the limits. */
export class Zip {
	readonly #entries: ReadonlyMap<string, Entry>;
	readonly #bytes: Buffer;
	readonly #where: string;

	/** `where` names the file in errors. Throws where it is no whole zip archive, or declares too much. */
	constructor(bytes: Uint8Array, where: string, limits: ZipLimits = {}) {
		this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		this.#where = where;
		this.#entries = readDirectory(this.#bytes, where, limits);
	}

	/** Names of the entries, in order of the directory. */
	get names(): string[] {
		return [...this.#entries.keys()];
	}

	has(name: string): boolean {
		return this.#entries.has(name);
	}

	/** The bytes of one entry. Throws where there is none, or where it is not what the directory declares. */
	read(name: string): Buffer {
		const entry = this.#entries.get(name);
		const where = `${this.#where}: entry ${name}`;
		if (entry === undefined) throw new RangeError(`${where} must be in the archive, got none`);
		const packed = this.#bytes.subarray(entry.start, entry.start + entry.packed);
		const bytes = entry.method === 0 ? packed : inflated(packed, entry, where);
		if (bytes.length !== entry.bytes) {
			throw new RangeError(`${where} must have the ${entry.bytes} bytes that are declared, got ${bytes.length}`);
		}
		const checksum = crc32(bytes);
		if (checksum !== entry.checksum) {
			throw new RangeError(
				`${where} must have the checksum ${hexadecimal(entry.checksum)}, got ${hexadecimal(checksum)}; the file is damaged`,
			);
		}
		return bytes;
	}
}

/** True where the bytes begin as a zip archive's. */
export function isZip(bytes: Uint8Array): boolean {
	return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

function inflated(packed: Uint8Array, { bytes }: Entry, where: string): Buffer {
	try {
		// One byte more than declared, so that a longer entry is seen as such.
		return inflateRawSync(packed, { maxOutputLength: bytes + 1 });
	} catch (cause) {
		const longer = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
		const got = longer ? "more" : "damaged data";
		throw new RangeError(`${where} must unpack to the ${bytes} bytes that are declared, got ${got}`, { cause });
	}
}

function readDirectory(bytes: Buffer, where: string, limits: ZipLimits): ReadonlyMap<string, Entry> {
	const { entries: most = 100_000, bytes: largest = 16 * 2 ** 30, ratio = 200 } = limits;
	const { count, start, size, end } = directoryPlace(bytes, where);
	if (count > most) throw new RangeError(`${where}: archive must have at most ${most} entries, got ${count}`);
	if (start + size > end) throw damaged(where, "a directory beyond its end");
	const found = new Map<string, Entry>();
	let total = 0;
	let at = start;
	for (let index = 0; index < count; index += 1) {
		if (at + 46 > start + size || bytes.readUInt32LE(at) !== directoryMark) throw damaged(where, "a damaged directory");
		const lengths = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32)] as const;
		const next = at + 46 + lengths[0] + lengths[1] + lengths[2];
		if (next > start + size) throw damaged(where, "a damaged directory");
		const entry = readEntry(bytes, at, where);
		if (found.has(entry.name)) throw damaged(where, `two entries named ${entry.name}`);
		total += entry.bytes;
		if (total > largest) {
			throw new RangeError(`${where}: archive must unpack to at most ${largest} bytes, got ${total} and more`);
		}
		if (entry.bytes > 2 ** 20 && entry.bytes > entry.packed * ratio) {
			throw new RangeError(
				`${where}: entry ${entry.name} must unpack to at most ${ratio} times its ${entry.packed} bytes, got ${entry.bytes}; a zip bomb`,
			);
		}
		found.set(entry.name, entry);
		at = next;
	}
	refuseOverlaps([...found.values()], start, where);
	return found;
}

function readEntry(bytes: Buffer, at: number, where: string): Entry {
	const nameLength = bytes.readUInt16LE(at + 28);
	const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
	const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + bytes.readUInt16LE(at + 30));
	const wide = wideNumbers(extra);
	// In the order that the zip64 field keeps those which do not fit.
	const field = (offset: number) => {
		const value = bytes.readUInt32LE(at + offset);
		return value === 0xffffffff ? (wide.shift() ?? value) : value;
	};
	const [size, packed, local] = [field(24), field(20), field(42)];
	const method = bytes.readUInt16LE(at + 10);
	if ((bytes.readUInt16LE(at + 8) & 1) !== 0) throw damaged(where, `${name} encrypted`);
	if (method !== 0 && method !== 8) throw damaged(where, `${name} packed by method ${method}, not stored or deflated`);
	if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== localMark) {
		throw damaged(where, `${name} without its header`);
	}
	const localName = bytes.subarray(local + 30, local + 30 + bytes.readUInt16LE(local + 26)).toString("utf8");
	if (localName !== name) throw damaged(where, `${name} with a header of ${localName}`);
	const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
	if (start + packed > bytes.length) throw damaged(where, `${name} cut off`);
	return { name, method, packed, bytes: size, checksum: bytes.readUInt32LE(at + 16), start };
}

/** The 64-bit numbers of an entry's extra field 1. */
function wideNumbers(extra: Buffer): number[] {
	for (let at = 0; at + 4 <= extra.length; ) {
		const length = extra.readUInt16LE(at + 2);
		if (extra.readUInt16LE(at) === 1) {
			const count = Math.floor(Math.min(length, extra.length - at - 4) / 8);
			return Array.from({ length: count }, (_, index) => Number(extra.readBigUInt64LE(at + 4 + index * 8)));
		}
		at += 4 + length;
	}
	return [];
}

/** Where the directory lies and how many entries it has. */
function directoryPlace(bytes: Buffer, where: string): { count: number; start: number; size: number; end: number } {
	const from = Math.max(0, bytes.length - 65_557);
	let at = bytes.length - 22;
	while (at >= from && bytes.readUInt32LE(at) !== endMark) at -= 1;
	if (at < from || at < 0) throw damaged(where, "no end of a directory; the file is cut off");
	const [count, size, start] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 12), bytes.readUInt32LE(at + 16)];
	if (at >= 20 && bytes.readUInt32LE(at - 20) === locator64Mark) {
		const end = Number(bytes.readBigUInt64LE(at - 12));
		if (end + 56 > bytes.length || bytes.readUInt32LE(end) !== end64Mark) throw damaged(where, "a damaged directory");
		const wide = (offset: number) => Number(bytes.readBigUInt64LE(end + offset));
		return { count: wide(32), size: wide(40), start: wide(48), end };
	}
	return { count, size, start, end: at };
}

/** Entries that share bytes unpack to far more than the file has. */
function refuseOverlaps(entries: readonly Entry[], directory: number, where: string): void {
	const sorted = [...entries].sort((a, b) => a.start - b.start);
	for (const [index, { name, start, packed }] of sorted.entries()) {
		const next = sorted[index + 1]?.start ?? directory;
		if (start + packed > next) throw damaged(where, `${name} over the bytes of another entry`);
	}
}

function damaged(where: string, got: string): RangeError {
	return new RangeError(`${where}: must be a whole zip archive, got ${got}`);
}

function hexadecimal(value: number): string {
	return value.toString(16).padStart(8, "0");
}
