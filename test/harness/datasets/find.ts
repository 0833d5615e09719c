import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openDataset } from "../../../harness/datasets/find.ts";
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
		message: "--data: must be one of faces, celeba, got celaba, did you mean celeba?",
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
