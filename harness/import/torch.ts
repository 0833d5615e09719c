/**
 * Files of `torch.save`: the zip form (PyTorch 1.6 and later: `NAME/data.pkl` and a record per storage) and the form before it
 * (five pickles, then the storages one after another). Nothing in a file is executed.
 */
import { formats } from "../safetensors.ts";
import { type Dict, readPickle, type Value } from "./pickle.ts";
import { Storage, type StoredTensor, tensorsBelow, torchReader } from "./tensors.ts";
import { isZip, Zip } from "./zip.ts";

const magic = 0x1950a86a20f9469cfc6cn;
/** The first pickle of the older form: protocol 2 and a number of ten bytes, the magic one. */
const legacyStart = Uint8Array.from([
	0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
]);

export interface TorchFile {
	readonly format: string;
	readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Reads the bytes of a file, or gives undefined where they are not PyTorch's. Throws `where: requirement, got value`. */
export function readTorch(bytes: Uint8Array, where: string): TorchFile | undefined {
	if (isZip(bytes)) return { format: "PyTorch, zip", tensors: readZip(bytes, where) };
	if (startsWith(bytes, legacyStart)) return { format: "PyTorch, before 1.6", tensors: readLegacy(bytes, where) };
	if (Buffer.from(bytes.subarray(257, 262)).toString() === "ustar") {
		throw new RangeError(
			`${where}: must be of torch.save since 0.1.10, got its tar form of before; load it in PyTorch and save it again`,
		);
	}
	return undefined;
}

function readZip(bytes: Uint8Array, where: string): Map<string, StoredTensor> {
	const zip = new Zip(bytes, where);
	const pickles = zip.names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
	const [pickle] = pickles;
	if (pickle === undefined || pickles.length > 1) {
		throw new RangeError(`${where}: must be an archive of torch.save with one data.pkl, got ${pickles.length} of them`);
	}
	const root = pickle.slice(0, -"data.pkl".length);
	const order = zip.has(`${root}byteorder`) ? zip.read(`${root}byteorder`).toString() : "little";
	if (order !== "little") throw new RangeError(`${where}: byte order must be little, got ${order}`);
	const storages = new Map<string, Storage>();
	const reader = torchReader(where, ({ key, type, length }) => {
		const known = storages.get(key) ?? new Storage(key, type, length, () => record(key, type, length));
		if (known.type !== type || known.length !== length) {
			throw new RangeError(`${where}: storage ${key} must be described alike wherever it is named, got two ways`);
		}
		storages.set(key, known);
		return known;
	});
	const record = (key: string, type: string | undefined, length: number) => {
		const data = zip.read(`${root}data/${key}`);
		const size = length * (type === undefined ? 1 : (formats[type]?.[0] as number));
		if (data.length !== size) {
			throw new RangeError(`${where}: storage ${key} must have ${size} bytes, got ${data.length}`);
		}
		return data;
	};
	const { value } = readPickle(zip.read(pickle), `${where}: ${pickle}`, reader);
	return tensorsBelow(value, where);
}

function readLegacy(bytes: Uint8Array, where: string): Map<string, StoredTensor> {
	const records = new Map<string, Uint8Array>();
	const storages = new Map<string, Storage>();
	const reader = torchReader(where, ({ key, type, length, view }) => {
		if (view !== null && view !== undefined) {
			throw new RangeError(
				`${where}: storage ${key} must be whole, got a view of one; save it again with a newer PyTorch`,
			);
		}
		const known = storages.get(key) ?? new Storage(key, type, length, () => records.get(key) as Uint8Array);
		storages.set(key, known);
		return known;
	});
	let end = 0;
	const next = (): Value => {
		const read = readPickle(bytes, where, reader, end);
		end = read.end;
		return read.value;
	};
	const first = next();
	if (first !== magic) throw new RangeError(`${where}: must begin with torch.save's magic number, got ${first}`);
	const protocol = next();
	if (protocol !== 1001) throw new RangeError(`${where}: protocol must be 1001, got ${protocol}`);
	const system = next();
	if (!(system instanceof Map) || (system as Dict).get("little_endian") !== true) {
		throw new RangeError(`${where}: byte order must be little, got another`);
	}
	const value = next();
	const keys = next();
	if (!Array.isArray(keys)) throw new RangeError(`${where}: must list its storages, got ${typeof keys}`);
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	for (const key of keys) {
		const storage = storages.get(String(key));
		if (storage === undefined) throw new RangeError(`${where}: storage ${key} must belong to a tensor, got none of it`);
		const size = storage.length * (formats[storage.type ?? "U8"]?.[0] as number);
		if (end + 8 + size > bytes.length) {
			throw new RangeError(
				`${where}: storage ${key} must have ${size} bytes, got ${bytes.length - end - 8}; the file is cut off`,
			);
		}
		const length = Number(view.getBigInt64(end, true));
		if (length !== storage.length) {
			throw new RangeError(`${where}: storage ${key} must have ${storage.length} values, got ${length}`);
		}
		records.set(String(key), bytes.subarray(end + 8, end + 8 + size));
		end += 8 + size;
	}
	const absent = [...storages.keys()].filter((key) => !records.has(key));
	if (absent.length > 0) throw new RangeError(`${where}: must hold storage ${absent[0]}, got ${records.size} others`);
	return tensorsBelow(value, where);
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
	return start.every((byte, index) => bytes[index] === byte);
}
