/**
 * CelebA (Liu et al., "Deep Learning Face Attributes in the Wild", ICCV 2015) as StarGAN's loader reads it
 * (yunjey/stargan, data_loader.py): rows shuffled by Python's generator with seed 1234, the first 1,999 to test, the rest
 * to train; centre crop of 178, bilinear resize.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readPicture } from "../pictures.ts";
import { pythonShuffle } from "../python-shuffle.ts";
import { centreBox, crop as cropped, resizeBilinear } from "../resize.ts";
import { readAttributes } from "./celeba-attributes.ts";
import type { Dataset, Split } from "./dataset.ts";

export interface CelebaOptions {
	/** Folder with `list_attr_celeba.txt` and the pictures in `img_align_celeba/` (or `images/`). */
	readonly root: string;
	/** Height and width of the examples, pixels. @default 128 */
	readonly size?: number;
	/** @default StarGAN's five: Black_Hair, Blond_Hair, Brown_Hair, Male, Young */
	readonly attributes?: readonly string[];
	/** Side of the centre square that is kept, pixels. @default the picture's width: 178 of 178×218, as StarGAN */
	readonly crop?: number;
	/** Rows of the shuffled list that are the test split. @default 1999 */
	readonly testCount?: number;
}

/** The attributes that StarGAN edits by default. */
export const starganAttributes = ["Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"] as const;

/** Opens CelebA. Reads the attribute list and the names of the pictures; pictures are read when they are asked for. */
export async function celeba(options: CelebaOptions): Promise<Dataset> {
	const { root, size = 128, attributes = starganAttributes, crop, testCount = 1999 } = options;
	if (!Number.isInteger(size) || size < 1)
		throw new RangeError(`celeba: size must be a whole number from 1, got ${size}`);
	const list = await readAttributes(join(root, "list_attr_celeba.txt"), attributes);
	const folder = await picturesOf(root, list.files);
	if (!Number.isInteger(testCount) || testCount < 0 || testCount >= list.files.length) {
		throw new RangeError(
			`celeba: testCount must be a whole number below the ${list.files.length} rows of ${root}, got ${testCount}`,
		);
	}
	const order = pythonShuffle(list.files.length, 1234);
	const rows: Record<Split, Int32Array> = { test: order.subarray(0, testCount), train: order.subarray(testCount) };
	const rowOf = (split: Split, index: number) => {
		const row = rows[split][index];
		if (row === undefined) {
			throw new RangeError(`celeba: ${split} index must be below ${rows[split].length}, got ${index}`);
		}
		return row;
	};
	const label = (row: number) => {
		return Float32Array.from(list.values.subarray(row * attributes.length, (row + 1) * attributes.length));
	};
	return {
		name: "celeba",
		size: [size, size],
		channels: 3,
		attributes,
		count: (split) => rows[split].length,
		label: (split, index) => label(rowOf(split, index)),
		async read(split, index) {
			const row = rowOf(split, index);
			const id = list.files[row] as string;
			const path = join(folder, id);
			const picture = await readPicture(path);
			const side = crop ?? Math.min(picture.width, picture.height);
			if (side > picture.width || side > picture.height) {
				throw new RangeError(`${path}: must be at least the crop of ${side}, got ${picture.width}×${picture.height}`);
			}
			const square = cropped(picture.data, picture.width, 3, centreBox(picture.height, picture.width, side));
			return { id, pixels: resizeBilinear(square, 3, [side, side], [size, size]), label: label(row) };
		},
		describe() {
			const kept = crop === undefined ? "the full width" : `${crop} pixels`;
			const split = `${rows.train.length} train, ${testCount} test, StarGAN's shuffle`;
			return `CelebA in ${root}: centre square of ${kept}, bilinear to ${size}×${size}; ${split}`;
		},
	};
}

/** The folder that holds the pictures of the list. Throws where some are missing, and names the first of them. */
async function picturesOf(root: string, files: readonly string[]): Promise<string> {
	for (const name of ["img_align_celeba", "images"]) {
		const folder = join(root, name);
		const found = await stat(folder).catch(() => undefined);
		if (found?.isDirectory() !== true) continue;
		const present = new Set(await readdir(folder));
		const missing = files.filter((file) => !present.has(file));
		if (missing.length === 0) return folder;
		const first = missing.slice(0, 3).join(", ");
		throw new Error(
			`${folder}: must hold every picture of list_attr_celeba.txt, got none for ${missing.length} of ${files.length}: ${first}${missing.length > 3 ? " …" : ""}`,
		);
	}
	throw new Error(`${root}: must hold the pictures in img_align_celeba/, got no such folder`);
}
