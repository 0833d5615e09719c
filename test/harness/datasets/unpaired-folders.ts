import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { classFolders } from "../../../harness/datasets/class-folders.ts";
import { unpairedFolders } from "../../../harness/datasets/unpaired-folders.ts";
import { writePng } from "../../../harness/pictures.ts";
import { resizeBytes } from "../../../harness/resize.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

async function picture(
	folder: string,
	name: string,
	height: number,
	width: number,
	value: number,
): Promise<Uint8Array> {
	const pixels = Uint8Array.from({ length: height * width * 3 }, (_, at) => (value + at * 3) & 255);
	await mkdir(folder, { recursive: true });
	await writePng(join(folder, name), pixels, { height, width, channels: 3 });
	return pixels;
}

async function root(t: ExecutionContext): Promise<string> {
	const folder = await temporaryFolder(t);
	for (const [at, name] of ["trainA", "trainB", "testA", "testB"].entries()) {
		for (let number = 0; number <= at; number += 1)
			await picture(join(folder, name), `${number}.png`, 8 + number, 8, at * 50);
	}
	return folder;
}

test("the four folders are the sides and splits", async (t) => {
	const set = await unpairedFolders({ root: await root(t), size: 8 });
	t.deepEqual(
		[set.count("train", "a"), set.count("train", "b"), set.count("test", "a"), set.count("test", "b")],
		[1, 2, 3, 4],
	);
	t.is(set.count("validation", "a"), 0);
	t.is((await set.read("test", "b", 3)).id, "3.png");
});

test("pictures of other shapes are made square, bicubic, and larger for training", async (t) => {
	const folder = await root(t);
	const pixels = await picture(join(folder, "trainA"), "9.png", 12, 20, 7);
	const set = await unpairedFolders({ root: folder, size: 8, loadSize: 10 });
	const read = await set.read("train", "a", 1);
	t.deepEqual(read.size, [10, 10]);
	t.deepEqual(read.pixels, resizeBytes(pixels, 3, [12, 20], [10, 10], "bicubic"));
	t.deepEqual((await set.read("test", "a", 0)).size, [8, 8]);
});

test("a missing folder, an empty one and a broken picture are named", async (t) => {
	const folder = await root(t);
	await writeFile(join(folder, "testB", "bad.png"), "");
	const set = await unpairedFolders({ root: folder, size: 8 });
	await t.throwsAsync(set.read("test", "b", 4), {
		message: /testB\/bad\.png: must be a picture, got a file of zero bytes/,
	});
	await rm(join(folder, "testB"), { recursive: true });
	await t.throwsAsync(unpairedFolders({ root: folder }), {
		message: `${folder}: must hold trainA, trainB, testA and testB, got no testB`,
	});
	await mkdir(join(folder, "testB"));
	await t.throwsAsync(unpairedFolders({ root: folder }), { message: /testB: must hold picture files/ });
	await t.throwsAsync(unpairedFolders({ root: join(folder, "none") }), { message: /must be a folder with trainA/ });
	await t.throwsAsync(unpairedFolders({ root: folder, size: 8, loadSize: 7 }), {
		message: /loadSize must be .* from size 8, got 7/,
	});
});

test("two folders of pictures are a set with one label, split alike in both", async (t) => {
	const folder = await temporaryFolder(t);
	for (let number = 0; number < 10; number += 1) await picture(join(folder, "no"), `${number}.png`, 6, 6, number);
	for (let number = 0; number < 20; number += 1) await picture(join(folder, "yes"), `${number}.png`, 9, 6, number);
	const options = { negative: join(folder, "no"), positive: join(folder, "yes"), size: 6 };
	const set = await classFolders(options);
	t.deepEqual([set.count("train"), set.count("validation"), set.count("test")], [21, 3, 6]);
	t.deepEqual(set.attributes, ["yes"]);
	const ids = async (split: "train" | "validation" | "test") => {
		return Promise.all(Array.from({ length: set.count(split) }, async (_, index) => (await set.read(split, index)).id));
	};
	const tests = await ids("test");
	t.is(new Set([...(await ids("train")), ...(await ids("validation")), ...tests]).size, 30);
	t.is(tests.filter((id) => id.startsWith("1/")).length, 4);
	const again = await classFolders({ ...options, seed: 1 });
	t.notDeepEqual(
		await Promise.all([0, 1, 2, 3, 4, 5].map(async (index) => (await again.read("test", index)).id)),
		tests,
	);
});
