import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { agaGanAttributes, celeba } from "../../../harness/datasets/celeba.ts";
import { writePng } from "../../../harness/pictures.ts";
import { pythonShuffle } from "../../../harness/python-shuffle.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const names = ["Bald", "Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"];
const fileOf = (row: number) => `${String(row + 1).padStart(6, "0")}.jpg`;
/** Value of attribute `column` in `row`: some pattern that differs between rows. */
const bitOf = (row: number, column: number) => (row >> column) & 1;

function list(count: number): string[] {
	const rows = Array.from({ length: count }, (_, row) => {
		return `${fileOf(row)} ${names.map((_, column) => (bitOf(row, column) ? " 1" : "-1")).join(" ")}`;
	});
	return [String(count), `${names.join(" ")} `, ...rows];
}

/** A small CelebA of 12 pictures, 6 wide and 10 high, whose red is 10 · row, green 10 · column, blue the picture's number. */
async function small(t: ExecutionContext, lines = list(12)): Promise<string> {
	const root = await temporaryFolder(t);
	await mkdir(join(root, "img_align_celeba"));
	await writeFile(join(root, "list_attr_celeba.txt"), `${lines.join("\n")}\n`);
	for (let picture = 0; picture < 12; picture += 1) {
		const pixels = Uint8Array.from({ length: 10 * 6 * 3 }, (_, index) => {
			const place = Math.floor(index / 3);
			return [10 * Math.floor(place / 6), 10 * (place % 6), picture][index % 3] as number;
		});
		// The bytes say what a file is, not its name; without loss the crop can be checked exactly.
		await writePng(join(root, "img_align_celeba", fileOf(picture)), pixels, { height: 10, width: 6, channels: 3 });
	}
	return root;
}

const refused = async (t: ExecutionContext, lines: string[], message: RegExp, attributes = ["Male"]) => {
	const root = await small(t, lines);
	const error = await t.throwsAsync(celeba({ root, attributes, testCount: 2 }));
	t.true(error?.message.startsWith(root), error?.message);
	t.regex(error?.message ?? "", message);
};

test("the split is StarGAN's: Python's shuffle, the first rows to test", async (t) => {
	const set = await celeba({ root: await small(t), size: 6, testCount: 5 });
	t.deepEqual([set.count("test"), set.count("train")], [5, 7]);
	const ids = await Promise.all([
		...Array.from({ length: 5 }, async (_, index) => (await set.read("test", index)).id),
		...Array.from({ length: 7 }, async (_, index) => (await set.read("train", index)).id),
	]);
	t.deepEqual(ids, Array.from(pythonShuffle(12, 1234), fileOf));
});

test("AGA-GAN's split follows the list", async (t) => {
	const root = await small(t);
	const set = await celeba({ root, size: 6, split: "aga-gan", trainCount: 7, testCount: 4 });
	const ids = async (split: "train" | "test") => {
		return Promise.all(Array.from({ length: set.count(split) }, async (_, index) => (await set.read(split, index)).id));
	};
	t.deepEqual(
		await ids("train"),
		Array.from({ length: 7 }, (_, row) => fileOf(row)),
	);
	t.deepEqual(
		await ids("test"),
		Array.from({ length: 4 }, (_, row) => fileOf(row + 7)),
	);
	await t.throwsAsync(celeba({ root, split: "aga-gan" }), {
		message: /testCount must be a whole number up to 11 .* got 10000/,
	});
	const short = await celeba({ root, size: 6, split: "aga-gan", trainCount: 7, testCount: 6 });
	t.deepEqual([short.count("train"), short.count("test"), (await short.read("test", 0)).id], [6, 6, fileOf(6)]);
	t.is(new Set(agaGanAttributes).size, 38);
});

test("labels are the chosen attributes in the chosen order, 0 or 1", async (t) => {
	const set = await celeba({ root: await small(t), size: 6, testCount: 1, attributes: ["Male", "Bald"] });
	for (let index = 0; index < 11; index += 1) {
		const { id, label } = await set.read("train", index);
		const row = Number.parseInt(id, 10) - 1;
		t.deepEqual([...label], [bitOf(row, 4), bitOf(row, 0)]);
		t.deepEqual(set.label("train", index), label);
	}
});

test("the default attributes are StarGAN's five", async (t) => {
	const set = await celeba({ root: await small(t), testCount: 1 });
	t.deepEqual(set.attributes, ["Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"]);
	t.deepEqual(set.size, [128, 128]);
});

test("the crop is the centre square of the width", async (t) => {
	const set = await celeba({ root: await small(t), size: 6, testCount: 1 });
	const { id, pixels } = await set.read("train", 0);
	const expected = Array.from({ length: 6 * 6 }, (_, place) => {
		return [10 * (Math.floor(place / 6) + 2), 10 * (place % 6), Number.parseInt(id, 10) - 1];
	});
	t.deepEqual([...pixels], expected.flat());
});

test("a smaller crop keeps to the centre", async (t) => {
	const set = await celeba({ root: await small(t), size: 2, crop: 2, testCount: 1 });
	const { pixels } = await set.read("train", 0);
	t.deepEqual([pixels[0], pixels[1], pixels[9], pixels[10]], [40, 20, 50, 30]);
});

test("a crop larger than a picture names the picture", async (t) => {
	const set = await celeba({ root: await small(t), size: 6, crop: 8, testCount: 1 });
	await t.throwsAsync(set.read("train", 0), { message: /\d{6}\.jpg: must be at least the crop of 8, got 6×10/ });
});

test("StarGAN's own test split of 1999 does not fit a smaller set, and the error says so", async (t) => {
	await t.throwsAsync(celeba({ root: await small(t) }), {
		message: /testCount must be a whole number up to 11 with the 12 rows of .*, got 1999/,
	});
});

test("pictures may lie in images/, as StarGAN's download leaves them", async (t) => {
	const root = await small(t);
	await rename(join(root, "img_align_celeba"), join(root, "images"));
	const set = await celeba({ root, size: 6, testCount: 1 });
	t.is((await set.read("test", 0)).pixels.length, 108);
});

test("Windows line ends, runs of spaces and empty lines at the end are accepted", async (t) => {
	const root = await small(t, [...list(12).map((line) => `${line.replaceAll(" ", "  ")}\r`), "", ""]);
	const set = await celeba({ root, testCount: 1 });
	t.is(set.count("train"), 11);
});

test("a bad value names its line", async (t) => {
	const lines = list(12);
	lines[4] = (lines[4] as string).replace(/-?1$/, "0");
	await refused(t, lines, /list_attr_celeba\.txt:5: must hold -1 or 1 for each attribute, got "0"/);
});

test("a row of other length names its line", async (t) => {
	const lines = list(12);
	lines[7] += " 1";
	await refused(t, lines, /list_attr_celeba\.txt:8: must have 6 values after the file name, got 7/);
	lines[7] = "000006.jpg";
	await refused(t, lines, /list_attr_celeba\.txt:8: must have 6 values after the file name, got 0/);
});

test("a picture listed twice names both lines", async (t) => {
	const lines = list(12);
	lines[9] = lines[3] as string;
	await refused(
		t,
		lines,
		/list_attr_celeba\.txt:10: must name each picture once, got 000002\.jpg again \(first in line 4\)/,
	);
});

test("a count that is not that of the rows is refused", async (t) => {
	await refused(
		t,
		["13", ...list(12).slice(1)],
		/list_attr_celeba\.txt:1: must be the number of rows, got 13 for 12 rows/,
	);
	await refused(t, list(12).slice(1), /list_attr_celeba\.txt:1: must be the number of rows, got "Bald /);
});

test("an unknown attribute is answered with the known ones", async (t) => {
	await refused(t, list(12), /must have attribute Mael, did you mean Male\? \(known: Bald Black_Hair/, ["Mael"]);
});

test("a list that is missing or cut off is named", async (t) => {
	await refused(t, ["12"], /list_attr_celeba\.txt: must have a count line and a header line/);
	const root = await small(t);
	await rm(join(root, "list_attr_celeba.txt"));
	await t.throwsAsync(celeba({ root }), {
		message: /list_attr_celeba\.txt: must be CelebA's attribute list, got no such file/,
	});
});

test("missing pictures are counted and named", async (t) => {
	const root = await small(t);
	await rm(join(root, "img_align_celeba", "000003.jpg"));
	await rm(join(root, "img_align_celeba", "000007.jpg"));
	await t.throwsAsync(celeba({ root, testCount: 1 }), {
		message:
			/img_align_celeba: must hold every picture of list_attr_celeba.txt, got none for 2 of 12: 000003.jpg, 000007.jpg; add them, or take their rows out/,
	});
	await rm(join(root, "img_align_celeba"), { recursive: true });
	await t.throwsAsync(celeba({ root, testCount: 1 }), {
		message: /must hold the pictures in img_align_celeba\/, got no such folder/,
	});
});

test("a broken picture is named when it is read, not before", async (t) => {
	const root = await small(t);
	await writeFile(join(root, "img_align_celeba", "000005.jpg"), "");
	const set = await celeba({ root, size: 6, testCount: 1 });
	const reads = Array.from({ length: 11 }, (_, index) => set.read("train", index));
	const failed = (await Promise.allSettled(reads)).filter((result) => result.status === "rejected");
	const test = await set.read("test", 0).catch((error: Error) => error.message);
	const messages = [...failed.map((result) => String(result.reason)), String(test)].filter((text) =>
		text.includes("zero bytes"),
	);
	t.is(messages.length, 1);
	t.regex(messages[0] ?? "", /000005\.jpg: must be a picture, got a file of zero bytes/);
});

test("an index beyond the split is refused", async (t) => {
	const set = await celeba({ root: await small(t), testCount: 2 });
	await t.throwsAsync(set.read("test", 2), { message: /celeba: test index must be below 2, got 2/ });
	t.throws(() => set.label("train", 10), { message: /celeba: train index must be below 10, got 10/ });
});
