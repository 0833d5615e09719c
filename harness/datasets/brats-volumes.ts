/**
 * BraTS cases as their folders hold them (2018 to 2023: a folder for each case with the volumes of four modalities and the
 * segmentation), cut into slices in the layout that `bratsSlices` reads. This is done once, into the cache, case by case.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeAtomically } from "../files.ts";
import { writePng } from "../pictures.ts";
import { readVolume, type Volume } from "../volumes.ts";

/** Which slices are kept: with a tumour of at least so many pixels, or none and at least such a share of brain. */
export interface SliceRule {
	/** Pixels of the whole tumour. @default 50 */
	readonly minTumour?: number;
	/** Share of the picture that is brain, for slices without tumour. @default 0.15 */
	readonly minBrain?: number;
}

export interface SlicedCase {
	readonly name: string;
	readonly done: number;
	readonly total: number;
}

interface Case {
	readonly name: string;
	/** FLAIR, T1, T1 with contrast, T2. */
	readonly modalities: readonly string[];
	readonly segmentation: string;
}

/** Endings of the file names, from BraTS 2018 to 2023. */
const endings = [
	/[-_](flair|t2f)\.nii(\.gz)?$/i,
	/[-_](t1|t1n)\.nii(\.gz)?$/i,
	/[-_](t1ce|t1c|t1gd)\.nii(\.gz)?$/i,
	/[-_](t2|t2w)\.nii(\.gz)?$/i,
];
const segmentations = /[-_](seg|segm)\.nii(\.gz)?$/i;
const labelsHeader = "filename,target,case";

/** True where a folder holds BraTS cases. */
export async function hasVolumes(root: string): Promise<boolean> {
	return (await findCases(root)).length > 0;
}

/** The cases below a folder, sorted by name. Throws where a case lacks a modality. */
async function findCases(root: string, depth = 3): Promise<Case[]> {
	const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
	const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
	const segmentation = files.find((file) => segmentations.test(file));
	if (segmentation !== undefined) {
		const modalities = endings.map((ending, at) => {
			const file = files.find((name) => ending.test(name));
			if (file !== undefined) return join(root, file);
			throw new Error(
				`${root}: must hold FLAIR, T1, T1 with contrast and T2, got no ${["FLAIR", "T1", "T1 with contrast", "T2"][at]}`,
			);
		});
		return [{ name: basename(root), modalities, segmentation: join(root, segmentation) }];
	}
	if (depth === 0) return [];
	const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
	const found = await Promise.all(folders.sort().map((folder) => findCases(join(root, folder), depth - 1)));
	return found.flat();
}

/**
 * Cuts the cases below `root` into slices under `cache`, passing over those that were cut before; returns the folder. Each
 * volume is clipped to the 0.5th and 99.5th percentile of its brain and scaled to bytes; what is not brain is 0.
 */
export async function* sliceVolumes(
	root: string,
	cache: string,
	{ minTumour = 50, minBrain = 0.15 }: SliceRule = {},
	signal?: AbortSignal,
): AsyncGenerator<SlicedCase, string, undefined> {
	const cases = await findCases(root);
	if (cases.length === 0)
		throw new Error(`${root}: must hold BraTS cases (folders with …_seg.nii or .nii.gz), got none`);
	const names = new Set<string>();
	for (const { name } of cases) {
		if (names.has(name)) throw new Error(`${root}: must hold each case once, got ${name} again`);
		names.add(name);
	}
	const stamps = await Promise.all(
		cases.map(async ({ name, segmentation, modalities }) => {
			const files = await Promise.all([segmentation, ...modalities].map((path) => stat(path)));
			return [name, ...files.flatMap(({ size, mtimeMs }) => [size, mtimeMs])];
		}),
	);
	const key = createHash("sha256")
		.update(JSON.stringify([1, root, minTumour, minBrain, stamps]))
		.digest("hex");
	const folder = join(cache, "datasets", `brats-${key.slice(0, 16)}`);
	await Promise.all(["images", "masks", "cases"].map((name) => mkdir(join(folder, name), { recursive: true })));
	const rows: string[] = [];
	for (const [index, one] of cases.entries()) {
		signal?.throwIfAborted();
		// Written last: a case whose list exists is whole.
		const list = join(folder, "cases", `${one.name}.csv`);
		const known = await readFile(list, "utf8").catch(() => undefined);
		const text = known ?? (await sliceCase(one, folder, minTumour, minBrain));
		if (known === undefined) await writeAtomically(list, text);
		rows.push(text);
		yield { name: one.name, done: index + 1, total: cases.length };
	}
	await writeAtomically(join(folder, "labels.csv"), `${labelsHeader}\n${rows.join("")}`);
	return folder;
}

/** Writes the slices of one case; returns its rows of the label list. */
async function sliceCase(one: Case, folder: string, minTumour: number, minBrain: number): Promise<string> {
	const segmentation = await readVolume(one.segmentation);
	const volumes = await Promise.all(one.modalities.map(readVolume));
	const { width, height, depth } = segmentation;
	for (const [at, volume] of volumes.entries()) {
		if (volume.width === width && volume.height === height && volume.depth === depth) continue;
		const got = `${volume.width}×${volume.height}×${volume.depth}`;
		throw new Error(`${one.modalities[at]}: must be ${width}×${height}×${depth} as the segmentation, got ${got}`);
	}
	const scaled = volumes.map(toBytes);
	const area = width * height;
	const rows: string[] = [];
	for (let slice = 0; slice < depth; slice += 1) {
		const labels = segmentation.data.subarray(slice * area, (slice + 1) * area);
		const parts = scaled.map((bytes) => bytes.subarray(slice * area, (slice + 1) * area));
		let tumour = 0;
		let brain = 0;
		const pixels = new Uint8Array(area * 4);
		const regions = new Uint8Array(area * 3);
		for (let at = 0; at < area; at += 1) {
			let any = 0;
			for (const [modality, part] of parts.entries()) {
				pixels[at * 4 + modality] = part[at] as number;
				any |= part[at] as number;
			}
			if (any > 0) brain += 1;
			const label = Math.round(labels[at] as number);
			if (label > 0) tumour += 1;
			// Necrosis 1, oedema 2, enhancing 4 (3 since 2023).
			const region = label === 1 ? 0 : label === 2 ? 1 : 2;
			if (label > 0) regions[at * 3 + region] = 255;
		}
		const diseased = tumour > 0;
		if (diseased ? tumour < minTumour : brain < minBrain * area) continue;
		const name = `${one.name}_z${String(slice).padStart(3, "0")}`;
		await writePng(join(folder, "images", `${name}.png`), pixels, { height, width, channels: 4 });
		await writePng(join(folder, "masks", `${name}_mask.png`), regions, { height, width, channels: 3 });
		rows.push(`${name}.png,${diseased ? 1 : 0},${one.name}\n`);
	}
	return rows.join("");
}

/** Brain (values above 0) between its 0.5th and 99.5th percentile as 1 to 255, all else 0. */
function toBytes({ data }: Volume): Uint8Array {
	const brain = data.filter((value) => value > 0).sort();
	const at = (share: number) => brain[Math.round(share * (brain.length - 1))] ?? 0;
	const low = at(0.005);
	const range = at(0.995) - low;
	return Uint8Array.from(data, (value) => {
		if (!(value > 0)) return 0;
		return range > 0 ? 1 + Math.round(254 * Math.min(1, Math.max(0, (value - low) / range))) : 128;
	});
}
