/**
 * CelebA (Liu et al., "Deep Learning Face Attributes in the Wild", ICCV 2015) as StarGAN's loader reads it
 * (yunjey/stargan, data_loader.py): rows shuffled by Python's generator with seed 1234, the first 1,999 to test, the rest
 * to train; centre crop of 178, bilinear resize.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readPicture } from "../pictures.ts";
import { pythonShuffle } from "../python-shuffle.ts";
import { centreBox, crop as cropped, resizeBytes } from "../resize.ts";
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
	/**
	 * `stargan`: shuffled, the first `testCount` rows to test, the rest to train. `aga-gan`: in the order of the file, the
	 * first `trainCount` rows to train, the `testCount` after them to test; of a list too short for both, fewer to train.
	 * @default "stargan"
	 */
	readonly split?: "stargan" | "aga-gan";
	/** @default 1999, or 10,000 for AGA-GAN */
	readonly testCount?: number;
	/** Only for AGA-GAN. @default 100,000 */
	readonly trainCount?: number;
}

/** The attributes that StarGAN edits by default. */
export const starganAttributes = ["Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"] as const;

/**
 * AGA-GAN's 38: all of CelebA's but Wearing_Necklace and Young, in CelebA's order. Which two are left out was inferred from
 * how often each column of the authors' labels is set.
 */
export const agaGanAttributes = (
	"5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose Black_Hair Blond_Hair Blurry " +
	"Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee Gray_Hair Heavy_Makeup High_Cheekbones Male " +
	"Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks " +
	"Sideburns Smiling Straight_Hair Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necktie"
).split(" ");

/** Opens CelebA. Reads the attribute list and the names of the pictures; pictures are read when they are asked for. */
export async function celeba(options: CelebaOptions): Promise<Dataset> {
	const { root, size = 128, attributes = starganAttributes, crop } = options;
	if (!Number.isInteger(size) || size < 1)
		throw new RangeError(`celeba: size must be a whole number from 1, got ${size}`);
	const list = await readAttributes(join(root, "list_attr_celeba.txt"), attributes);
	const folder = await picturesOf(root, list.files);
	const rows = splitRows(list.files.length, options);
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
			return { id, pixels: resizeBytes(square, 3, [side, side], [size, size]), label: label(row) };
		},
		describe() {
			const kept = crop === undefined ? "the full width" : `${crop} pixels`;
			const order = options.split === "aga-gan" ? "in the order of the list" : "StarGAN's shuffle";
			const split = `${rows.train.length} train, ${rows.test.length} test, ${order}`;
			return `CelebA: centre square of ${kept}, bilinear to ${size}×${size}; ${split}`;
		},
	};
}

/** Which rows of the list belong to which split. */
function splitRows(
	count: number,
	{ root, split = "stargan", trainCount, testCount }: CelebaOptions,
): Record<Split, Int32Array> {
	const whole = (name: string, value: number, limit: number) => {
		if (Number.isInteger(value) && value >= 0 && value <= limit) return value;
		const most = limit === Number.POSITIVE_INFINITY ? "" : ` up to ${limit} with the ${count} rows of ${root}`;
		throw new RangeError(`celeba: ${name} must be a whole number${most}, got ${value}`);
	};
	const validation = new Int32Array(0);
	if (split === "stargan") {
		if (trainCount !== undefined)
			throw new RangeError(`celeba: trainCount must be left out with StarGAN's split, got ${trainCount}`);
		const order = pythonShuffle(count, 1234);
		const test = whole("testCount", testCount ?? 1999, count - 1);
		return { test: order.subarray(0, test), train: order.subarray(test), validation };
	}
	const test = whole("testCount", testCount ?? 10_000, count - 1);
	const train = Math.min(whole("trainCount", trainCount ?? 100_000, Number.POSITIVE_INFINITY), count - test);
	const order = Int32Array.from({ length: count }, (_, row) => row);
	return { train: order.subarray(0, train), test: order.subarray(train, train + test), validation };
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
			`${folder}: must hold every picture of list_attr_celeba.txt, got none for ${missing.length} of ${files.length}: ${first}${missing.length > 3 ? " …" : ""}; add them, or take their rows out of the list and its first line down`,
		);
	}
	throw new Error(`${root}: must hold the pictures in img_align_celeba/, got no such folder`);
}
