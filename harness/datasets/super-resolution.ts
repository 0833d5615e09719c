/**
 * Photographs for super-resolution, in the layouts that the sets have: a flat folder of large pictures (T91, Set5, Set14,
 * BSD100, Urban100), or large ones beside small ones (DIV2K, the benchmark folders `HR` and `LR_bicubic`, or `HR` and `LR`,
 * BasicSR's `GTmod12` and `LRbicx4`, `image_SRF_4` with `_HR` and `_LR`). Where no small ones are, they are made by MATLAB's bicubic
 * resize and kept in the cache.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { cacheFolder } from "../../engine/cache.ts";
import { Random } from "../../engine/random.ts";
import { decodePicture, type PixelArray, pictureFolder, readPicture, writePng } from "../pictures.ts";
import { crop } from "../resize.ts";
import type { Split } from "./dataset.ts";
import { type ResolutionDataset, shrunk } from "./resolution.ts";

export interface SuperResolutionOptions {
	/**
	 * Folder of each split, in any of the layouts; a split may be left out. Or one folder for all, of which `seed` draws a tenth of
	 * the pictures, one at least, for the test split.
	 */
	readonly folders: Readonly<Partial<Record<Split, string>>> | string;
	/** @default 1 */
	readonly seed?: number;
	/** @default 4 */
	readonly scale?: 2 | 3 | 4 | 8;
	/** Takes small pictures that lie beside the large ones, or makes them all. @default "paired" */
	readonly low?: "paired" | "bicubic";
	/** Where small pictures are kept that were made. @default the package's cache folder */
	readonly cache?: string;
}

interface Pair {
	readonly high: string;
	/** Undefined where it is to be made. */
	readonly low: string | undefined;
}

/** Opens the folders; pictures are read when they are asked for, and made small once. Large ones lose what `scale` does not divide. */
export async function superResolution(options: SuperResolutionOptions): Promise<ResolutionDataset> {
	const { folders, scale = 4, low = "paired", cache = cacheFolder(), seed = 1 } = options;
	const list = async (folder: string | undefined) =>
		folder === undefined ? [] : findPairs(folder, scale, low === "paired");
	const pairs: Record<Split, Pair[]> =
		typeof folders === "string"
			? drawnSplits(await list(folders), folders, seed)
			: {
					train: await list(folders.train),
					validation: await list(folders.validation),
					test: await list(folders.test),
				};
	const { train, validation, test } = pairs;
	const all = [...train, ...validation, ...test];
	if (all.length === 0) throw new Error("super-resolution: must have a folder for a split, got none");
	return {
		name: "super-resolution",
		scale,
		channels: 3,
		count: (split) => pairs[split].length,
		async read(split, index) {
			const pair = pairs[split][index];
			if (pair === undefined) {
				throw new RangeError(`super-resolution: ${split} index must be below ${pairs[split].length}, got ${index}`);
			}
			const id = basename(pair.high);
			if (pair.low === undefined) return { id, ...(await made(pair.high, scale, cache)) };
			const [whole, small] = await Promise.all([readPicture(pair.high), readPicture(pair.low)]);
			const high = divisible(whole, scale, pair.high);
			if (small.height * scale !== high.height || small.width * scale !== high.width) {
				const got = `${small.width}×${small.height} for ${high.width}×${high.height}`;
				throw new RangeError(`${pair.low}: must be 1/${scale} of ${pair.high}, got ${got}`);
			}
			return { id, low: small, high };
		},
		describe() {
			const counts = `${train.length} train, ${validation.length} validation, ${test.length} test`;
			const paired = all.filter((pair) => pair.low !== undefined).length;
			const from =
				paired === all.length
					? "as found"
					: paired === 0
						? "by MATLAB's bicubic"
						: `${paired} as found, others by MATLAB's bicubic`;
			const names = typeof folders === "string" ? [folders] : Object.values(folders);
			return `photographs in ${names.map((folder) => basename(folder)).join(", ")}: ${counts}; ×${scale}, low resolution ${from}`;
		},
	};
}

function drawnSplits(pairs: readonly Pair[], folder: string, seed: number): Record<Split, Pair[]> {
	if (pairs.length < 2) {
		throw new Error(`${folder}: must hold two pictures, one to train on and one to test on, got ${pairs.length}`);
	}
	const order = Random.seed(seed).split("test").permutation(pairs.length);
	const drawn = new Set(order.slice(0, Math.ceil(pairs.length / 10)));
	const of = (test: boolean) => pairs.filter((_, index) => drawn.has(index) === test);
	return { train: of(false), validation: [], test: of(true) };
}

/** The large picture and its small one, from the cache or made now. */
async function made(path: string, scale: number, cache: string): Promise<{ low: PixelArray; high: PixelArray }> {
	const high = divisible(await readPicture(path), scale, path);
	const key = createHash("sha256").update(`${high.width} ${high.height}`).update(high.data).digest("hex");
	const small = join(cache, "datasets", `bicubic-x${scale}`, `${key.slice(0, 32)}.png`);
	const kept = await readFile(small).catch(() => undefined);
	if (kept !== undefined) return { low: await decodePicture(kept), high };
	const low = shrunk(high, scale);
	await writePng(small, low.data, { height: low.height, width: low.width, channels: 3 });
	return { low, high };
}

/** Cuts off the last rows and columns that the scale does not divide. */
function divisible(picture: PixelArray, scale: number, path: string): PixelArray {
	const height = picture.height - (picture.height % scale);
	const width = picture.width - (picture.width % scale);
	if (height === 0 || width === 0) {
		throw new RangeError(`${path}: must be at least ${scale}×${scale}, got ${picture.width}×${picture.height}`);
	}
	if (height === picture.height && width === picture.width) return picture;
	const box = { top: 0, left: 0, height, width };
	return { data: crop(picture.data, picture.width, picture.channels, box), height, width, channels: picture.channels };
}

/** The pictures of a folder, each with the small one that its layout puts beside it. */
async function findPairs(folder: string, scale: number, paired: boolean): Promise<Pair[]> {
	const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
	const folders = new Set(entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name));
	const self = `image_SRF_${scale}`;
	if (folders.has(self)) {
		const files = (await pictureFolder(join(folder, self))).filter((path) => /_HR\.\w+$/.test(path));
		return files.map((high) => ({ high, low: paired ? high.replace(/_HR(\.\w+)$/, "_LR$1") : undefined }));
	}
	for (const [large, small, ending] of [
		["HR", folders.has("LR") ? "LR" : join("LR_bicubic", `X${scale}`), `x${scale}`],
		["GTmod12", `LRbicx${scale}`, ""],
	] as const) {
		if (folders.has(large)) return beside(join(folder, large), paired ? join(folder, small) : undefined, ending);
	}
	const div2k = /^(DIV2K_(?:train|valid))_HR$/.exec(basename(folder))?.[1];
	const small = div2k === undefined || !paired ? undefined : join(dirname(folder), `${div2k}_LR_bicubic`, `X${scale}`);
	return beside(folder, small, `x${scale}`);
}

/** Pairs by name: `0001.png` and `0001x4.png`. A folder of small pictures that is not there means that they are to be made. */
async function beside(large: string, small: string | undefined, ending: string): Promise<Pair[]> {
	const files = await pictureFolder(large);
	const there = small === undefined ? undefined : await readdir(small).catch(() => undefined);
	if (small === undefined || there === undefined) return files.map((high) => ({ high, low: undefined }));
	const names = new Map(there.map((name) => [basename(name, extname(name)), name]));
	return files.map((high) => {
		const stem = basename(high, extname(high));
		const name = names.get(`${stem}${ending}`) ?? names.get(stem);
		if (name === undefined)
			throw new Error(`${small}: must hold the small picture of ${high}, got no ${stem}${ending}`);
		return { high, low: join(small, name) };
	});
}
