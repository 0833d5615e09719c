/** Where a system changes a picture and where its attention lies, against the true masks of what each edit should change. */
import * as tf from "@tensorflow/tfjs";
import { valuesOf } from "../engine/values.ts";
import { attentionIou, pointingGame } from "../metrics/attention.ts";
import { changeInside } from "../metrics/change-inside.ts";
import { type Picture, type Protocol, type Score, score } from "../metrics/metric.ts";
import type { ConditionalGan } from "../models/layers/stargan-training.ts";
import { editLabels, tileOf } from "./edit-sheets.ts";
import { type EditTest, mean } from "./edit-test.ts";
import { type PictureSet, toSigned } from "./edits.ts";

/** Means of metrics against the true mask of each attribute, over the pictures that have a mask and a value. */
async function againstMasks(
	{ attributes, pictures }: EditTest,
	masks: NonNullable<EditTest["masks"]>,
	map: string,
	measure: (attribute: number, row: number, mask: Picture) => Promise<readonly (readonly [MaskMetric, number])[]>,
): Promise<Score[]> {
	const { height, width } = pictures;
	const scores: Score[] = [];
	for (const [attribute, name] of attributes.entries()) {
		const values = new Map<string, { readonly metric: MaskMetric; readonly all: number[] }>();
		for (let row = 0; row < pictures.count; row += 1) {
			const data = masks[name]?.[row];
			if (data?.some((value) => value > 0) !== true) continue;
			for (const [metric, value] of await measure(attribute, row, { data, height, width, channels: 1 })) {
				const all = values.get(metric.id)?.all ?? [];
				if (!Number.isNaN(value)) all.push(value);
				values.set(metric.id, { metric, all });
			}
		}
		for (const { metric, all } of values.values()) {
			if (all.length === 0) continue;
			scores.push(score(metric, mean(all), { samples: { pictures: all.length } }, { edit: name, map }));
		}
	}
	return scores;
}

interface MaskMetric {
	readonly id: string;
	readonly better: "higher";
	readonly protocol: Protocol;
}

const [iou, pointing] = [attentionIou(), pointingGame()];
const named = (id: string, protocol: Protocol): MaskMetric => ({ id, better: "higher", protocol });

/** How well the change |edited − source| lies inside the true mask, per attribute. */
export function changeInMasks(test: EditTest, masks: NonNullable<EditTest["masks"]>, edits: readonly PictureSet[]) {
	const { height, width } = test.pictures;
	return againstMasks(test, masks, "|edited − source|, mean over channels", async (attribute, row, mask) => {
		const source = { ...tileOf(test.pictures, row), channels: 3 };
		const edited = { ...tileOf(edits[attribute] as PictureSet, row), channels: 3 };
		const change = { data: changeMap(source.pixels, edited.pixels), height, width, channels: 1 };
		const inside = changeInside({ ...source, data: source.pixels }, { ...edited, data: edited.pixels }, mask);
		return [
			[named("change-inside", {}), inside],
			[named("change-iou", iou.protocol), await iou.value(mask, change)],
			[named("change-pointing-game", pointing.protocol), await pointing.value(mask, change)],
		];
	});
}

/** How well the attention that a system pays while it makes an edit lies inside the true mask; nothing without attention. */
export async function attentionInMasks(gan: ConditionalGan, test: EditTest, masks: NonNullable<EditTest["masks"]>) {
	const { attributes, pictures, labels } = test;
	const { height, width } = pictures;
	const maps = attributes.map((_, index) => attentionMaps(gan, pictures, editLabels(labels, attributes, index)));
	if (maps.some((map) => map === undefined)) return [];
	const what = "attention of the edit, mean over modules and queries";
	return againstMasks(test, masks, what, async (attribute, row, mask) => {
		const size = height * width;
		const data = (maps[attribute] as Float32Array).subarray(row * size, (row + 1) * size);
		const map = { data, height, width, channels: 1 };
		return [
			[iou as MaskMetric, await iou.value(mask, map)],
			[pointing as MaskMetric, await pointing.value(mask, map)],
		];
	});
}

/** Mean attention of each picture under its label, [count, height, width]; undefined for a system without attention. */
function attentionMaps(gan: ConditionalGan, pictures: PictureSet, labels: Float32Array): Float32Array | undefined {
	const { count, height, width, data } = pictures;
	const [size, attributes, chunk] = [height * width, labels.length / count, 32];
	const means = new Float32Array(count * size);
	for (let start = 0; start < count; start += chunk) {
		const rows = Math.min(chunk, count - start);
		const mean = tf.tidy(() => {
			const pixels = toSigned(data.subarray(start * size * 3, (start + rows) * size * 3));
			const images = tf.tensor4d(pixels, [rows, height, width, 3]);
			const chosen = tf.tensor2d(labels.slice(start * attributes, (start + rows) * attributes), [rows, attributes]);
			const maps = Object.values(gan.attention({ images, labels: chosen }, { query: "mean" }));
			return maps.length === 0 ? undefined : tf.mean(tf.stack(maps), 0);
		});
		if (mean === undefined) return undefined;
		means.set(
			valuesOf(() => mean),
			start * size,
		);
	}
	return means;
}

/** Mean over channels of |a − b|, [height, width] in [0, 1]. */
export function changeMap(a: Uint8Array, b: Uint8Array): Float32Array {
	return Float32Array.from({ length: a.length / 3 }, (_, pixel) => {
		let sum = 0;
		for (let channel = 0; channel < 3; channel += 1) {
			sum += Math.abs((a[3 * pixel + channel] as number) - (b[3 * pixel + channel] as number));
		}
		return sum / 765;
	});
}
