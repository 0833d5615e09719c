/** Pictures of two kinds in two folders, such as `no/` and `yes/` of a tumour set, as a set with one label. */
import { basename } from "node:path";
import { Random } from "../../engine/random.ts";
import { pictureFolder, readPicture } from "../pictures.ts";
import { resizeBytes } from "../resize.ts";
import type { Dataset, Split } from "./dataset.ts";

export interface ClassFoldersOptions {
	/** Folder of pictures with label 0. */
	readonly negative: string;
	/** Folder of pictures with label 1. */
	readonly positive: string;
	/** Name of the label. @default the name of the positive folder */
	readonly attribute?: string;
	/** Height and width, pixels; other shapes are resized to the square, bicubic. @default 128 */
	readonly size?: number;
	/** @default 3 */
	readonly channels?: 1 | 3;
	/** Share of each folder for testing. @default 0.2 */
	readonly testShare?: number;
	/** Share of each folder for validation. @default 0.1 */
	readonly validationShare?: number;
	/** Which pictures are for testing and validation. @default 0 */
	readonly seed?: number;
}

/** Opens two folders; the split is drawn within each, so both splits have the same shares of the classes. */
export async function classFolders(options: ClassFoldersOptions): Promise<Dataset> {
	const {
		negative,
		positive,
		attribute = basename(positive),
		size = 128,
		channels = 3,
		testShare = 0.2,
		validationShare = 0.1,
		seed = 0,
	} = options;
	if (!(testShare >= 0 && validationShare >= 0 && testShare + validationShare < 1)) {
		const got = `${testShare} and ${validationShare}`;
		throw new RangeError(
			`class folders: testShare and validationShare must be from 0 and together below 1, got ${got}`,
		);
	}
	if (!Number.isInteger(size) || size < 1)
		throw new RangeError(`class folders: size must be a whole number from 1, got ${size}`);
	const members: Record<Split, { path: string; value: number }[]> = { train: [], validation: [], test: [] };
	for (const [value, folder] of [negative, positive].entries()) {
		const paths = await pictureFolder(folder);
		const order = Random.seed(seed).split("split").split(value).permutation(paths.length);
		const tests = Math.round(paths.length * testShare);
		const validated = tests + Math.round(paths.length * validationShare);
		for (const [place, index] of order.entries()) {
			const split = place < tests ? "test" : place < validated ? "validation" : "train";
			members[split].push({ path: paths[index] as string, value });
		}
	}
	const member = (split: Split, index: number) => {
		const found = members[split][index];
		if (found !== undefined) return found;
		throw new RangeError(`class folders: ${split} index must be below ${members[split].length}, got ${index}`);
	};
	return {
		name: attribute,
		size: [size, size],
		channels,
		attributes: [attribute],
		count: (split) => members[split].length,
		label: (split, index) => Float32Array.of(member(split, index).value),
		async read(split, index) {
			const { path, value } = member(split, index);
			const { data, height, width } = await readPicture(path, { channels });
			return {
				id: `${value}/${basename(path)}`,
				pixels: resizeBytes(data, channels, [height, width], [size, size], "bicubic"),
				label: Float32Array.of(value),
			};
		},
		describe() {
			const counts = `${members.train.length} train, ${members.validation.length} validation, ${members.test.length} test`;
			return `folders ${basename(negative)} (0) and ${basename(positive)} (1): ${counts}, bicubic to ${size}×${size}`;
		},
	};
}
