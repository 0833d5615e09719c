/** Number arrays in files: NumPy's `.npy` and `.npz`, and safetensors. `FILE#NAME` names one of several. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { unzipSync } from "fflate";
import { foundInstead } from "./files.ts";
import { parseSafetensors } from "./safetensors.ts";

export interface NumberArray {
	readonly shape: readonly number[];
	/** Row-major; half precision comes as float32, 64-bit integers as float64. */
	readonly values:
		| Float64Array
		| Float32Array
		| Int32Array
		| Int16Array
		| Int8Array
		| Uint8Array
		| Uint16Array
		| Uint32Array;
}

const extensions = [".npy", ".npz", ".safetensors"];

/** Whether a name is that of an array file, by its extension. */
export function isArrayFile(set: string): boolean {
	return extensions.includes(extname(splitName(set).path).toLowerCase());
}

/** Reads `FILE.npy`, `FILE.npz`, `FILE.npz#NAME` or `FILE.safetensors#NAME`. The name may be left out where there is one array. */
export async function readArray(set: string): Promise<NumberArray> {
	const { path, name } = splitName(set);
	switch (extname(path).toLowerCase()) {
		case ".npy":
			if (name !== undefined) throw new RangeError(`${set}: an .npy file holds one array without a name, got #${name}`);
			return parseNpy(await readBytes(path), path);
		case ".npz": {
			const entries = unzip(await readBytes(path), path);
			const chosen = choose(path, name, [...entries.keys()]);
			return parseNpy(entries.get(chosen) as Uint8Array, `${path}#${chosen}`);
		}
		case ".safetensors": {
			const { tensors } = parseSafetensors(await readBytes(path), path);
			const chosen = choose(path, name, [...tensors.keys()]);
			const { shape, values } = tensors.get(chosen) as { shape: readonly number[]; values: NumberArray["values"] };
			return { shape, values };
		}
		default:
			throw new RangeError(`${path}: must be an array file (${extensions.join(" ")}), got another kind`);
	}
}

/** Parses the bytes of an `.npy` file (versions 1 to 3 of the format). `where` names it in errors. */
export function parseNpy(bytes: Uint8Array, where: string): NumberArray {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
	if (bytes.length < 10 || magic.some((byte, at) => bytes[at] !== byte)) {
		throw new RangeError(`${where}: must be an .npy file, got bytes that do not begin as one`);
	}
	const wide = (bytes[6] as number) >= 2;
	const start = wide ? 12 : 10;
	const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
	const header = new TextDecoder().decode(bytes.subarray(start, end));
	const type = /'descr':\s*'([<>|=]?)([a-z])(\d+)'/.exec(header);
	const order = /'fortran_order':\s*(True|False)/.exec(header);
	const sides = /'shape':\s*\(([^)]*)\)/.exec(header);
	if (end > bytes.length || type === null || order === null || sides === null) {
		throw new RangeError(
			`${where}: header must give a plain number type, order and shape, got ${header.slice(0, 80).trim()}`,
		);
	}
	const shape = (sides[1] as string)
		.split(",")
		.filter((side) => side.trim() !== "")
		.map(Number);
	const count = shape.reduce((product, side) => product * side, 1);
	const code = `${type[2]}${type[3]}`;
	const format = formats[code];
	if (format === undefined) {
		throw new RangeError(`${where}: numbers must be of type ${Object.keys(formats).join(" ")}, got ${code}`);
	}
	const size = Number(type[3]);
	if (bytes.length - end < count * size) {
		throw new RangeError(`${where}: must hold ${count * size} bytes of numbers, got ${bytes.length - end}`);
	}
	// A copy of its own: the slice of a Buffer would share the whole file.
	const raw = new Uint8Array(bytes.subarray(end, end + count * size));
	if (type[1] === ">") swapBytes(raw, size);
	const values = format(raw.buffer);
	return { shape, values: order[1] === "True" ? rowMajor(values, shape) : values };
}

const formats: Readonly<Record<string, (bytes: ArrayBuffer) => NumberArray["values"]>> = {
	f2: (bytes) => Float32Array.from(new Uint16Array(bytes), halfToFloat),
	f4: (bytes) => new Float32Array(bytes),
	f8: (bytes) => new Float64Array(bytes),
	i1: (bytes) => new Int8Array(bytes),
	i2: (bytes) => new Int16Array(bytes),
	i4: (bytes) => new Int32Array(bytes),
	i8: (bytes) => Float64Array.from(new BigInt64Array(bytes), Number),
	u1: (bytes) => new Uint8Array(bytes),
	u2: (bytes) => new Uint16Array(bytes),
	u4: (bytes) => new Uint32Array(bytes),
	u8: (bytes) => Float64Array.from(new BigUint64Array(bytes), Number),
	b1: (bytes) => new Uint8Array(bytes),
};

function halfToFloat(bits: number): number {
	const sign = bits & 0x8000 ? -1 : 1;
	const exponent = (bits >> 10) & 0x1f;
	const fraction = bits & 0x3ff;
	if (exponent === 0) return sign * fraction * 2 ** -24;
	if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
	return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function swapBytes(bytes: Uint8Array, size: number): void {
	for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** Column-major values in row-major order. */
function rowMajor<T extends NumberArray["values"]>(values: T, shape: readonly number[]): T {
	const turned = values.slice() as T;
	const place = shape.map(() => 0);
	for (let from = 0; from < values.length; from += 1) {
		let to = 0;
		for (const [axis, side] of shape.entries()) to = to * side + (place[axis] as number);
		turned[to] = values[from] as number;
		for (let axis = 0; axis < shape.length; axis += 1) {
			place[axis] = (place[axis] as number) + 1;
			if ((place[axis] as number) < (shape[axis] as number)) break;
			place[axis] = 0;
		}
	}
	return turned;
}

function unzip(bytes: Uint8Array, path: string): Map<string, Uint8Array> {
	try {
		const files = Object.entries(unzipSync(bytes)).filter(([name]) => name.endsWith(".npy"));
		return new Map(files.map(([name, data]) => [name.slice(0, -".npy".length), data]));
	} catch (cause) {
		throw new Error(`${path}: must be a whole .npz file, got ${(cause as Error).message}`, { cause });
	}
}

function choose(path: string, name: string | undefined, names: readonly string[]): string {
	if (name !== undefined && names.includes(name)) return name;
	if (name === undefined && names.length === 1) return names[0] as string;
	const listed = names.length > 12 ? `${names.slice(0, 12).join(", ")} … (${names.length})` : names.join(", ");
	if (names.length === 0) throw new RangeError(`${path}: must hold an array, got none`);
	if (name !== undefined) throw new RangeError(`${path}: array must be one of ${listed}, got ${name}`);
	throw new RangeError(`${path}: one array must be named (${path}#NAME), got ${names.length}: ${listed}`);
}

function splitName(set: string): { path: string; name: string | undefined } {
	const at = set.lastIndexOf("#");
	return at < 0 ? { path: set, name: undefined } : { path: set.slice(0, at), name: set.slice(at + 1) };
}

async function readBytes(path: string): Promise<Uint8Array> {
	return await readFile(path).catch((error: unknown) => {
		throw missing(path, error);
	});
}

function missing(path: string, error: unknown): Error {
	return new Error(`${path}: must be an array file, got ${foundInstead(error)}`);
}
