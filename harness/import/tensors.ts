/** PyTorch's tensors as its pickles describe them: views, by offset and strides, of storages that several may share. */
import type { TorchArray } from "../../engine/parameters.ts";
import { formats, type Values } from "../safetensors.ts";
import { type Dict, Global, type PickleReader, type Value } from "./pickle.ts";
import { sizeOf, type WeightsTensor } from "./weights.ts";

/** Value types of storages, by PyTorch's class names, as names of `formats`. */
const storageTypes: Readonly<Record<string, string>> = {
	"torch.DoubleStorage": "F64",
	"torch.FloatStorage": "F32",
	"torch.HalfStorage": "F16",
	"torch.BFloat16Storage": "BF16",
	"torch.LongStorage": "I64",
	"torch.IntStorage": "I32",
	"torch.ShortStorage": "I16",
	"torch.CharStorage": "I8",
	"torch.ByteStorage": "U8",
	"torch.BoolStorage": "BOOL",
};

/** Value types that tensors of untyped storages name. */
const valueTypes: Readonly<Record<string, string>> = {
	"torch.float64": "F64",
	"torch.float32": "F32",
	"torch.float16": "F16",
	"torch.bfloat16": "BF16",
	"torch.int64": "I64",
	"torch.int32": "I32",
	"torch.int16": "I16",
	"torch.int8": "I8",
	"torch.uint64": "U64",
	"torch.uint32": "U32",
	"torch.uint16": "U16",
	"torch.uint8": "U8",
	"torch.bool": "BOOL",
};

const functions: Readonly<Record<string, (args: readonly Value[], where: string) => Value>> = {
	"collections.OrderedDict": ([pairs]) => new Map(Array.isArray(pairs) ? (pairs as [Value, Value][]) : []),
	"torch._utils._rebuild_tensor_v2": tensor,
	"torch._utils._rebuild_tensor": tensor,
	"torch._utils._rebuild_tensor_v3": ([storage, offset, shape, stride, , , type], where) =>
		tensor([storage, offset, shape, stride, type], where),
	"torch._utils._rebuild_parameter": ([data]) => data,
	"torch._utils._rebuild_parameter_with_state": ([data]) => data,
	"torch._tensor._rebuild_from_type_v2": ([made, , args], where) => {
		const rebuild = made instanceof Global ? functions[made.name] : undefined;
		if (rebuild === undefined || !Array.isArray(args)) throw new RangeError(`${where}: must hold plain tensors`);
		return rebuild(args, where);
	},
	"torch.Size": ([sizes]) => sizes,
	"torch.device": ([name]) => name,
};

/** Classes that are named beside tensors and never called. */
const names = new Set([
	...[...Object.keys(storageTypes), "torch.storage.UntypedStorage", ...Object.keys(valueTypes)],
	...["torch.Tensor", "torch._tensor.Tensor", "torch.nn.parameter.Parameter"],
]);

/** A storage: values of one type, whose bytes are found when a tensor is read. */
export class Storage {
	readonly key: string;
	/** A name of `formats`; undefined where the tensor says it. */
	readonly type: string | undefined;
	readonly length: number;
	readonly #bytes: () => Uint8Array;
	readonly #decoded = new Map<string, Values>();

	constructor(key: string, type: string | undefined, length: number, bytes: () => Uint8Array) {
		this.key = key;
		this.type = type;
		this.length = length;
		this.#bytes = bytes;
	}

	/** The values as `type`; decoded once. */
	values(type: string): Values {
		const known = this.#decoded.get(type);
		if (known !== undefined) return known;
		const [size, decode] = formats[type] as (typeof formats)[string];
		const bytes = this.#bytes();
		// A copy, since typed arrays must start at multiples of their values' size.
		const values = decode(new Uint8Array(bytes.subarray(0, Math.floor(bytes.length / size) * size)).buffer);
		this.#decoded.set(type, values);
		return values;
	}
}

/** A tensor of a pickle. */
export class StoredTensor implements WeightsTensor {
	readonly shape: readonly number[];
	readonly #storage: Storage;
	readonly #type: string;
	readonly #offset: number;
	readonly #stride: readonly number[];

	/** Throws where it would reach outside its storage. */
	constructor(
		storage: Storage,
		{ type, offset, shape, stride }: { type: string; offset: number; shape: number[]; stride: number[] },
		where: string,
	) {
		const size = sizeOf(shape);
		const last = shape.reduce((sum, side, axis) => sum + (side - 1) * (stride[axis] as number), offset);
		const length =
			storage.type === undefined ? Math.floor(storage.length / (formats[type]?.[0] as number)) : storage.length;
		if (size > 0 && last >= length) {
			throw new RangeError(
				`${where}: tensor of shape [${shape}] must lie in the ${length} values of storage ${storage.key}, got place ${last}`,
			);
		}
		// Strides of 0 repeat values, which a few bytes could do without end.
		if (!Number.isSafeInteger(size) || size > 64 * length + 65_536) {
			throw new RangeError(`${where}: tensor must not repeat its ${length} values without end, got shape [${shape}]`);
		}
		this.shape = shape;
		this.#storage = storage;
		this.#type = type;
		this.#offset = offset;
		this.#stride = stride;
	}

	read(): TorchArray {
		const values = this.#storage.values(this.#type);
		const size = sizeOf(this.shape);
		const dense = this.shape.every(
			(side, axis) => side === 1 || this.#stride[axis] === sizeOf(this.shape.slice(axis + 1)),
		);
		if (dense) {
			return { shape: this.shape, data: Float32Array.from(values.subarray(this.#offset, this.#offset + size)) };
		}
		const data = new Float32Array(size);
		const index = this.shape.map(() => 0);
		for (let at = 0, from = this.#offset; at < size; at += 1) {
			data[at] = values[from] as number;
			for (let axis = index.length - 1; axis >= 0; axis -= 1) {
				const step = this.#stride[axis] as number;
				const next = (index[axis] as number) + 1;
				from += step;
				index[axis] = next;
				if (next < (this.shape[axis] as number)) break;
				from -= next * step;
				index[axis] = 0;
			}
		}
		return { shape: this.shape, data };
	}
}

/** Reads the pickles of PyTorch; `storage` gives the storage of a persistent id. */
export function torchReader(
	where: string,
	storage: (id: { key: string; type: string | undefined; length: number; view: Value }) => Storage,
): PickleReader {
	return {
		allowed: (name) => functions[name] !== undefined || names.has(name),
		call: (name, args) => functions[name]?.(args, where),
		persistent(id) {
			const [kind, type, key, , length, view] = Array.isArray(id) ? id : [];
			if (kind !== "storage" || !(type instanceof Global) || typeof key !== "string" || !isSize(length)) {
				throw new RangeError(`${where}: a storage must be named by type, key and length, got ${String(kind)}`);
			}
			const known = storageTypes[type.name];
			if (known === undefined && type.name !== "torch.storage.UntypedStorage") {
				throw new RangeError(`${where}: storage must be of ${Object.keys(storageTypes).join(" ")}, got ${type.name}`);
			}
			return storage({ key, type: known, length, view });
		},
	};
}

/** Dicts and lists in each other; checkpoints have four or five. */
const deepest = 64;

/** Every tensor below a value, by its path through dicts and lists. */
export function tensorsBelow(value: Value, where: string): Map<string, StoredTensor> {
	const found = new Map<string, StoredTensor>();
	const open = new Set<Value>();
	let visited = 0;
	const visit = (inner: Value, path: readonly string[]) => {
		visited += 1;
		if (visited > 1_000_000) throw new RangeError(`${where}: must hold at most a million values, got more`);
		if (inner instanceof StoredTensor) {
			found.set(path.join("."), inner);
			return;
		}
		if (path.length > deepest) throw new RangeError(`${where}: dicts must lie at most ${deepest} deep, got one deeper`);
		const entries =
			inner instanceof Map
				? [...(inner as Dict)]
				: Array.isArray(inner)
					? inner.map((each, at) => [at, each] as const)
					: [];
		if (entries.length === 0) return;
		if (open.has(inner)) throw new RangeError(`${where}: dicts must not hold themselves, got one at ${path.join(".")}`);
		open.add(inner);
		for (const [key, each] of entries) visit(each, [...path, String(key)]);
		open.delete(inner);
	};
	visit(value, []);
	if (found.size === 0) throw new RangeError(`${where}: must hold tensors, got none`);
	return found;
}

function tensor([storage, offset, shape, stride, type]: readonly Value[], where: string): StoredTensor {
	if (!(storage instanceof Storage) || !isSize(offset) || !isSizes(shape) || !isSizes(stride)) {
		throw new RangeError(`${where}: a tensor must have a storage, an offset, a shape and strides, got other values`);
	}
	if (shape.length !== stride.length) {
		throw new RangeError(`${where}: a tensor must have as many strides as axes, got [${shape}] and [${stride}]`);
	}
	const named = type instanceof Global ? valueTypes[type.name] : undefined;
	const values = storage.type ?? named;
	if (values === undefined)
		throw new RangeError(`${where}: storage ${storage.key} must have a known value type, got none`);
	return new StoredTensor(storage, { type: values, offset, shape, stride }, where);
}

function isSize(value: Value): value is number {
	return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(value: Value): value is number[] {
	return Array.isArray(value) && value.every(isSize);
}
