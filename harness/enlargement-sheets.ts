/** Faces in two resolutions, what a system makes of them, and where its masks lie. */
import * as tf from "@tensorflow/tfjs";
import type { Input, Output } from "../models/paper.ts";
import { heat, overlay } from "./colours.ts";
import type { Split } from "./datasets/dataset.ts";
import type { ResolutionDataset } from "./datasets/resolution.ts";
import { tileOf } from "./edit-sheets.ts";
import { type PictureSet, toBytes, toSigned } from "./edits.ts";
import { opencvEnlarged } from "./opencv-enlarged.ts";
import type { Sheet, Tile } from "./sheet.ts";

/** Test faces: both resolutions, the enlargement that needs no training, and the attribute vectors. */
export interface EnlargementTest {
	readonly low: PictureSet;
	readonly high: PictureSet;
	/** OpenCV's cubic enlargement of the low resolution. */
	readonly bicubic: PictureSet;
	/** [count, attributes] of −1, 0 and 1. */
	readonly labels: Float32Array;
	readonly attributes: readonly string[];
}

/** A system that enlarges faces. */
export interface Enlarger {
	readonly id: string;
	apply?(input: Input): Output;
}

/** The first `count` faces of a split. */
export async function enlargementTest(
	dataset: ResolutionDataset,
	count: number,
	split: Split = "test",
): Promise<EnlargementTest> {
	const rows = Math.min(count, dataset.count(split));
	const examples = await Promise.all(Array.from({ length: rows }, (_, index) => dataset.read(split, index)));
	const gathered = (name: "low" | "high"): PictureSet => {
		const pictures = examples.map((example) => example[name]);
		const { height = 0, width = 0 } = pictures[0] ?? {};
		const data = new Uint8Array(rows * height * width * 3);
		for (const [index, picture] of pictures.entries()) data.set(picture.data, index * height * width * 3);
		return { data, count: rows, height, width };
	};
	const low = gathered("low");
	const high = gathered("high");
	const labels = Float32Array.from(examples.flatMap(({ label }) => [...(label ?? [])]));
	return { low, high, bicubic: opencvEnlarged(low, dataset.scale), labels, attributes: dataset.attributes ?? [] };
}

/** What a system makes of every face under the given attribute vectors. */
export function enlargeAll(system: Enlarger, low: PictureSet, labels: Float32Array, batchSize = 16): PictureSet {
	const parts: Uint8Array[] = [];
	let side = 0;
	for (let start = 0; start < low.count; start += batchSize) {
		const { bytes, width } = enlarged(system, low, labels, start, Math.min(batchSize, low.count - start));
		side = width;
		parts.push(bytes);
	}
	return { data: Uint8Array.from(Buffer.concat(parts)), count: low.count, height: side, width: side };
}

function enlarged(system: Enlarger, low: PictureSet, labels: Float32Array, start: number, count: number) {
	const size = low.height * low.width * 3;
	const width = labels.length / low.count;
	const images = tf.tensor4d(toSigned(low.data.subarray(start * size, (start + count) * size)), [
		...[count, low.height, low.width],
		3,
	] as [number, number, number, number]);
	const vectors = tf.tensor2d(labels.slice(start * width, (start + count) * width), [count, width]);
	const made = system.apply?.({ images, labels: vectors });
	if (made === undefined)
		throw new TypeError(`${system.id}: must be a system that can be applied, got one that cannot`);
	const maps = Object.entries(made.maps).map(([name, map]) => [name, Float32Array.from(map.dataSync())] as const);
	const result = { bytes: toBytes(made.images.dataSync() as Float32Array), width: made.images.shape[2], maps };
	tf.dispose([images, vectors, made.images, made.maps]);
	return result;
}

/** `samples.png` and `attention.png` of a training. */
export async function enlargementSheets(system: Enlarger, dataset: ResolutionDataset): Promise<Record<string, Sheet>> {
	const test = await enlargementTest(dataset, 8);
	const made = enlargeAll(system, test.low, test.labels);
	const sets = [test.low, test.bicubic, made, test.high];
	return {
		"samples.png": {
			title: `${system.id}: test faces enlarged ${dataset.scale} times`,
			columns: ["low resolution", "bicubic", "enlarged", "true"],
			rows: Array.from({ length: test.low.count }, (_, row) => ({
				label: "",
				tiles: sets.map((set) => tileOf(set, row)),
			})),
		},
		"attention.png": maskSheet(system, test),
	};
}

/** The masks of a pass over the faces that it made. */
export function maskSheet(system: Enlarger, { low, labels }: EnlargementTest): Sheet {
	const count = Math.min(6, low.count);
	const { bytes, width, maps } = enlarged(system, low, labels, 0, count);
	const made = { data: bytes, count, height: width, width };
	const size = width * width;
	const over = (tile: Tile, values: Float32Array, row: number): Tile => {
		const own = values.subarray(row * size, (row + 1) * size);
		let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
		for (const value of own) [least, most] = [Math.min(least, value), Math.max(most, value)];
		return overlay(
			tile,
			own.map((value) => (value - least) / Math.max(1e-6, most - least)),
		);
	};
	return {
		title: `${system.id}: masks over the faces it made`,
		subtitle:
			"Each mask is scaled from its own least value to its greatest; masks with many channels are shown by their mean.",
		columns: ["made", ...maps.map(([name]) => name)],
		rows: Array.from({ length: count }, (_, row) => {
			const tile = tileOf(made, row);
			return { label: "", tiles: [tile, ...maps.map(([, values]) => over(tile, values, row))] };
		}),
		scale: { low: "least", high: "greatest", colours: heat },
	};
}
