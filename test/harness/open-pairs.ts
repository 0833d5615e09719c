/** Sets of pictures that belong together: which files are paired, what of them is read, and what is refused. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import sharp from "sharp";
import { comparePairs } from "../../harness/evaluate-pairs.ts";
import { pairedMetrics } from "../../harness/metric-names.ts";
import { openPairs } from "../../harness/open-pairs.ts";
import { writePng } from "../../harness/pictures.ts";
import { openSet } from "../../harness/set-rows.ts";
import { psnr } from "../../metrics/psnr.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const grey = { height: 2, width: 2, channels: 1 } as const;

/** An .npy file of this NumPy type and shape. */
function npy(type: string, shape: readonly number[], data: Uint8Array): Uint8Array {
	const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117);
	return Buffer.concat([
		Buffer.from([0x93]),
		Buffer.from("NUMPY"),
		Buffer.from([1, 0, 118, 0]),
		Buffer.from(`${header}\n`),
		data,
	]);
}

test("a picture of 16 bits is compared with all that it holds", async (t) => {
	const folder = await temporaryFolder(t);
	// 40 of 65,535 apart: equal when rounded to bytes.
	for (const [name, value] of [
		["a", 25_700],
		["b", 25_740],
	] as const) {
		await mkdir(join(folder, name));
		await sharp(Uint16Array.of(value, value, value, value), { raw: { width: 2, height: 2, channels: 1 } })
			.toColourspace("grey16")
			.png()
			.toFile(join(folder, name, "0.png"));
	}
	const { pairs, range } = await openPairs(join(folder, "a"), join(folder, "b"));
	for await (const { reference, image } of pairs) {
		t.deepEqual([...image.data], new Array(4).fill(25_740 / 257));
		// 10 log10(65535² / 40²)
		t.true(Math.abs((psnr({ range }).value(reference, image) as number) - 20 * Math.log10(65_535 / 40)) < 1e-9);
	}
});

test("a picture before, after and the mask of what should change are judged together", async (t) => {
	const folder = await temporaryFolder(t);
	const path = (...parts: string[]) => join(folder, ...parts);
	const size = { height: 16, width: 16, channels: 3 } as const;
	const pixels = (value: (at: number) => number) => Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => value(at));
	const before = pixels((at) => (at * at + 5 * at) % 200);
	// Two right columns change by 30, the two at their left by 10.
	const column = (at: number) => Math.floor(at / 3) % 16;
	const after = before.map((value, at) => value + (column(at) > 13 ? 30 : column(at) > 11 ? 10 : 0));
	// Inside by one channel of three, as drawn tumours are.
	const mask = pixels((at) => (column(at) > 13 && at % 3 === 1 ? 255 : 0));
	for (const [name, data] of Object.entries({ before, after, mask })) {
		await mkdir(path(name));
		await writePng(path(name, "0.png"), data, size);
		await writeFile(path(`${name}.npy`), npy("|u1", [1, 16, 16, 3], data));
	}
	const ids = ["background-psnr", "background-ssim", "change-inside"];
	for (const kind of ["", ".npy"]) {
		const [a, b, m] = [path(`before${kind}`), path(`after${kind}`), path(`mask${kind}`)];
		const opened = await openPairs(a, b, { mask: m });
		t.is(opened.inputs.mask?.count, 1);
		const scores = await comparePairs(opened.pairs, await pairedMetrics(ids, { range: opened.range }));
		const [psnrOutside, ssimOutside, inside] = scores.map(({ value }) => value) as [number, number, number];
		// Of the 14 columns outside, 2 are 10 off.
		t.true(Math.abs(psnrOutside - 10 * Math.log10((255 ** 2 * 14) / (2 * 10 ** 2))) < 1e-9);
		t.is(inside, 30 / 40);
		t.true(ssimOutside > 0.9 && ssimOutside < 1);
	}
	await mkdir(path("other"));
	await writePng(path("other", "1.png"), mask, size);
	const refused = async (masks: string, message: RegExp) =>
		await t.throwsAsync(openPairs(path("before"), path("after"), { mask: masks }), { message });
	await refused(path("other"), /other: must have a picture for every one of .*before .*, got none named 0$/);
	await refused(path("mask.npy"), /--mask must all be folders or all be arrays, got folders and arrays$/);
});

test("é is the same name however it is written; two files of one name are refused", async (t) => {
	const folder = await temporaryFolder(t);
	const path = (...parts: string[]) => join(folder, ...parts);
	for (const name of ["composed", "apart"]) await mkdir(path(name));
	await writePng(path("composed", "é.png".normalize("NFC")), Uint8Array.of(1, 2, 3, 4), grey);
	await writePng(path("apart", "é.png".normalize("NFD")), Uint8Array.of(1, 2, 3, 4), grey);
	t.is((await openPairs(path("composed"), path("apart"))).inputs.image.count, 1);
	await sharp(path("apart", "é.png".normalize("NFD")))
		.jpeg()
		.toFile(path("apart", "é.jpg"));
	await t.throwsAsync(openPairs(path("composed"), path("apart")), {
		message: /apart: names must differ, got é twice$/,
	});
	await t.throwsAsync(openPairs(path("apart"), path("composed")), {
		message: /apart: names must differ, got é twice$/,
	});
});

test("links in a circle, links to nothing and folders of folders are named", async (t) => {
	const folder = await temporaryFolder(t);
	const path = (...parts: string[]) => join(folder, ...parts);
	for (const name of ["circle", "nothing", "nested"]) await mkdir(path(name));
	await symlink("0.png", path("circle", "0.png"));
	await symlink("1.png", path("nothing", "0.png"));
	await mkdir(path("nested", "inside"));
	await t.throwsAsync(openSet(path("circle")), {
		message: `${path("circle", "0.png")}: must be a file that can be read, got links that lead in a circle`,
	});
	await t.throwsAsync(openSet(path("nothing")), {
		message: `${path("nothing", "0.png")}: must be a file that can be read, got nothing of that name`,
	});
	await t.throwsAsync(openSet(path("nested")), {
		message: /got 1 other entries, 1 of them folders, which are not searched$/,
	});
});

test("arrays of pictures are counted as they are read; other shapes and scales are refused", async (t) => {
	const folder = await temporaryFolder(t);
	const path = (name: string) => join(folder, name);
	const floats = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
	await writeFile(path("masks.npy"), npy("|u1", [5, 2, 4], new Uint8Array(40)));
	t.is((await openSet(path("masks.npy"))).input.count, 5);
	await writeFile(path("first.npy"), npy("|u1", [1, 3, 2, 2], new Uint8Array(12)));
	await t.throwsAsync(openSet(path("first.npy")), { message: /with 1, 3 or 4 channels last, got \[1,3,2,2\]$/ });
	await writeFile(path("unit.npy"), npy("<f4", [2, 2, 1], floats([0, 1, -0.1, 1.1])));
	await writeFile(path("byte.npy"), npy("<f4", [2, 2, 1], floats([0, 255, 3, 4])));
	t.is((await openPairs(path("unit.npy"), path("unit.npy"))).range, 1);
	await t.throwsAsync(openPairs(path("unit.npy"), path("byte.npy")), {
		message: `${path("byte.npy")}: floats must be from 0 to 1 unless --range gives the largest value, got 255`,
	});
	await t.notThrowsAsync(openPairs(path("byte.npy"), path("byte.npy"), { ranged: true }));
});

test("a picture of an array that cannot be judged is named with its file", async (t) => {
	const folder = await temporaryFolder(t);
	const [one, other] = [join(folder, "one.npy"), join(folder, "other.npy")];
	await writeFile(
		one,
		npy(
			"|u1",
			[2, 3, 3, 1],
			Uint8Array.from({ length: 18 }, (_, at) => at),
		),
	);
	await writeFile(
		other,
		npy(
			"|u1",
			[2, 3, 3, 1],
			Uint8Array.from({ length: 18 }, (_, at) => (at < 9 ? 1 : 0)),
		),
	);
	const { pairs } = await openPairs(one, other);
	await t.throwsAsync(comparePairs(pairs, await pairedMetrics(["hd95"]), { interval: false }), {
		message: `${other}: picture 1: surface distance: both masks must have a pixel inside, got an empty one`,
	});
});
