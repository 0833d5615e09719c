import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface GoldenArray {
	readonly shape: readonly number[];
	readonly data: Uint8Array | Int32Array | Float32Array | Float64Array | BigInt64Array;
}

const types = {
	U8: Uint8Array,
	I32: Int32Array,
	I64: BigInt64Array,
	F32: Float32Array,
	F64: Float64Array,
} as const;

/** Reads a safetensors file: an 8-byte header length, a JSON header of names, types, shapes and offsets, the bytes. */
export function readSafetensors(path: string): Map<string, GoldenArray> {
	const bytes = readFileSync(path);
	const length = Number(bytes.readBigUInt64LE(0));
	const header = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<
		string,
		{ dtype: string; shape: number[]; data_offsets: [number, number] }
	>;
	const arrays = new Map<string, GoldenArray>();
	for (const [name, entry] of Object.entries(header)) {
		if (name === "__metadata__") continue;
		const [start, end] = entry.data_offsets;
		if (entry.dtype === "F16") {
			const view = new DataView(bytes.buffer, bytes.byteOffset + 8 + length + start, end - start);
			const data = Float32Array.from({ length: (end - start) / 2 }, (_, at) => half(view.getUint16(at * 2, true)));
			arrays.set(name, { shape: entry.shape, data });
			continue;
		}
		const type = types[entry.dtype as keyof typeof types];
		if (type === undefined) throw new TypeError(`${path}: ${name} has unknown type ${entry.dtype}`);
		// Copied, so that the bytes are aligned for their type.
		const copy = Uint8Array.from(bytes.subarray(8 + length + start, 8 + length + end));
		arrays.set(name, { shape: entry.shape, data: new type(copy.buffer) });
	}
	return arrays;
}

/** A topic of golden numbers: its JSON document and its arrays. "NaN" and "Infinity" in the JSON stand for numbers. */
export class Golden<Document> {
	readonly document: Document;
	readonly #arrays: Map<string, GoldenArray>;

	constructor(folder: string, topic: string, arrays = topic) {
		this.document = JSON.parse(readFileSync(join(folder, `${topic}.json`), "utf8")) as Document;
		this.#arrays = readSafetensors(join(folder, `${arrays}.safetensors`));
	}

	array(name: string): GoldenArray {
		const array = this.#arrays.get(name);
		if (array === undefined) throw new RangeError(`golden: no array named ${name}`);
		return array;
	}

	float64(name: string): Float64Array {
		return Float64Array.from(this.array(name).data as Float64Array, Number);
	}

	/** A two-dimensional array as feature rows. */
	features(name: string): { data: Float64Array; count: number; dimensions: number } {
		const [count, dimensions] = this.array(name).shape as [number, number];
		return { data: this.float64(name), count, dimensions };
	}

	int32(name: string): Int32Array {
		return Int32Array.from(this.array(name).data as Int32Array, Number);
	}

	/** A picture [height, width] or [height, width, channels] of bytes or floats. */
	picture(name: string): {
		data: Uint8Array | Float32Array | Float64Array;
		height: number;
		width: number;
		channels: number;
	} {
		const { shape, data } = this.array(name);
		const [height, width, channels = 1] = shape as [number, number, number?];
		if (!(data instanceof Uint8Array || data instanceof Float32Array || data instanceof Float64Array)) {
			throw new TypeError(`golden: ${name} is not a picture`);
		}
		return { data, height, width, channels };
	}
}

/** The value of 16 bits in IEEE half precision. */
function half(bits: number): number {
	const sign = bits & 0x8000 ? -1 : 1;
	const exponent = (bits >> 10) & 0x1f;
	const fraction = bits & 0x3ff;
	if (exponent === 0) return sign * fraction * 2 ** -24;
	if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
	return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A number as the JSON files write it. */
export function number(value: number | string): number {
	return Number(value);
}

/**
 * Folders of metric goldens to check: the part that ships with the package and, where FOVEA_GOLDEN names a folder of all
 * goldens, its metrics.
 */
export function goldenFolders(): string[] {
	const all = process.env["FOVEA_GOLDEN"];
	return [join("fixtures", "metrics"), ...(all === undefined ? [] : [join(all, "metrics")])];
}

/** Whether two numbers agree to `absolute` or `relative`; NaN agrees with NaN, infinity with itself. */
export function close(actual: number, expected: number, absolute: number, relative = 0): boolean {
	if (Object.is(actual, expected) || actual === expected) return true;
	return Math.abs(actual - expected) <= Math.max(absolute, relative * Math.abs(expected));
}
