/** What an ONNX model keeps beside it: PyTorch's exporter writes weights to `model.onnx.data`. */
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";

/** A model's bytes, and the files its tensors lie in. */
export interface OnnxFiles {
	readonly model: Uint8Array;
	/** By the names that the model calls them. */
	readonly external: readonly { readonly path: string; readonly data: Uint8Array }[];
}

/** Reads a model and every file that it names. Errors are one line and name the file. */
export async function readOnnxFiles(file: string): Promise<OnnxFiles> {
	const read = async (path: string, requirement: string): Promise<Uint8Array> =>
		await readFile(path).catch((error: NodeJS.ErrnoException) => {
			const got = error.code === "ENOENT" ? "nothing of that name" : error.code;
			throw new Error(`onnx: ${path} must be ${requirement}, got ${got}`, { cause: error });
		});
	const model = await read(file, "a model");
	const external: { path: string; data: Uint8Array }[] = [];
	for (const path of externalNames(model)) {
		if (isAbsolute(path) || normalize(path).startsWith("..")) {
			throw new RangeError(`onnx: ${file} must keep its weights in its own folder, got ${path}`);
		}
		external.push({ path, data: await read(join(dirname(file), path), `the weights of ${file}`) });
	}
	return { model, external };
}

/**
 * The files named by the tensors of a model, in the order met: the entries `location` of TensorProto.external_data
 * (onnx.proto). Bytes that are no model name none.
 */
function externalNames(model: Uint8Array): Set<string> {
	const names = new Set<string>();
	const visit = (bytes: Uint8Array, message: string): void => {
		for (const { field, value } of lengthDelimited(bytes)) {
			const inner = messages[message]?.[field];
			if (inner === undefined) continue;
			if (inner !== "entry") {
				visit(value, inner);
				continue;
			}
			const [key, name] = [1, 2].map((part) => {
				const found = [...lengthDelimited(value)].find((one) => one.field === part);
				return new TextDecoder().decode(found?.value);
			}) as [string, string];
			if (key === "location") names.add(name);
		}
	};
	visit(model, "model");
	return names;
}

/** Fields that lead to tensors, by their numbers in onnx.proto. */
const messages: Readonly<Record<string, Readonly<Record<number, string>>>> = {
	model: { 7: "graph", 25: "function" },
	graph: { 1: "node", 5: "tensor" },
	function: { 7: "node" },
	node: { 5: "attribute" },
	attribute: { 5: "tensor", 6: "graph", 10: "tensor", 11: "graph" },
	tensor: { 13: "entry" },
};

/** The fields of a protocol buffer's message that hold bytes; ends where the bytes are no message. */
function* lengthDelimited(bytes: Uint8Array): Generator<{ readonly field: number; readonly value: Uint8Array }> {
	let at = 0;
	const varint = (): number => {
		let value = 0;
		for (let scale = 1; at < bytes.length; scale *= 128) {
			const byte = bytes[at] as number;
			at += 1;
			value += (byte % 128) * scale;
			if (byte < 128) return value;
		}
		return Number.NaN;
	};
	while (at < bytes.length) {
		const tag = varint();
		switch (tag % 8) {
			case 0:
				varint();
				break;
			case 1:
				at += 8;
				break;
			case 2: {
				const length = varint();
				if (!(at + length <= bytes.length)) return;
				yield { field: Math.floor(tag / 8), value: bytes.subarray(at, at + length) };
				at += length;
				break;
			}
			case 5:
				at += 4;
				break;
			default:
				return;
		}
	}
}
