/** Pictures of what an attribute-editing system does: its edits, and where its attention lies. */
import * as tf from "@tensorflow/tfjs";
import { valuesOf } from "../engine/values.ts";
import type { ConditionalGan } from "../models/layers/stargan-training.ts";
import { heat, overlay } from "./colours.ts";
import type { Dataset } from "./datasets/dataset.ts";
import { editLabel, generateAll, type PictureSet, toSigned } from "./edits.ts";
import type { Sheet, Tile } from "./sheet.ts";

export interface TestPictures {
	readonly pictures: PictureSet;
	/** [count, attributes] of 0 and 1. */
	readonly labels: Float32Array;
	/** True masks by attribute, one [height, width] of 0 or 255 per picture, where the set knows them. */
	readonly masks: Readonly<Record<string, readonly Uint8Array[]>> | undefined;
}

/** The first `count` test pictures with their labels, [count, attributes] row-major. */
export async function testPictures(dataset: Dataset, count: number): Promise<TestPictures> {
	const [height, width] = dataset.size;
	const rows = Math.min(count, dataset.count("test"));
	const examples = await Promise.all(Array.from({ length: rows }, (_, index) => dataset.read("test", index)));
	const data = new Uint8Array(rows * height * width * 3);
	const labels = new Float32Array(rows * dataset.attributes.length);
	for (const [index, { pixels, label }] of examples.entries()) {
		data.set(pixels, index * height * width * 3);
		labels.set(label, index * dataset.attributes.length);
	}
	const known = examples.every(({ masks }) => masks !== undefined);
	const masks = known
		? Object.fromEntries(
				dataset.attributes.map((name) => [name, examples.map(({ masks }) => masks?.[name] as Uint8Array)]),
			)
		: undefined;
	return { pictures: { data, count: rows, height, width }, labels, masks };
}

/** Labels of the same pictures with attribute `index` edited. */
export function editLabels(labels: Float32Array, attributes: readonly string[], index: number): Float32Array {
	const edited = new Float32Array(labels.length);
	for (let start = 0; start < labels.length; start += attributes.length) {
		edited.set(editLabel(labels.subarray(start, start + attributes.length), attributes, index), start);
	}
	return edited;
}

/** Picture `index` of a set. */
export function tileOf({ data, height, width }: PictureSet, index: number): Tile {
	const size = height * width * 3;
	return { pixels: data.subarray(index * size, (index + 1) * size), height, width };
}

/** `samples.png` and, for systems with attention, `attention.png`. */
export async function editSheets(gan: ConditionalGan, dataset: Dataset): Promise<Record<string, Sheet>> {
	const test = await testPictures(dataset, 8);
	const samples = sampleSheet(gan, dataset.attributes, test.pictures, test.labels);
	const attention = attentionSheet(gan, test.pictures, test.labels);
	return { "samples.png": samples, ...(attention === undefined ? {} : { "attention.png": attention }) };
}

function sampleSheet(
	gan: ConditionalGan,
	attributes: readonly string[],
	pictures: PictureSet,
	labels: Float32Array,
): Sheet {
	const edits = attributes.map((_, index) => generateAll(gan, pictures, editLabels(labels, attributes, index)));
	const kept = generateAll(gan, pictures, labels);
	return {
		title: `${gan.id}: edits of test pictures`,
		subtitle: "Hair columns set that colour; the last columns turn the attribute over.",
		columns: ["source", "unchanged", ...attributes.map(editName)],
		rows: Array.from({ length: pictures.count }, (_, row) => ({
			label: "",
			tiles: [tileOf(pictures, row), tileOf(kept, row), ...edits.map((edit) => tileOf(edit, row))],
		})),
	};
}

/** "Blond hair", "other gender", "other age" … */
export function editName(attribute: string): string {
	if (attribute === "Male") return "other gender";
	if (attribute === "Young") return "other age";
	const words = attribute.replaceAll("_", " ").toLowerCase();
	return words.endsWith(" hair") ? words : `turn ${words}`;
}

const queries = [0.3, 0.7];

/**
 * Attention of two query rows (or pixels) in the first, middle and last module, over the pictures `under`; undefined for a
 * system without attention.
 */
export function attentionSheet(
	gan: ConditionalGan,
	pictures: PictureSet,
	labels: Float32Array,
	{ under = pictures, name = "source" }: { readonly under?: PictureSet; readonly name?: string } = {},
): Sheet | undefined {
	const count = Math.min(5, pictures.count);
	const { height, width } = pictures;
	const size = height * width;
	const shown = tf
		.tidy(() => {
			const images = tf.tensor4d(toSigned(pictures.data.subarray(0, count * size * 3)), [count, height, width, 3]);
			const rows = labels.length / pictures.count;
			const batch = { images, labels: tf.tensor2d(labels.slice(0, count * rows), [count, rows]) };
			return queries.map((query) => {
				const maps = Object.entries(gan.attention(batch, { query }));
				const last = maps.length - 1;
				const chosen = maps.length === 0 ? [] : [...new Set([0, Math.floor(last / 2), last])];
				return chosen.map((index) => {
					const [name, map] = maps[index] as [string, tf.Tensor3D];
					return { name, query, map };
				});
			});
		})
		.flat()
		.map(({ name, query, map }) => ({ name, query, values: valuesOf(() => map) }));
	if (shown.length === 0) return undefined;
	const marked = (tile: Tile, query: number): Tile => {
		const pixels = Uint8Array.from(tile.pixels);
		const row = Math.min(height - 1, Math.floor(query * height));
		for (const column of [0, 1, width - 2, width - 1]) pixels.set([0, 255, 255], (row * width + column) * 3);
		return { ...tile, pixels };
	};
	return {
		title: `${gan.id}: attention over the picture`,
		subtitle: "Marked in cyan: the height of the query. Each map is scaled to its own maximum.",
		columns: [name, ...shown.map(({ name, query }) => `${name}, at ${Math.round(query * 100)} %`)],
		rows: Array.from({ length: count }, (_, row) => ({
			label: "",
			tiles: [
				tileOf(under, row),
				...shown.map(({ values, query }) =>
					marked(overlay(tileOf(under, row), values.subarray(row * size, (row + 1) * size)), query),
				),
			],
		})),
		scale: { low: "no attention", high: "most attention", colours: heat },
	};
}
