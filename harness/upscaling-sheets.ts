/** Pictures of what a super-resolution system does: its results beside the true ones, and its discriminator's map. */
import * as tf from "@tensorflow/tfjs";
import { valuesOf } from "../engine/values.ts";
import { matlabResize } from "../metrics/resize/matlab.ts";
import { pearson } from "../metrics/statistics/correlation.ts";
import type { ResolutionGan } from "../models/layers/resolution-training.ts";
import { colourAt, heat, overlay } from "./colours.ts";
import type { ResolutionDataset } from "./datasets/resolution.ts";
import { toBytes, toSigned } from "./edits.ts";
import type { PixelArray } from "./pictures.ts";
import { crop } from "./resize.ts";
import type { Sheet, Tile } from "./sheet.ts";

/** `count` pictures of one size made larger, [count, height, width, 3] bytes in and out. */
export function upscaleBytes(
	gan: ResolutionGan,
	low: Uint8Array,
	count: number,
	height: number,
	width: number,
): Uint8Array {
	return toBytes(valuesOf(() => gan.upscale(tf.tensor4d(toSigned(low), [count, height, width, 3]))));
}

/** One picture made larger. */
export function upscalePicture(gan: ResolutionGan, { data, height, width }: PixelArray): PixelArray {
	const pixels = upscaleBytes(gan, data, 1, height, width);
	const scale = Math.round(Math.sqrt(pixels.length / data.length));
	return { data: pixels, height: height * scale, width: width * scale, channels: 3 };
}

/** MATLAB's bicubic, the baseline of every paper on super-resolution. */
export function bicubic({ data, height, width, channels }: PixelArray, scale: number): PixelArray {
	const large = matlabResize({ data, height, width, channels }, scale);
	return { ...large, data: large.data as Uint8Array };
}

/** What D says of a picture, [height, width]: 1 − σ(M), the weight that FASRGAN gives its errors; undefined without a map. */
export function attentionOfPicture(gan: ResolutionGan, { data, height, width }: PixelArray): Float32Array | undefined {
	const { judgeMap } = gan;
	if (judgeMap === undefined) return undefined;
	return valuesOf(() => {
		const map = judgeMap(tf.tensor4d(toSigned(data), [1, height, width, 3]));
		return tf.sub(1, tf.mean(map, 3));
	});
}

/** Mean absolute difference over colours at every pixel, in [0, 1]. */
export function errorMap(a: PixelArray, b: PixelArray): Float32Array {
	return Float32Array.from({ length: a.height * a.width }, (_, place) => {
		let sum = 0;
		for (let channel = 0; channel < 3; channel += 1) {
			sum += Math.abs((a.data[place * 3 + channel] as number) - (b.data[place * 3 + channel] as number));
		}
		return sum / 765;
	});
}

/** A square part of a picture's middle, no larger than the picture. */
export function middle({ data, height, width, channels }: PixelArray, side: number): Tile {
	const [tall, wide] = [Math.min(side, height), Math.min(side, width)];
	const box = { top: (height - tall) >> 1, left: (width - wide) >> 1, height: tall, width: wide };
	return { pixels: crop(data, width, channels, box), height: tall, width: wide };
}

/** The same part of a map. */
function middleOf(map: Float32Array, { height, width }: PixelArray, side: number): Float32Array {
	const [tall, wide] = [Math.min(side, height), Math.min(side, width)];
	const [top, left] = [(height - tall) >> 1, (width - wide) >> 1];
	return Float32Array.from({ length: tall * wide }, (_, at) => {
		return map[(top + Math.floor(at / wide)) * width + left + (at % wide)] as number;
	});
}

/** The error in a picture's middle as colours, brightest where it is greatest in the whole picture. */
export function errorTile(made: PixelArray, truth: PixelArray, side: number): Tile {
	const error = errorMap(made, truth);
	const greatest = Math.max(1e-6, extent(error)[1]);
	const errors = middleOf(error, made, side);
	const pixels = new Uint8Array(errors.length * 3);
	for (const [place, value] of errors.entries()) pixels.set(colourAt(value / greatest), place * 3);
	return { ...middle(made, side), pixels };
}

/** Lowest and highest of the values of a map, however large. */
function extent(values: Float32Array): [number, number] {
	let [low, high] = [Infinity, -Infinity];
	for (const value of values) {
		if (value < low) low = value;
		if (value > high) high = value;
	}
	return [low, high];
}

/** Side of what is shown of a picture, in high resolution. */
const shownSide = 96;

/** A row of the sheet that lays the map over the error: the picture made larger, its error, and the map. */
export function mapRow(gan: ResolutionGan, made: PixelArray, truth: PixelArray): Sheet["rows"][number] | undefined {
	const attention = attentionOfPicture(gan, made);
	if (attention === undefined) return undefined;
	const { statistic } = pearson(attention, errorMap(made, truth));
	const tile = middle(made, shownSide);
	const [low, high] = extent(attention);
	const span = high - low || 1;
	const shown = middleOf(attention, made, shownSide).map((value) => (value - low) / span);
	return {
		label: `correlation ${Number.isFinite(statistic) ? statistic.toFixed(2) : "–"}`,
		tiles: [tile, middle(truth, shownSide), errorTile(made, truth, shownSide), overlay(tile, shown)],
	};
}

/** The sheet of such rows. */
export function mapSheet(id: string, rows: readonly Sheet["rows"][number][]): Sheet {
	return {
		title: `${id}: the discriminator's map over the error`,
		subtitle: "Map: 1 − σ(M), from its lowest to its highest value in the picture; it weighs the errors of G's loss.",
		columns: ["upscaled", "true", "error", "map"],
		rows,
		tile: 144,
		scale: { low: "low", high: "high", colours: heat },
	};
}

/** `samples.png` and, for systems with a map, `attention.png`, of the first test pictures. */
export async function upscalingSheets(gan: ResolutionGan, dataset: ResolutionDataset): Promise<Record<string, Sheet>> {
	const split = dataset.count("test") > 0 ? "test" : "train";
	const count = Math.min(4, dataset.count(split));
	const pictures = await Promise.all(Array.from({ length: count }, (_, index) => dataset.read(split, index)));
	const made = pictures.map(({ low }) => upscalePicture(gan, low));
	const samples: Sheet = {
		title: `${gan.id}: pictures made ${dataset.scale} times larger`,
		columns: ["low", "bicubic", gan.id, "true"],
		rows: pictures.map(({ id, low, high }, index) => ({
			label: id,
			tiles: [
				middle(low, shownSide / dataset.scale),
				...[bicubic(low, dataset.scale), made[index] as PixelArray, high].map((one) => middle(one, shownSide)),
			],
		})),
		tile: 144,
	};
	const rows = pictures.flatMap(({ high }, index) => mapRow(gan, made[index] as PixelArray, high) ?? []);
	return { "samples.png": samples, ...(rows.length === 0 ? {} : { "attention.png": mapSheet(gan.id, rows) }) };
}
