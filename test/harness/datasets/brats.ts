import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { type BratsOptions, brats } from "../../../harness/datasets/brats.ts";
import type { Dataset, Split } from "../../../harness/datasets/dataset.ts";
import { writePng } from "../../../harness/pictures.ts";
import { nifti } from "../../helpers/nifti.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const splits = ["train", "validation", "test"] as const;
const side = 16;
const depth = 6;

/**
 * A case of six slices: 0 empty, 1 brain, 2 brain with a tumour of 4 pixels, 3 with one of 60, 4 brain, 5 with a little brain.
 * Brightness in the brain is 100 + 10 · modality + x, the label of the tumour 4 on its left half and 2 on its right.
 */
async function writeCase(folder: string, name: string, endings: readonly string[]): Promise<void> {
	await mkdir(join(folder, name), { recursive: true });
	const brain = (z: number, x: number, y: number) => z > 0 && (z < 5 || (x < 3 && y < 3));
	const tumour = (z: number, x: number, y: number) => {
		if (z === 2) return x < 2 && y < 2;
		return z === 3 && x < 10 && y < 6;
	};
	const volume = (value: (z: number, x: number, y: number) => number) => {
		return Array.from({ length: depth * side * side }, (_, at) => {
			return value(Math.floor(at / (side * side)), at % side, Math.floor(at / side) % side);
		});
	};
	for (const [modality, ending] of endings.entries()) {
		const values =
			modality === 4
				? volume((z, x, y) => (tumour(z, x, y) ? (x < 5 ? 4 : 2) : 0))
				: volume((z, x, y) => (brain(z, x, y) ? 100 + 10 * modality + x : 0));
		const bytes = nifti(values, [side, side, depth]);
		const path = join(folder, name, `${name}${ending}`);
		await writeFile(path, ending.endsWith(".gz") ? gzipSync(bytes) : bytes);
	}
}

const old = ["_flair.nii.gz", "_t1.nii.gz", "_t1ce.nii.gz", "_t2.nii.gz", "_seg.nii.gz"];
const recent = ["-t2f.nii", "-t1n.nii", "-t1c.nii", "-t2w.nii", "-seg.nii"];

async function cases(t: ExecutionContext): Promise<BratsOptions & { cache: string }> {
	const root = await temporaryFolder(t);
	for (let number = 1; number <= 8; number += 1) {
		await writeCase(join(root, number % 2 ? "HGG" : "LGG"), `BraTS19_CBICA_00${number}_1`, old);
	}
	await writeCase(root, "BraTS-GLI-00009-000", recent);
	await writeCase(root, "BraTS-GLI-00010-000", recent);
	return { root, size: side, cache: await temporaryFolder(t) };
}

const everything = async (set: Dataset) => {
	const all = [];
	for (const split of splits) {
		for (let index = 0; index < set.count(split); index += 1)
			all.push({ split, index, ...(await set.read(split, index)) });
	}
	return all;
};

test("volumes are cut into the slices that the rule keeps", async (t) => {
	const set = await brats(await cases(t));
	const ids = (await everything(set)).map(({ id }) => id).sort();
	// Slices 1 and 4 are healthy, 3 has 60 pixels of tumour; 2 has too few and 5 too little brain.
	t.is(ids.length, 30);
	t.deepEqual(ids.slice(0, 3), [
		"BraTS-GLI-00009-000_z001.png",
		"BraTS-GLI-00009-000_z003.png",
		"BraTS-GLI-00009-000_z004.png",
	]);
});

test("labels, masks and brightness are those of the volumes", async (t) => {
	const set = await brats({ ...(await cases(t)), modalities: [0, 1, 2, 3] });
	for (const { id, label, masks, pixels } of await everything(set)) {
		const mask = masks?.["Tumour"] ?? new Uint8Array(0);
		const diseased = id.includes("_z003");
		t.deepEqual([...label], [diseased ? 1 : 0]);
		for (let at = 0; at < side * side; at += 1) {
			const [x, y] = [at % side, Math.floor(at / side)];
			t.is(mask[at], diseased && x < 10 && y < 6 ? 255 : 0);
		}
		// From the darkest column, 1, to the brightest, 255; the percentiles fall on the outer columns.
		for (let x = 0; x < side; x += 1) {
			for (let modality = 0; modality < 4; modality += 1) {
				t.is(pixels[x * 4 + modality], 1 + Math.round((254 * x) / (side - 1)));
			}
		}
	}
});

test("a patient is in one split alone", async (t) => {
	const set = await brats(await cases(t));
	const seen = new Map<string, Split>();
	for (const split of splits) {
		t.true(set.count(split) > 0);
		for (let index = 0; index < set.count(split); index += 1) {
			const name = set.caseOf(split, index);
			t.is(seen.get(name) ?? split, split);
			seen.set(name, split);
		}
	}
	t.is(seen.size, 10);
});

test("an eighth of the training slices keeps the rest of the set", async (t) => {
	const options = await cases(t);
	const whole = await brats(options);
	const part = await brats({ ...options, fraction: 1 / 8 });
	t.is(part.count("test"), whole.count("test"));
	const labels = (set: Dataset) =>
		Array.from({ length: set.count("train") }, (_, index) => set.label("train", index)[0]);
	const count = (set: Dataset, value: number) => labels(set).filter((label) => label === value).length;
	for (const value of [0, 1]) t.is(count(part, value), Math.ceil(count(whole, value) / 8));
});

test("volumes are cut once, and after an interruption the rest of them", async (t) => {
	const options = await cases(t);
	const all = async () =>
		(await everything(await brats(options))).map(({ pixels }) => Buffer.from(pixels).toString("hex")).sort();
	const before = await all();
	const [folder = ""] = await readdir(join(options.cache, "datasets"));
	const inside = join(options.cache, "datasets", folder);
	const one = join(inside, "images", "BraTS-GLI-00009-000_z001.png");
	const { mtimeMs } = await stat(one);
	await rm(join(inside, "cases", "BraTS19_CBICA_001_1.csv"));
	await rm(join(inside, "labels.csv"));
	t.deepEqual(await all(), before);
	t.is((await stat(one)).mtimeMs, mtimeMs);
	t.is((await readFile(join(inside, "labels.csv"), "utf8")).split("\n").length, 32);
});

test("a case without a modality, or with one of another size, is named", async (t) => {
	const options = await cases(t);
	const folder = join(options.root, "HGG", "BraTS19_CBICA_001_1");
	const path = join(folder, "BraTS19_CBICA_001_1_t2.nii.gz");
	await rm(path);
	await t.throwsAsync(brats(options), {
		message: `${folder}: must hold FLAIR, T1, T1 with contrast and T2, got no T2`,
	});
	await writeFile(path, gzipSync(nifti([1, 2], [1, 1, 2])));
	await t.throwsAsync(brats(options), { message: `${path}: must be 16×16×6 as the segmentation, got 1×1×2` });
});

/** Twelve slices of three runs, whose brightness jumps between runs. */
async function slices(t: ExecutionContext, header = "filename,target"): Promise<string> {
	const root = await temporaryFolder(t);
	await mkdir(join(root, "images"));
	await mkdir(join(root, "masks"));
	const rows = [header];
	for (let number = 1; number <= 12; number += 1) {
		const run = Math.floor((number - 1) / 4);
		const pixels = Uint8Array.from(
			{ length: 8 * 8 * 4 },
			(_, at) => [run * 80 + number, 20, 30, run === 0 ? 0 : 40][at % 4] as number,
		);
		const target = number % 2;
		const mask = new Uint8Array(8 * 8 * 3);
		if (target === 1) {
			mask[0] = 255;
			mask[3 * 9 + 1] = 255;
			mask[3 * 63 + 2] = 255;
		}
		await writePng(join(root, "images", `${number}.png`), pixels, { height: 8, width: 8, channels: 4 });
		await writePng(join(root, "masks", `${number}_mask.png`), mask, { height: 8, width: 8, channels: 3 });
		rows.push(`${number}.png,${target}${header.endsWith("case") ? `,p${number % 3}` : ""}`);
	}
	await writeFile(join(root, "labels.csv"), `${rows.join("\r\n")}\r\n`);
	return root;
}

test("slices give alpha as a modality, untouched, and the union of the sub-regions as mask", async (t) => {
	const set = await brats({ root: await slices(t), size: 8, modalities: [0, 1, 2, 3] });
	for (const { id, pixels, masks, label } of await everything(set)) {
		const number = Number.parseInt(id, 10);
		const run = Math.floor((number - 1) / 4);
		t.deepEqual([...pixels.subarray(0, 4)], [run * 80 + number, 20, 30, run === 0 ? 0 : 40]);
		const places = [...(masks?.["Tumour"] ?? [])].flatMap((value, at) => (value === 255 ? [at] : []));
		t.deepEqual(places, label[0] === 1 ? [0, 9, 63] : []);
	}
});

test("without known cases neighbouring slices stay together", async (t) => {
	const set = await brats({ root: await slices(t), size: 8 });
	for (const split of splits) {
		for (let index = 0; index < set.count(split); index += 1) {
			const number = Number.parseInt((await set.read(split, index)).id, 10);
			t.is(set.caseOf(split, index), `${Math.floor((number - 1) / 4) * 4 + 1}.png`);
		}
	}
	t.regex(set.describe(), /split by 3 runs of neighbouring slices/);
});

test("a column of cases is used where there is one", async (t) => {
	const set = await brats({ root: await slices(t, "filename,target,case"), size: 8 });
	t.regex(set.describe(), /split by 3 cases/);
	for (const { id, split, index } of await everything(set))
		t.is(set.caseOf(split, index), `p${Number.parseInt(id, 10) % 3}`);
});

test("a bad row of labels names its line", async (t) => {
	const root = await slices(t);
	const path = join(root, "labels.csv");
	const refused = async (text: string, message: RegExp) => {
		await writeFile(path, text);
		await t.throwsAsync(brats({ root }), { message });
	};
	await refused("filename,target\n1.png,1\n2.png,2\n", /labels\.csv:3: must have target 0 or 1, got "2"/);
	await refused("filename,target\n../1.png,1\n", /labels\.csv:2: must name a \.png of images\/, got "\.\.\/1\.png"/);
	await refused("file,target\n", /labels\.csv:1: must have columns filename and target, got file,target/);
	await refused("filename,target\n", /labels\.csv: must list slices, got none/);
});

test("a folder of something else is refused", async (t) => {
	const root = await temporaryFolder(t);
	await t.throwsAsync(brats({ root }), { message: /must hold BraTS cases .* or labels\.csv, .* got neither/ });
	await t.throwsAsync(brats({ root, modalities: [4] }), {
		message: /modalities must be one, three or four of 0 to 3, got 4/,
	});
	await t.throwsAsync(brats({ root, fraction: 0 }), { message: /fraction must be in \(0, 1\], got 0/ });
});
