/** What every system of an attribute-editing experiment is tested with. */
import type { Extractor } from "../metrics/features/extractor.ts";
import type { Rows } from "../metrics/features/rows.ts";
import type { Picture, Protocol } from "../metrics/metric.ts";
import { tileOf } from "./edit-sheets.ts";
import type { PictureSet } from "./edits.ts";

/** The test pictures and everything about them that does not depend on the system. */
export interface EditTest {
	readonly attributes: readonly string[];
	readonly pictures: PictureSet;
	/** [count, attributes] of 0 and 1. */
	readonly labels: Float32Array;
	/** Features of the test pictures. */
	readonly rows: Rows;
	readonly extractor: Extractor;
	/** Resamples of the test pictures; the same are drawn for every system. */
	readonly resamples: number;
	/** Predicted attributes, [count, attributes] of 0 and 1. */
	readonly judge: (pictures: PictureSet) => Uint8Array;
	readonly judgeProtocol: Protocol;
	/** True masks by attribute: one [height, width] of 0 or 255 per picture. */
	readonly masks: Readonly<Record<string, readonly Uint8Array[]>> | undefined;
}

/** The pictures of a set one by one. */
export function* picturesOf(set: PictureSet): Generator<Picture> {
	for (let index = 0; index < set.count; index += 1) {
		const { pixels: data, height, width } = tileOf(set, index);
		yield { data, height, width, channels: 3 };
	}
}

export function mean(values: ArrayLike<number>): number {
	let sum = 0;
	for (let index = 0; index < values.length; index += 1) sum += values[index] as number;
	return sum / values.length;
}

/** Standard deviation, divisor n − 1; 0 of fewer than two values. */
export function deviation(values: readonly number[]): number {
	if (values.length < 2) return 0;
	const centre = mean(values);
	return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}
