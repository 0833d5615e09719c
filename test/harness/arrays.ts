import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { zipSync } from "fflate";
import { parseNpy, readArray } from "../../harness/arrays.ts";

/** Bytes of an .npy file of version 1 as numpy.save writes it: a header padded to 64 bytes, then the numbers. */
function npy(descr: string, shape: string, numbers: ArrayBufferView, fortran = false): Uint8Array {
	const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${shape}, }`;
	const header = `${text.padEnd(128 - 10 - 1)}\n`;
	const bytes = new Uint8Array(128 + numbers.byteLength);
	bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
	bytes.set(new TextEncoder().encode(header), 10);
	bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), 128);
	return bytes;
}

test("numbers of every type come out as they went in", (t) => {
	const cases: [string, ArrayBufferView, number[]][] = [
		["<f8", Float64Array.of(0.1, -2.5), [0.1, -2.5]],
		["<f4", Float32Array.of(0.5, -2.5), [0.5, -2.5]],
		["<f2", Uint16Array.of(0x3c00, 0xc500), [1, -5]],
		["|u1", Uint8Array.of(0, 255), [0, 255]],
		["|b1", Uint8Array.of(1, 0), [1, 0]],
		["<i4", Int32Array.of(-7, 7), [-7, 7]],
		["<i8", BigInt64Array.of(-9n, 9n), [-9, 9]],
		["<u2", Uint16Array.of(1, 65535), [1, 65535]],
	];
	for (const [type, numbers, wanted] of cases) {
		const { shape, values } = parseNpy(npy(type, "(2,)", numbers), "x.npy");
		t.deepEqual([shape, [...values]], [[2], wanted], type);
	}
});

test("big-endian numbers and column-major order are turned", (t) => {
	const big = new Uint8Array(16);
	new DataView(big.buffer).setFloat64(0, 1.5);
	new DataView(big.buffer).setFloat64(8, -3);
	t.deepEqual([...parseNpy(npy(">f8", "(2,)", big), "x.npy").values], [1.5, -3]);
	// [[1, 2, 3], [4, 5, 6]] lies column by column.
	const columns = Float64Array.of(1, 4, 2, 5, 3, 6);
	t.deepEqual([...parseNpy(npy("<f8", "(2, 3)", columns, true), "x.npy").values], [1, 2, 3, 4, 5, 6]);
});

test("an archive's array is taken by name, or alone", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "fovea-arrays-"));
	const one = npy("<f4", "(1, 2)", Float32Array.of(1, 2));
	await writeFile(join(folder, "one.npy"), one);
	t.deepEqual(await readArray(join(folder, "one.npy")), { shape: [1, 2], values: Float32Array.of(1, 2) });
	await writeFile(join(folder, "one.npz"), zipSync({ "features.npy": one }));
	await writeFile(join(folder, "two.npz"), zipSync({ "a.npy": one, "b.npy": npy("<f4", "(1,)", Float32Array.of(9)) }));
	t.deepEqual([...(await readArray(join(folder, "one.npz"))).values], [1, 2]);
	t.deepEqual([...(await readArray(`${join(folder, "two.npz")}#b`)).values], [9]);
	await t.throwsAsync(readArray(join(folder, "two.npz")), { message: /one array must be named .*got 2: a, b/ });
	await t.throwsAsync(readArray(`${join(folder, "two.npz")}#c`), { message: /must be one of a, b, got c/ });
});

test("damaged files and unknown types are refused by name", async (t) => {
	t.throws(() => parseNpy(Uint8Array.of(1, 2, 3), "bad.npy"), { message: /^bad.npy: must be an .npy file/ });
	const cut = npy("<f8", "(4,)", Float64Array.of(1, 2));
	t.throws(() => parseNpy(cut, "cut.npy"), { message: "cut.npy: must hold 32 bytes of numbers, got 16" });
	t.throws(() => parseNpy(npy("<c16", "(1,)", Float64Array.of(1, 2)), "c.npy"), {
		message: /must be of type .*got c16/,
	});
	await t.throwsAsync(readArray("nothing.npy"), {
		message: "nothing.npy: must be an array file, got nothing of that name",
	});
});
