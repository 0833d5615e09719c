import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openDataset, openResolution, openUnpaired } from "../../../harness/datasets/find.ts";
import { writePng } from "../../../harness/pictures.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

test("faces are opened with the preset's choices, and the spec's before them", async (t) => {
	const preset = { size: 48, train: 30, test: 7, seed: 1 };
	const plain = await openDataset("faces", preset);
	t.deepEqual([plain.name, plain.size, plain.count("train"), plain.count("test")], ["faces", [48, 48], 30, 7]);
	const own = await openDataset("faces:size=32,train=5,attributes=Male+Smiling", preset);
	t.deepEqual([own.size, own.count("train"), own.count("test")], [[32, 32], 5, 7]);
	t.deepEqual(own.attributes, ["Male", "Smiling"]);
});

test("an unknown set or option is answered with the nearest", async (t) => {
	await t.throwsAsync(openDataset("celaba"), {
		message: "--data: must be one of faces, celeba, brains, brats, classes, got celaba, did you mean celeba?",
	});
	await t.throwsAsync(openDataset("faces:sise=3"), {
		message: /must have options of size, .* got sise, did you mean size\?/,
	});
	await t.throwsAsync(openDataset("faces:size=big"), { message: "--data: size must be a whole number, got big" });
	await t.throwsAsync(openDataset("faces:/tmp"), { message: /faces are drawn and take no folder, got \/tmp/ });
	await t.throwsAsync(openDataset("celeba:/a,/b"), { message: "--data: must have one folder, got /a and /b" });
});

test("without FOVEA_DATA the error says how to name the folder", async (t) => {
	await t.throwsAsync(openDataset("celeba", { folder: undefined }), {
		message: /celeba must be in the folder that FOVEA_DATA names, or be given as celeba:\/path; got no FOVEA_DATA/,
	});
	const folder = await temporaryFolder(t);
	await t.throwsAsync(openDataset("celeba", { folder }), { message: /got no folder .*celeba$/ });
	await mkdir(join(folder, "celeba"));
	await t.throwsAsync(openDataset("celeba", { folder }), {
		message: /celeba\/list_attr_celeba.txt: must be CelebA's attribute list/,
	});
	await t.throwsAsync(openDataset(`celeba:${folder}`, {}), {
		message: /list_attr_celeba.txt: must be CelebA's attribute list/,
	});
});

test("brains are opened with the preset's channels", async (t) => {
	const set = await openDataset("brains:size=16,test=3", { channels: 3, size: 64 });
	t.deepEqual([set.name, set.size, set.channels, set.count("test")], ["brains", [16, 16], 3, 3]);
	await t.throwsAsync(openDataset("brains:channels=2"), { message: "--data: channels must be 1, 3 or 4, got 2" });
});

test("unpaired sets are drawn, in folders, or a labelled set by one of its labels", async (t) => {
	t.deepEqual((await openUnpaired("horses:size=24")).size, [24, 24]);
	const two = await openUnpaired("faces@Eyeglasses:size=32,train=40");
	t.is(two.count("train", "a") + two.count("train", "b"), 40);
	t.is(two.domains.b, "with Eyeglasses");
	t.is((await openUnpaired("brains@Tumour:size=16,train=8")).count("train", "b"), 4);
	const folder = await temporaryFolder(t);
	for (const name of ["trainA", "trainB", "testA", "testB"]) {
		await mkdir(join(folder, "ponies", name), { recursive: true });
		await writePng(join(folder, "ponies", name, "1.png"), new Uint8Array(12), { height: 2, width: 2, channels: 3 });
	}
	t.is((await openUnpaired("ponies:size=4", { folder })).count("test", "b"), 1);
	t.is((await openUnpaired(`unpaired:${join(folder, "ponies")},size=4`)).count("train", "a"), 1);
	await t.throwsAsync(openUnpaired("pony", { folder }), { message: /must be one of horses, unpaired, got pony/ });
	await t.throwsAsync(openUnpaired("unpaired"), { message: /must be given as unpaired:\/path/ });
});

test("the embedded photographs are read in two resolutions", async (t) => {
	const set = await openResolution("photographs", { scale: 8 });
	t.deepEqual([set.count("train"), set.count("test"), set.scale], [7, 3, 8]);
});

test("a labelled set is made small by its name and a number", async (t) => {
	const set = await openResolution("faces/4:size=32,train=3");
	t.deepEqual([set.scale, set.count("train")], [4, 3]);
	t.is((await set.read("train", 0)).low.width, 8);
	await t.throwsAsync(openResolution("photographs:scale=5"), { message: "--data: scale must be 2, 3, 4 or 8, got 5" });
	await t.throwsAsync(openResolution("super-resolution", { folder: undefined }), {
		message: /t91 must be in the folder that FOVEA_DATA/,
	});
});

test("a path alone is answered with the form that names its kind", async (t) => {
	const message = /^--data: must say what the folder is, as NAME:PATH with a NAME of .*, got \/pictures$/;
	for (const open of [openDataset, openUnpaired, openResolution]) await t.throwsAsync(open("/pictures"), { message });
});

async function blank(...path: readonly string[]): Promise<void> {
	await mkdir(join(...path.slice(0, -1)), { recursive: true });
	await writePng(join(...path), new Uint8Array(16 * 16 * 3), { height: 16, width: 16, channels: 3 });
}

test("one folder of photographs gives a tenth of them to the test split, the same ones for the same seed", async (t) => {
	const root = await temporaryFolder(t);
	for (let index = 0; index < 21; index += 1) await blank(root, `${index}.png`);
	const testIds = async (spec: string) => {
		const set = await openResolution(spec);
		t.deepEqual([set.count("train"), set.count("test")], [18, 3]);
		const all = await Promise.all(
			(["train", "test"] as const).map((split) =>
				Promise.all(Array.from({ length: set.count(split) }, async (_, index) => (await set.read(split, index)).id)),
			),
		);
		t.is(new Set(all.flat()).size, 21);
		return all[1];
	};
	const first = await testIds(`super-resolution:${root}`);
	t.deepEqual(await testIds(`super-resolution:${root},seed=1`), first);
	t.notDeepEqual(await testIds(`super-resolution:${root},seed=2`), first);
	await t.throwsAsync(openResolution(`super-resolution:${root},test=${root}`), { message: /got both$/ });
	const single = await temporaryFolder(t);
	await blank(single, "one.png");
	await t.throwsAsync(openResolution(`super-resolution:${single}`), { message: /must hold two pictures, .* got 1$/ });
});

test("one folder with the two classes in it is opened where their names tell which is which", async (t) => {
	const root = await temporaryFolder(t);
	for (let index = 0; index < 10; index += 1) {
		await blank(root, "no", `${index}.png`);
		await blank(root, "glioma", `${index}.png`);
	}
	const set = await openDataset(`classes:${root}`, { size: 16 });
	t.deepEqual(set.attributes, ["glioma"]);
	await mkdir(join(root, "meningioma"));
	await t.throwsAsync(openDataset(`classes:${root}`), {
		message: /must hold two folders, .*; got glioma, meningioma, no$/,
	});
});
