/** All slices of one split of a set in memory: pictures, classes, true masks and whose they are. */
import type { Dataset, Example, Split } from "./datasets/dataset.ts";
import { toSigned } from "./edits.ts";

export interface Slices {
	/** [N, H, W, C] */
	readonly shape: [number, number, number, number];
	/** [N, H, W, C] bytes. */
	readonly pixels: Uint8Array;
	/** Values of the first label, 0 and 1. */
	readonly classes: Int32Array;
	/** True masks of the first label, [H, W] of 0 or 255, where the set knows them. */
	readonly masks: readonly (Uint8Array | undefined)[];
	/** The patient of each slice, or what stands for one; its own id where nothing is known. */
	readonly patients: readonly string[];
	/** Pictures in [-1, 1]. */
	signed(): Float32Array;
}

/** What some sets know of their slices. */
interface WithPatients {
	caseOf?(split: Split, index: number): string;
	patient?(split: Split, index: number): number;
}

/** Reads a split. */
export async function stacked(dataset: Dataset & WithPatients, split: Split): Promise<Slices> {
	const [height, width] = dataset.size;
	const count = dataset.count(split);
	const size = height * width * dataset.channels;
	const pixels = new Uint8Array(count * size);
	const classes = new Int32Array(count);
	const masks: (Uint8Array | undefined)[] = [];
	const patients: string[] = [];
	for (let index = 0; index < count; index += 1) {
		const example: Example = await dataset.read(split, index);
		pixels.set(example.pixels, index * size);
		classes[index] = example.label[0] as number;
		masks.push(example.masks?.[dataset.attributes[0] as string]);
		const patient = dataset.caseOf?.(split, index) ?? dataset.patient?.(split, index) ?? example.id;
		patients.push(String(patient));
	}
	const shape: Slices["shape"] = [count, height, width, dataset.channels];
	return { shape, pixels, classes, masks, patients, signed: () => toSigned(pixels) };
}

/** Picture `index` as a grey tile of three equal channels; of several channels the first. */
export function greyTile({ pixels, shape: [, height, width, channels] }: Slices, index: number) {
	const size = height * width;
	const grey = Uint8Array.from({ length: size }, (_, at) => pixels[(index * size + at) * channels] as number);
	return tripled(grey, height, width);
}

/** [height, width] bytes as a tile. */
export function tripled(grey: ArrayLike<number>, height: number, width: number) {
	return {
		pixels: Uint8Array.from({ length: grey.length * 3 }, (_, at) => grey[Math.floor(at / 3)] as number),
		height,
		width,
	};
}
