import { zipSync } from "fflate";

/** Opcodes of Python's pickle, enough to write what a test needs. */
export const pickle = {
	start: [0x80, 2],
	stop: [0x2e],
	mark: [0x28],
	dict: [0x7d],
	tuple: [0x74],
	setItems: [0x75],
	reduce: [0x52],
	persistent: [0x51],
	none: [0x4e],
	no: [0x89],
	global: (module: string, name: string) => [0x63, ...Buffer.from(`${module}\n${name}\n`)],
	text: (value: string) => {
		const bytes = Buffer.from(value);
		return [0x58, bytes.length, 0, 0, 0, ...bytes];
	},
	int: (value: number) => [0x4a, ...new Uint8Array(Int32Array.of(value).buffer)],
};

export interface WrittenTensor {
	readonly shape: readonly number[];
	readonly stride: readonly number[];
	readonly offset?: number;
	/** Values of its storage. */
	readonly length: number;
}

/** A pickle of one dict of float tensors, each with a storage of its own called by the tensor's place. */
export function pickleOf(tensors: Readonly<Record<string, WrittenTensor>>): Uint8Array {
	const { mark, tuple, reduce, text, int, global } = pickle;
	const numbers = (values: readonly number[]) => [...mark, ...values.flatMap(int), ...tuple];
	const entries = Object.entries(tensors).flatMap(([name, { shape, stride, offset = 0, length }], key) => [
		...text(name),
		...global("torch._utils", "_rebuild_tensor_v2"),
		...mark,
		...[...mark, ...text("storage"), ...global("torch", "FloatStorage"), ...text(String(key))],
		...[...text("cpu"), ...int(length), ...tuple, ...pickle.persistent],
		...[...int(offset), ...numbers(shape), ...numbers(stride), ...pickle.no, ...pickle.none, ...tuple, ...reduce],
	]);
	return Uint8Array.from([...pickle.start, ...pickle.dict, ...mark, ...entries, ...pickle.setItems, ...pickle.stop]);
}

/** An archive as torch.save writes it: one pickle and a record for each storage, stored. */
export function archiveOf(data: Uint8Array, records: readonly Uint8Array[] = [], level: 0 | 9 = 0): Uint8Array {
	const files = Object.fromEntries(records.map((bytes, key) => [`archive/data/${key}`, bytes]));
	return zipSync({ "archive/data.pkl": data, ...files, "archive/version": Buffer.from("3\n") }, { level });
}
