/**
 * The safetensors format: eight bytes of header length, a JSON header `{name: {dtype, shape, data_offsets}}` with strings
 * under `__metadata__`, then the bytes, little-endian, without gaps. Read whole; nothing in a file is executed.
 */
import { readFile } from "node:fs/promises";
import { writeAtomically } from "./files.ts";

export type Values =
	| Float32Array
	| Float64Array
	| Int8Array
	| Int16Array
	| Int32Array
	| Uint8Array
	| Uint16Array
	| Uint32Array;

export interface StoredTensor {
	/** As in the file: `F32`, `I64` … */
	readonly dtype: string;
	readonly shape: readonly number[];
	/** Row-major. Half precision becomes float32, 64-bit integers become float64 (exact to 2^53). */
	readonly values: Values;
}

export interface SafeTensors {
	readonly metadata: Readonly<Record<string, string>>;
	/** In the order of the header. */
	readonly tensors: ReadonlyMap<string, StoredTensor>;
}

type Decode = (bytes: ArrayBuffer) => Values;
/** By the format's names of value types: bytes of one value, and how little-endian bytes are read. */
export const formats: Readonly<Record<string, readonly [bytesPerValue: number, decode: Decode]>> = {
	F64: [8, (bytes) => new Float64Array(bytes)],
	F32: [4, (bytes) => new Float32Array(bytes)],
	F16: [2, (bytes) => Float32Array.from(new Uint16Array(bytes), halfToFloat)],
	BF16: [2, (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer)],
	I64: [8, (bytes) => Float64Array.from(new BigInt64Array(bytes), Number)],
	U64: [8, (bytes) => Float64Array.from(new BigUint64Array(bytes), Number)],
	I32: [4, (bytes) => new Int32Array(bytes)],
	U32: [4, (bytes) => new Uint32Array(bytes)],
	I16: [2, (bytes) => new Int16Array(bytes)],
	U16: [2, (bytes) => new Uint16Array(bytes)],
	I8: [1, (bytes) => new Int8Array(bytes)],
	U8: [1, (bytes) => new Uint8Array(bytes)],
	BOOL: [1, (bytes) => new Uint8Array(bytes)],
};

/** Reads a file. Throws `FILE: requirement, got value` where it is not a whole, consistent safetensors file. */
export async function readSafetensors(path: string): Promise<SafeTensors> {
	return parseSafetensors(await readFile(path), path);
}

/** Reads the bytes of a file; `where` names it in errors. */
export function parseSafetensors(bytes: Uint8Array, where: string): SafeTensors {
	const header = readHeader(bytes, where);
	const { __metadata__: metadata = {}, ...entries } = header.json;
	if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
		throw new RangeError(`${where}: __metadata__ must hold strings, got ${JSON.stringify(metadata).slice(0, 80)}`);
	}
	const data = bytes.subarray(header.end);
	const tensors = new Map<string, StoredTensor>();
	const spans: [begin: number, end: number][] = [];
	for (const [name, entry] of Object.entries(entries)) {
		const { dtype, shape, begin, end, decode } = readEntry(entry, `${where}: tensor ${name}`, data.length);
		// A copy, because typed arrays must start at multiples of their values' size (slice of a Buffer makes none).
		tensors.set(name, { dtype, shape, values: decode(new Uint8Array(data.subarray(begin, end)).buffer) });
		spans.push([begin, end]);
	}
	spans.sort(([a, aEnd], [b, bEnd]) => a - b || aEnd - bEnd);
	let position = 0;
	for (const [begin, end] of [...spans, [data.length, data.length] as const]) {
		if (begin !== position) {
			throw new RangeError(
				`${where}: tensors must fill the data without gap or overlap, got byte ${begin} after ${position}`,
			);
		}
		position = end;
	}
	return { metadata: metadata as Record<string, string>, tensors };
}

/** Writes tensors and metadata, atomically: as float32, or rounded to half precision. */
export async function writeSafetensors(
	path: string,
	tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>,
	metadata: Readonly<Record<string, string>> = {},
	{ dtype = "F32" }: { readonly dtype?: "F32" | "F16" } = {},
): Promise<void> {
	const header: Record<string, unknown> = { __metadata__: metadata };
	const parts: Uint8Array[] = [];
	let position = 0;
	for (const [name, { shape, data }] of Object.entries(tensors)) {
		const length = shape.reduce((product, side) => product * side, 1);
		if (length !== data.length) {
			throw new RangeError(
				`${path}: tensor ${name} of shape [${shape}] must have ${length} values, got ${data.length}`,
			);
		}
		const { buffer, byteOffset, byteLength } = dtype === "F16" ? Uint16Array.from(data, floatToHalf) : data;
		header[name] = { dtype, shape, data_offsets: [position, position + byteLength] };
		parts.push(new Uint8Array(buffer, byteOffset, byteLength));
		position += byteLength;
	}
	const unpadded = new TextEncoder().encode(JSON.stringify(header));
	const headerLength = Math.ceil(unpadded.length / 8) * 8;
	const bytes = new Uint8Array(8 + headerLength + position).fill(0x20, 8, 8 + headerLength);
	new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
	bytes.set(unpadded, 8);
	let offset = 8 + headerLength;
	for (const part of parts) {
		bytes.set(part, offset);
		offset += part.length;
	}
	await writeAtomically(path, bytes);
}

function readHeader(bytes: Uint8Array, where: string): { json: Record<string, unknown>; end: number } {
	if (bytes.length < 8) throw new RangeError(`${where}: must have at least 8 bytes, got ${bytes.length}`);
	const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
	if (length > BigInt(bytes.length - 8)) {
		throw new RangeError(`${where}: header of ${length} bytes must fit in the file, got ${bytes.length} bytes`);
	}
	const end = 8 + Number(length);
	let json: unknown;
	try {
		json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, end)));
	} catch (cause) {
		throw new RangeError(`${where}: header must be JSON, got ${(cause as Error).message}`, { cause });
	}
	if (!isRecord(json)) throw new RangeError(`${where}: header must be a JSON object, got ${typeof json}`);
	return { json, end };
}

function readEntry(entry: unknown, where: string, available: number) {
	if (!isRecord(entry)) throw new RangeError(`${where}: must be described by an object, got ${JSON.stringify(entry)}`);
	const { dtype, shape, data_offsets: offsets } = entry;
	const format = typeof dtype === "string" ? formats[dtype] : undefined;
	if (format === undefined) {
		throw new RangeError(`${where}: dtype must be one of ${Object.keys(formats).join(" ")}, got ${dtype}`);
	}
	if (!isSizes(shape)) throw new RangeError(`${where}: shape must list whole numbers, got ${JSON.stringify(shape)}`);
	if (!isSizes(offsets) || offsets.length !== 2) {
		throw new RangeError(`${where}: data_offsets must be two whole numbers, got ${JSON.stringify(offsets)}`);
	}
	const [begin, end] = offsets as [number, number];
	const size = shape.reduce((product, side) => product * side, format[0]);
	if (end - begin !== size || end > available) {
		throw new RangeError(`${where}: must have ${size} of ${available} bytes, got offsets ${begin} to ${end}`);
	}
	return { dtype: dtype as string, shape, begin, end, decode: format[1] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
	return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}

/** IEEE half precision: 1 sign, 5 exponent, 10 fraction bits. */
function halfToFloat(bits: number): number {
	const sign = bits & 0x8000 ? -1 : 1;
	const exponent = (bits >> 10) & 0x1f;
	const fraction = bits & 0x3ff;
	if (exponent === 0) return sign * fraction * 2 ** -24;
	if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
	return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const half = { largest: 65504, leastExponent: -14 };

/** The nearest half, ties to even; beyond the largest, infinity. */
function floatToHalf(value: number): number {
	const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
	const size = Math.abs(value);
	if (Number.isNaN(value)) return 0x7e00;
	// Half a step above the largest half rounds up.
	if (size >= half.largest + 16) return sign | 0x7c00;
	const exponent = Math.max(half.leastExponent, Math.floor(Math.log2(size)));
	const steps = toEven(size / 2 ** (exponent - 10));
	// Steps of a normal number are 1024 to 2047, and 2048 carries into the exponent; fewer are subnormal.
	return sign | (steps + (exponent - half.leastExponent) * 1024);
}

function toEven(value: number): number {
	const low = Math.floor(value);
	const rest = value - low;
	return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
