/**
 * BraTS (Menze et al., "The Multimodal Brain Tumor Image Segmentation Benchmark", 2015) as slices with one label, Tumour,
 * and its mask: from the challenge's volumes, or from a folder of slices (`images/N.png` whose four channels are four
 * modalities, alpha among them; `masks/N_mask.png`; `labels.csv`). Split by patient, as SAG-GAN's classifiers were tested.
 */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { cacheFolder } from "../../engine/cache.ts";
import { Random } from "../../engine/random.ts";
import { splitCases } from "../case-split.ts";
import { readPicture } from "../pictures.ts";
import { resizeBytes } from "../resize.ts";
import { runsOf } from "../slice-runs.ts";
import { tumourAttribute } from "./brains.ts";
import { hasVolumes, type SliceRule, sliceVolumes } from "./brats-volumes.ts";
import type { Dataset, Split } from "./dataset.ts";

export interface BratsOptions extends SliceRule {
	/** Folder of cases, or of slices. */
	readonly root: string;
	/** Height and width, pixels; slices are resized, bilinear. @default 240: as they are */
	readonly size?: number;
	/** Channels of the slices that make up a picture: one, three or four of 0 to 3 (FLAIR, T1, T1 with contrast, T2 where
	 * cut from volumes). @default [2], T1 with contrast, the one that SAG-GAN names */
	readonly modalities?: readonly number[];
	/** Shares of the cases. @default 0.7, 0.1 and 0.2 */
	readonly shares?: Readonly<Record<Split, number>>;
	/** Share of the training slices that is used, drawn at random: BraTS_S is 1/8. @default 1 */
	readonly fraction?: number;
	/** Which cases and slices. @default 0 */
	readonly seed?: number;
	/** Where slices cut from volumes are kept. @default the package's cache folder */
	readonly cache?: string;
	readonly signal?: AbortSignal;
}

export interface Brats extends Dataset {
	/** The case of a slice, or its run of neighbouring slices where cases are not known. */
	caseOf(split: Split, index: number): string;
}

interface Slice {
	readonly file: string;
	readonly target: number;
	readonly case: string;
}

/** Opens BraTS; volumes are cut into slices first, which takes seconds for each case, once. */
export async function brats(options: BratsOptions): Promise<Brats> {
	const {
		root,
		size = 240,
		modalities = [2],
		shares = { train: 0.7, validation: 0.1, test: 0.2 },
		fraction = 1,
		seed = 0,
	} = options;
	if (!Number.isInteger(size) || size < 1)
		throw new RangeError(`brats: size must be a whole number from 1, got ${size}`);
	if (![1, 3, 4].includes(modalities.length) || !modalities.every((channel) => [0, 1, 2, 3].includes(channel))) {
		throw new RangeError(`brats: modalities must be one, three or four of 0 to 3, got ${modalities.join(", ")}`);
	}
	if (!(fraction > 0 && fraction <= 1)) throw new RangeError(`brats: fraction must be in (0, 1], got ${fraction}`);
	const folder = await sliceFolder(options);
	const { slices, known } = await readLabels(folder);
	const random = Random.seed(seed).split("brats");
	const members = divide(slices, shares, random.split("cases"));
	if (fraction < 1) members.train = sample(members.train, fraction, random.split("fraction"));
	const slice = (split: Split, index: number) => {
		const found = members[split][index];
		if (found !== undefined) return found;
		throw new RangeError(`brats: ${split} index must be below ${members[split].length}, got ${index}`);
	};
	return {
		name: "brats",
		size: [size, size],
		channels: modalities.length,
		attributes: [tumourAttribute],
		count: (split) => members[split].length,
		label: (split, index) => Float32Array.of(slice(split, index).target),
		caseOf: (split, index) => slice(split, index).case,
		async read(split, index) {
			const { file, target } = slice(split, index);
			const [picture, mask] = await Promise.all([
				readPicture(join(folder, "images", file), { channels: 4 }),
				readMask(join(folder, "masks", file.replace(/\.png$/, "_mask.png")), size),
			]);
			const channels = modalities.length;
			const chosen = new Uint8Array(picture.height * picture.width * channels);
			for (let at = 0; at < chosen.length; at += 1) {
				chosen[at] = picture.data[Math.floor(at / channels) * 4 + (modalities[at % channels] as number)] as number;
			}
			return {
				id: file,
				pixels: resizeBytes(chosen, channels, [picture.height, picture.width], [size, size]),
				label: Float32Array.of(target),
				masks: { [tumourAttribute]: mask },
			};
		},
		describe() {
			const counts = (["train", "validation", "test"] as const)
				.map((split) => `${members[split].length} ${split}`)
				.join(", ");
			const cases = new Set(slices.map((one) => one.case)).size;
			const by = known ? `by ${cases} cases` : `by ${cases} runs of neighbouring slices`;
			const part = fraction < 1 ? `, ${fraction} of the training slices` : "";
			return `BraTS in ${basename(root)}: channels ${modalities.join(", ")} at ${size}×${size}; ${counts}, split ${by}${part}`;
		},
	};
}

/** The folder of slices itself, or that into which volumes were cut. */
async function sliceFolder({ root, cache = cacheFolder(), signal, ...rule }: BratsOptions): Promise<string> {
	const slices = await readFile(join(root, "labels.csv")).then(
		() => true,
		() => false,
	);
	if (slices) return root;
	if (!(await hasVolumes(root))) {
		throw new Error(
			`${root}: must hold BraTS cases (folders with …_seg.nii.gz) or labels.csv, images/ and masks/, got neither`,
		);
	}
	const stream = sliceVolumes(root, cache, rule, signal);
	while (true) {
		const next = await stream.next();
		if (next.done === true) return next.value;
	}
}

/** Rows of labels.csv: `filename,target` and perhaps `case`. */
async function readLabels(folder: string): Promise<{ slices: Slice[]; known: boolean }> {
	const path = join(folder, "labels.csv");
	const lines = (await readFile(path, "utf8")).split(/\r?\n/);
	const header = (lines[0] ?? "").split(",").map((name) => name.trim());
	const column = (name: string) => header.indexOf(name);
	if (column("filename") < 0 || column("target") < 0) {
		throw new Error(`${path}:1: must have columns filename and target, got ${header.join(",").slice(0, 60)}`);
	}
	const rows = lines.flatMap((line, index) => {
		if (index === 0 || line.trim() === "") return [];
		const fields = line.split(",").map((field) => field.trim());
		const file = fields[column("filename")] ?? "";
		const target = fields[column("target")] ?? "";
		if (!/^[^/\\]+\.png$/.test(file))
			throw new Error(`${path}:${index + 1}: must name a .png of images/, got "${file}"`);
		if (target !== "0" && target !== "1")
			throw new Error(`${path}:${index + 1}: must have target 0 or 1, got "${target}"`);
		return [{ file, target: Number(target), case: column("case") < 0 ? "" : (fields[column("case")] ?? "") }];
	});
	if (rows.length === 0) throw new Error(`${path}: must list slices, got none`);
	if (column("case") >= 0) return { slices: rows, known: true };
	const runs = await runsOf(rows.map(({ file }) => join(folder, "images", file)));
	const slices = rows.map((row) => ({ ...row, case: runs.get(join(folder, "images", row.file)) ?? "" }));
	return { slices, known: false };
}

function divide(
	slices: readonly Slice[],
	shares: Readonly<Record<Split, number>>,
	random: Random,
): Record<Split, Slice[]> {
	const counts = new Map<string, [number, number]>();
	for (const slice of slices) {
		const count = counts.get(slice.case) ?? [0, 0];
		count[slice.target === 1 ? 1 : 0] += 1;
		counts.set(slice.case, count);
	}
	const cases = [...counts].map(([name, values]) => ({ name, counts: values }));
	const splits = splitCases(cases, shares, random);
	const of = (split: Split) => slices.filter((slice) => splits.get(slice.case) === split);
	return { train: of("train"), validation: of("validation"), test: of("test") };
}

/** A random part of each class, in the order they had. */
function sample(slices: readonly Slice[], fraction: number, random: Random): Slice[] {
	const kept = new Set<Slice>();
	for (const target of [0, 1]) {
		const all = slices.filter((slice) => slice.target === target);
		const order = random.split(target).permutation(all.length);
		for (const index of order.subarray(0, Math.ceil(all.length * fraction))) kept.add(all[index] as Slice);
	}
	return slices.filter((slice) => kept.has(slice));
}

/** The whole tumour: any of the sub-regions. Where it covers half of a pixel after resizing, 255. */
async function readMask(path: string, size: number): Promise<Uint8Array> {
	const { data, height, width } = await readPicture(path);
	const whole = new Uint8Array(height * width);
	for (let at = 0; at < data.length; at += 1) if ((data[at] as number) > 127) whole[Math.floor(at / 3)] = 255;
	return resizeBytes(whole, 1, [height, width], [size, size]).map((value) => (value > 127 ? 255 : 0));
}
