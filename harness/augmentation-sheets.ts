/** Pictures of what augmenting systems make of slices. */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../engine/random.ts";
import { valuesOf } from "../engine/values.ts";
import type { Augmenter } from "./augmenters.ts";
import { heat, overlay } from "./colours.ts";
import type { Domain, UnpairedDataset } from "./datasets/unpaired.ts";
import { toBytes, toSigned } from "./edits.ts";
import type { Sheet, Tile } from "./sheet.ts";
import { tripled } from "./slices.ts";

/** Some slices of one class with what a system makes of them. */
export interface Translated {
	readonly sources: readonly Tile[];
	readonly results: readonly Tile[];
	/** Where the system looked, [height, width] in [0, 1]; none without a mask. */
	readonly masks: readonly Float32Array[];
	/** True masks, where they are known. */
	readonly truths: readonly (Tile | undefined)[];
}

/** `count` test slices of one side, spread over its patients, translated; or as many pictures from noise. */
export async function translateTest(
	augmenter: Augmenter,
	dataset: UnpairedDataset,
	domain: Domain,
	count: number,
	seed: number,
): Promise<Translated> {
	const [height, width] = dataset.size;
	const all = dataset.count("test", domain);
	const rows = Math.min(count, all);
	const spread = Array.from({ length: rows }, (_, index) => Math.floor((index * all) / rows));
	const examples = await Promise.all(spread.map((index) => dataset.read("test", domain, index)));
	const size = height * width;
	const bytes = new Uint8Array(rows * size);
	for (const [index, { pixels }] of examples.entries()) bytes.set(pixels, index * size);
	const images = tf.tensor4d(toSigned(bytes), [rows, height, width, 1]);
	const random = Random.seed(seed).split("samples").split(domain);
	const made = augmenter.synthesize(images, domain === "a" ? 0 : 1, random);
	const results = toBytes((await made.images.data()) as Float32Array);
	const masks = augmenter.isTranslator ? masksOf(augmenter, images, domain) : undefined;
	tf.dispose([images, made.images]);
	const tile = (data: Uint8Array, index: number) =>
		tripled(data.subarray(index * size, (index + 1) * size), height, width);
	const each = Array.from({ length: rows }, (_, index) => index);
	return {
		sources: each.map((index) => tile(bytes, index)),
		results: each.map((index) => tile(results, index)),
		masks: masks === undefined ? [] : each.map((index) => masks.subarray(index * size, (index + 1) * size)),
		truths: examples.map(({ mask }) => (mask === undefined ? undefined : tripled(mask, height, width))),
	};
}

/** The mask of a translation of each picture [N, H, W, 1], row by row; undefined for systems without. */
export function masksOf({ gan }: Augmenter, images: tf.Tensor4D, domain: Domain): Float32Array | undefined {
	const mask = tf.tidy(() => gan.apply?.({ images, direction: domain === "a" ? "a-to-b" : "b-to-a" }).maps["mask"]);
	return mask && valuesOf(() => mask);
}

/** Three slices of either side with their results and masks: what one training made. */
export async function translationSheet(augmenter: Augmenter, dataset: UnpairedDataset, seed: number): Promise<Sheet> {
	const [normal, tumour] = [
		await translateTest(augmenter, dataset, "a", 4, seed),
		await translateTest(augmenter, dataset, "b", 4, seed),
	];
	const overlaid = ({ sources, masks }: Translated) =>
		masks.map((mask, index) => overlay(sources[index] as Tile, mask));
	const shown = augmenter.isTranslator;
	const rows = [
		...(shown ? [{ label: "without", tiles: normal.sources }] : []),
		{ label: shown ? "tumour put in" : "without", tiles: normal.results },
		...(normal.masks.length > 0 ? [{ label: "its mask", tiles: overlaid(normal) }] : []),
		...(shown ? [{ label: "with a tumour", tiles: tumour.sources }] : []),
		{ label: shown ? "tumour taken out" : "with a tumour", tiles: tumour.results },
		...(tumour.masks.length > 0 ? [{ label: "its mask", tiles: overlaid(tumour) }] : []),
	];
	return {
		title: `${augmenter.id}: ${shown ? "test slices and what is made of them" : "slices from noise"}`,
		columns: [],
		rows,
		...(normal.masks.length > 0 ? { scale: { low: "kept", high: "replaced", colours: heat } } : {}),
	};
}
