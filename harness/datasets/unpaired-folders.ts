/**
 * CycleGAN's folders: `trainA`, `trainB`, `testA`, `testB` (and `valA`, `valB` where there are such), pictures of any size.
 * As in the authors' loaders a picture is resized to a square, bicubic, whatever its shape; for training to a larger one
 * of which a random part is taken (286 for 256).
 */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { pictureFolder, readPicture } from "../pictures.ts";
import { resizeBytes } from "../resize.ts";
import type { Split } from "./dataset.ts";
import type { Domain, UnpairedDataset } from "./unpaired.ts";

export interface UnpairedFoldersOptions {
	/** Folder that holds the folders. */
	readonly root: string;
	/** Height and width of the pictures of a batch, pixels. @default 256 */
	readonly size?: number;
	/** Height and width to which training pictures are resized before a part is cut out. @default size (no cutting) */
	readonly loadSize?: number;
	/** @default 3 */
	readonly channels?: 1 | 3;
}

const prefixes: Readonly<Record<Split, string>> = { train: "train", validation: "val", test: "test" };

/** Opens the folders; pictures are read when they are asked for. */
export async function unpairedFolders(options: UnpairedFoldersOptions): Promise<UnpairedDataset> {
	const { root, size = 256, loadSize = size, channels = 3 } = options;
	if (!Number.isInteger(size) || size < 1)
		throw new RangeError(`unpaired folders: size must be a whole number from 1, got ${size}`);
	if (!Number.isInteger(loadSize) || loadSize < size) {
		throw new RangeError(`unpaired folders: loadSize must be a whole number from size ${size}, got ${loadSize}`);
	}
	const entries = await readdir(root).catch(() => {
		throw new Error(`${root}: must be a folder with trainA, trainB, testA and testB, got none of that name`);
	});
	const files = async (split: Split, letter: string) => {
		const name = `${prefixes[split]}${letter}`;
		if (split === "validation" && !entries.includes(name)) return [];
		if (!entries.includes(name)) throw new Error(`${root}: must hold trainA, trainB, testA and testB, got no ${name}`);
		return pictureFolder(join(root, name));
	};
	const both = async (split: Split): Promise<Record<Domain, string[]>> => {
		const [a, b] = await Promise.all([files(split, "A"), files(split, "B")]);
		return { a, b };
	};
	const [train, validation, test] = await Promise.all([both("train"), both("validation"), both("test")]);
	const paths: Record<Split, Record<Domain, string[]>> = { train, validation, test };
	return {
		name: basename(root),
		domains: { a: "A", b: "B" },
		size: [size, size],
		channels,
		count: (split, domain) => paths[split][domain].length,
		async read(split, domain, index) {
			const path = paths[split][domain][index];
			if (path === undefined) {
				throw new RangeError(`${root}: ${split} index must be below ${paths[split][domain].length}, got ${index}`);
			}
			const picture = await readPicture(path, { channels });
			const side = split === "train" ? loadSize : size;
			const pixels = resizeBytes(picture.data, channels, [picture.height, picture.width], [side, side], "bicubic");
			return { id: basename(path), pixels, size: [side, side] };
		},
		describe() {
			const counts = `${train.a.length} and ${train.b.length} to train, ${test.a.length} and ${test.b.length} to test`;
			const cut = loadSize > size ? `bicubic to ${loadSize} and a random ${size} for training` : `bicubic to ${size}`;
			return `folders of ${basename(root)}: ${counts}; ${cut}`;
		},
	};
}
