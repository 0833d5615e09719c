import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { parseSafetensors, readSafetensors, writeSafetensors } from "../../harness/safetensors.ts";

/** A file with this header and these data. */
function file(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
	const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
	const bytes = new Uint8Array(8 + json.length + data.length);
	new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
	bytes.set(json, 8);
	bytes.set(data, 8 + json.length);
	return bytes;
}

const entry = (dtype: string, shape: unknown, offsets: unknown) => ({ a: { dtype, shape, data_offsets: offsets } });

test("what is written is read back, with names, shapes and metadata", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "fovea-"));
	const path = join(folder, "weights.safetensors");
	const tensors = {
		"main.0.weight": { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-30, 7) },
		gamma: { shape: [], data: Float32Array.of(0.25) },
	};
	await writeSafetensors(path, tensors, { note: "é" });
	const read = await readSafetensors(path);
	t.deepEqual(read.metadata, { note: "é" });
	t.deepEqual([...read.tensors.keys()], Object.keys(tensors));
	t.deepEqual(read.tensors.get("main.0.weight"), {
		dtype: "F32",
		shape: [2, 3],
		values: tensors["main.0.weight"].data,
	});
	t.is((await readFile(path)).readUInt32LE(0) % 8, 0);
	await rm(folder, { recursive: true });
});

test("half precision becomes float32", (t) => {
	// 1, -2, 65504 (the greatest), 2^-24 (the smallest), infinity
	const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00);
	const { tensors } = parseSafetensors(file(entry("F16", [5], [0, 10]), new Uint8Array(bits.buffer)), "half");
	t.deepEqual([...(tensors.get("a")?.values ?? [])], [1, -2, 65504, 2 ** -24, Number.POSITIVE_INFINITY]);
});

test("bfloat16, doubles and 64-bit integers are read", (t) => {
	const read = (dtype: string, data: ArrayBuffer) => {
		const bytes = new Uint8Array(data);
		return [
			...(parseSafetensors(file(entry(dtype, [2], [0, bytes.length]), bytes), dtype).tensors.get("a")?.values ?? []),
		];
	};
	t.deepEqual(read("BF16", Uint16Array.of(0x3f80, 0xc040).buffer), [1, -3]);
	t.deepEqual(read("F64", Float64Array.of(0.1, -1e300).buffer), [0.1, -1e300]);
	t.deepEqual(read("I64", BigInt64Array.of(-5n, 2n ** 40n).buffer), [-5, 2 ** 40]);
});

const refused: readonly (readonly [title: string, bytes: Uint8Array, message: RegExp])[] = [
	["fewer than eight bytes", Uint8Array.of(1, 2), /^bad\.safetensors: must have at least 8 bytes, got 2$/],
	["a header longer than the file", file("{}").subarray(0, 9), /header of 2 bytes must fit/],
	["a header that is not JSON", file("{nope"), /header must be JSON/],
	["a header that is a list", file([]), /header must be a JSON object/],
	["an unknown type", file(entry("Q4", [1], [0, 4]), new Uint8Array(4)), /tensor a: dtype must be one of/],
	["a negative side", file(entry("F32", [-1], [0, 4]), new Uint8Array(4)), /shape must list whole numbers/],
	["offsets that do not fit the shape", file(entry("F32", [2], [0, 4]), new Uint8Array(4)), /must have 8 of 4 bytes/],
	["data that are cut off", file(entry("F32", [2], [0, 8]), new Uint8Array(4)), /must have 8 of 4 bytes/],
	["bytes that belong to no tensor", file(entry("F32", [1], [0, 4]), new Uint8Array(8)), /without gap or overlap/],
	[
		"two tensors in the same bytes",
		file({ ...entry("F32", [1], [0, 4]), b: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }, new Uint8Array(4)),
		/without gap or overlap/,
	],
];

for (const [title, bytes, message] of refused) {
	test(`${title} is refused by the file's name`, async (t) => {
		const error = t.throws(() => parseSafetensors(bytes, "bad.safetensors"), { instanceOf: RangeError });
		t.regex(error.message, /^bad\.safetensors: /);
		t.regex(error.message, message);
	});
}

test("a file of zero bytes is refused by its name", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "fovea-"));
	const path = join(folder, "empty.safetensors");
	await writeFile(path, "");
	await t.throwsAsync(readSafetensors(path), { message: `${path}: must have at least 8 bytes, got 0` });
	await rm(folder, { recursive: true });
});

test("half precision is written as the nearest half, ties to even", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "fovea-"));
	const path = join(folder, "half.safetensors");
	// Every finite half, a few between two of them (11 bits hold 2049 and 2051 only by rounding), and what lies beyond.
	const words = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
	const every = parseSafetensors(
		file(entry("F16", [words.length], [0, words.byteLength]), new Uint8Array(words.buffer)),
		"every half",
	).tensors.get("a")?.values as Float32Array;
	const between = Float32Array.of(2049, 2051, 65519, 65520, -1e9, 2 ** -25, 3 * 2 ** -26);
	const tensors = {
		every: { shape: [every.length], data: every },
		between: { shape: [between.length], data: between },
	};
	await writeSafetensors(path, tensors, {}, { dtype: "F16" });
	const read = (await readSafetensors(path)).tensors;
	t.true(Buffer.from(read.get("every")?.values.buffer as ArrayBuffer).equals(Buffer.from(every.buffer as ArrayBuffer)));
	const rounded = [2048, 2052, 65504, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 2 ** -24];
	t.deepEqual([...(read.get("between")?.values ?? [])], rounded);
	await rm(folder, { recursive: true });
});
