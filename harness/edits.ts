/** Attribute edits: which label asks for which edit, and the edited pictures of a test set. */
import * as tf from "@tensorflow/tfjs";
import sharp from "sharp";
import { valuesOf } from "../engine/values.ts";
import type { ConditionalGan } from "../models/layers/stargan-training.ts";

const hair = /_Hair$/;

/**
 * The target label of editing attribute `index`, as StarGAN's test code makes it (solver.py create_labels): a hair colour
 * is set and the other hair colours cleared; any other attribute is flipped; the rest keep the source's values.
 */
export function editLabel(label: Float32Array, attributes: readonly string[], index: number): Float32Array {
	const target = Float32Array.from(label);
	const name = attributes[index];
	if (name === undefined)
		throw new RangeError(`edit: attribute must be from 0 to ${attributes.length - 1}, got ${index}`);
	if (hair.test(name)) {
		for (const [other, otherName] of attributes.entries()) if (hair.test(otherName)) target[other] = 0;
		target[index] = 1;
	} else {
		target[index] = 1 - (label[index] as number);
	}
	return target;
}

/** Pictures of one size: `count` × [height, width, 3] bytes, row-major. */
export interface PictureSet {
	readonly data: Uint8Array;
	readonly count: number;
	readonly height: number;
	readonly width: number;
}

/** Signed values to bytes: round((x + 1)·127.5), clamped. */
export function toBytes(values: Float32Array): Uint8Array {
	const bytes = new Uint8Array(values.length);
	for (let index = 0; index < values.length; index += 1) {
		bytes[index] = Math.min(255, Math.max(0, Math.round(((values[index] as number) + 1) * 127.5)));
	}
	return bytes;
}

/** Bytes to signed values: v / 127.5 - 1. */
export function toSigned(bytes: Uint8Array): Float32Array {
	return Float32Array.from(bytes, (value) => value / 127.5 - 1);
}

/** Applies `gan` to every picture with the label of the same row; `labels` is [count, attributes] row-major. */
export function generateAll(
	gan: ConditionalGan,
	pictures: PictureSet,
	labels: Float32Array,
	{ batchSize = 32 }: { readonly batchSize?: number } = {},
): PictureSet {
	const { count, height, width } = pictures;
	const attributes = labels.length / count;
	const size = height * width * 3;
	const data = new Uint8Array(count * size);
	for (let start = 0; start < count; start += batchSize) {
		const rows = Math.min(batchSize, count - start);
		const values = valuesOf(() => {
			const images = tf.tensor4d(toSigned(pictures.data.subarray(start * size, (start + rows) * size)), [
				rows,
				height,
				width,
				3,
			]);
			const targets = tf.tensor2d(labels.slice(start * attributes, (start + rows) * attributes), [rows, attributes]);
			return gan.generate(images, targets);
		});
		data.set(toBytes(values), start * size);
	}
	return { ...pictures, data };
}

/** Mean absolute difference of two sets in the signed range (0 equal, 2 opposite), per picture. */
export function absoluteDifferences(a: PictureSet, b: PictureSet): Float64Array {
	const size = a.height * a.width * 3;
	return Float64Array.from({ length: a.count }, (_, picture) => {
		let sum = 0;
		for (let index = picture * size; index < (picture + 1) * size; index += 1) {
			sum += Math.abs((a.data[index] as number) - (b.data[index] as number));
		}
		return sum / size / 127.5;
	});
}

/** Copies of the pictures shrunk by `factor` and enlarged again: what a system that loses all detail would keep. */
export async function blurredCopies(pictures: PictureSet, factor: number): Promise<PictureSet> {
	const { count, height, width } = pictures;
	const size = height * width * 3;
	const raw = { raw: { height, width, channels: 3 as const } };
	const small = { height: Math.round(height / factor), width: Math.round(width / factor), fit: "fill" as const };
	const data = new Uint8Array(count * size);
	for (let index = 0; index < count; index += 1) {
		const shrunk = await sharp(pictures.data.subarray(index * size, (index + 1) * size), raw)
			.resize({ ...small, kernel: "linear" })
			.raw()
			.toBuffer();
		const enlarged = await sharp(shrunk, { raw: { height: small.height, width: small.width, channels: 3 } })
			.resize({ height, width, fit: "fill", kernel: "linear" })
			.raw()
			.toBuffer();
		data.set(enlarged, index * size);
	}
	return { ...pictures, data };
}
