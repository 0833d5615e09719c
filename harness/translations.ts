/** Translations of unpaired pictures: test pictures of both sides, what a system makes of them, and the masks it shows. */
import * as tf from "@tensorflow/tfjs";
import type { TwoDomainGan } from "../models/layers/two-domain.ts";
import type { Domain, UnpairedDataset } from "./datasets/unpaired.ts";
import { type PictureSet, toBytes, toSigned } from "./edits.ts";

/** Which way, by the side that is translated. */
export const directions = { a: "a-to-b", b: "b-to-a" } as const;

export const otherSide = (side: Domain): Domain => (side === "a" ? "b" : "a");

/** Test pictures of one side. */
export interface TestSide {
	readonly pictures: PictureSet;
	/** True masks of what is to change, one [height, width] of 0 or 255 per picture, where the set knows them. */
	readonly masks: readonly Uint8Array[] | undefined;
}

/** The first `count` test pictures of a side, or all where there are fewer. */
export async function testSide(dataset: UnpairedDataset, side: Domain, count: number): Promise<TestSide> {
	const [height, width] = dataset.size;
	const rows = Math.min(count, dataset.count("test", side));
	const examples = await Promise.all(Array.from({ length: rows }, (_, index) => dataset.read("test", side, index)));
	const data = new Uint8Array(rows * height * width * 3);
	for (const [index, { pixels }] of examples.entries()) data.set(pixels, index * height * width * 3);
	const masks = examples.flatMap(({ mask }) => (mask === undefined ? [] : [mask]));
	return { pictures: { data, count: rows, height, width }, masks: masks.length === rows ? masks : undefined };
}

export interface Translated {
	readonly pictures: PictureSet;
	/** Masks by name, [count, height, width] in [0, 1]; none of systems without. */
	readonly maps: Readonly<Record<string, Float32Array>>;
}

/** Every picture of `side` as the other side would have it, in evaluation mode. */
export function translateAll(
	gan: Pick<TwoDomainGan, "apply">,
	pictures: PictureSet,
	side: Domain,
	{ batchSize = 16 }: { readonly batchSize?: number } = {},
): Translated {
	const { count, height, width } = pictures;
	const size = height * width;
	const data = new Uint8Array(count * size * 3);
	const maps: Record<string, Float32Array> = {};
	for (let start = 0; start < count; start += batchSize) {
		const rows = Math.min(batchSize, count - start);
		tf.tidy(() => {
			const pixels = toSigned(pictures.data.subarray(start * size * 3, (start + rows) * size * 3));
			const images = tf.tensor4d(pixels, [rows, height, width, 3]);
			const made = gan.apply?.({ images, direction: directions[side] });
			if (made === undefined) throw new TypeError("translate: the system must be applicable to pictures");
			data.set(toBytes(made.images.dataSync() as Float32Array), start * size * 3);
			for (const [name, map] of Object.entries(made.maps)) {
				const values = maps[name] ?? new Float32Array(count * size);
				values.set(map.dataSync(), start * size);
				maps[name] = values;
			}
		});
	}
	return { pictures: { ...pictures, data }, maps };
}

/** Name of the map that says where a system changes a picture; undefined of a system without masks. */
export function changeMapOf(maps: Translated["maps"]): string | undefined {
	return ["mask", "foreground"].find((name) => name in maps);
}
