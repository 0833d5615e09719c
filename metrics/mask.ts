/**
 * Masks and attention maps: pictures of one channel. A mask is inside where it is above 0; a map has finite values ≥ 0
 * of any scale, and may come with its channel three times.
 */
import type { PairedMetric, Picture, Protocol } from "./metric.ts";

/**
 * The rule that turns a map into a mask: `same-area` keeps as many of the largest values as the true mask has pixels
 * (ties in row order); `otsu` splits the histogram of 256 bins where the variance between both parts is largest (Otsu,
 * 1979); a number keeps values of at least that share of the maximum (0.5: half maximum).
 */
export type AttentionThreshold = "same-area" | "otsu" | number;

/** The mask of 0 and 1 that a rule makes of a map; the true mask gives `same-area` its area. */
export function thresholdMap(map: Picture, mask: Picture, rule: AttentionThreshold): Picture {
	if (rule === "same-area") return largestValues(map, insideCount(mask));
	if (rule === "otsu") {
		const level = otsuLevel(map);
		return binary(map, (value) => value >= level);
	}
	if (!(rule > 0 && rule <= 1)) {
		throw new RangeError(`attention: threshold must be a share of the maximum in (0, 1], got ${rule}`);
	}
	const level = rule * maximum(map);
	return binary(map, (value) => value >= level);
}

/** The mask of the `count` largest values; equal values in row order. */
export function largestValues(map: Picture, count: number): Picture {
	const order = Array.from({ length: map.data.length }, (_, at) => at);
	order.sort((i, j) => (map.data[j] as number) - (map.data[i] as number) || i - j);
	const data = new Uint8Array(map.data.length);
	for (const at of order.slice(0, count)) data[at] = 1;
	return { data, height: map.height, width: map.width, channels: 1 };
}

/** Otsu's level: the edge between two of 256 equal bins from the smallest to the largest value; from it up is inside. */
export function otsuLevel(map: Picture): number {
	const bins = 256;
	const high = maximum(map);
	let low = high;
	for (let at = 0; at < map.data.length; at += 1) low = Math.min(low, map.data[at] as number);
	if (!(high > low)) return high;
	const counts = new Float64Array(bins);
	for (let at = 0; at < map.data.length; at += 1) {
		const bin = Math.min(bins - 1, Math.floor((((map.data[at] as number) - low) / (high - low)) * bins));
		counts[bin] = (counts[bin] as number) + 1;
	}
	const centre = (bin: number): number => low + ((bin + 0.5) / bins) * (high - low);
	let total = 0;
	for (let bin = 0; bin < bins; bin += 1) total += (counts[bin] as number) * centre(bin);
	let below = 0;
	let sumBelow = 0;
	let best = -1;
	let level = high;
	for (let bin = 0; bin < bins - 1; bin += 1) {
		below += counts[bin] as number;
		sumBelow += (counts[bin] as number) * centre(bin);
		const above = map.data.length - below;
		const between = below * above * (sumBelow / below - (total - sumBelow) / above) ** 2;
		if (between > best) {
			best = between;
			level = low + ((bin + 1) / bins) * (high - low);
		}
	}
	return level;
}

/** Intersection over union of two masks; `empty` is its value where both are empty. */
export function maskOverlap(first: Picture, second: Picture, empty: number): number {
	let both = 0;
	let either = 0;
	for (let at = 0; at < first.data.length; at += 1) {
		const [a, b] = [(first.data[at] as number) > 0, (second.data[at] as number) > 0];
		if (a && b) both += 1;
		if (a || b) either += 1;
	}
	return either === 0 ? empty : both / either;
}

/** Number of pixels inside. */
export function insideCount(mask: Picture): number {
	let count = 0;
	for (let at = 0; at < mask.data.length; at += 1) if ((mask.data[at] as number) > 0) count += 1;
	return count;
}

/** Throws unless `mask` has one channel and the size of `picture`. */
export function requireMask(where: string, mask: Picture, picture: Picture): void {
	if (mask.channels !== 1) throw new RangeError(`${where}: a mask must have 1 channel, got ${mask.channels}`);
	if (mask.width !== picture.width || mask.height !== picture.height) {
		throw new RangeError(
			`${where}: mask and picture must have equal sizes, got ${mask.height}x${mask.width} and ${picture.height}x${picture.width}`,
		);
	}
}

/** A map with one channel. Throws unless it has that, or three equal ones, of finite values ≥ 0, not all 0. */
export function mapOf(where: string, picture: Picture): Picture {
	const map = oneChannel(where, picture);
	let any = false;
	for (let at = 0; at < map.data.length; at += 1) {
		const value = map.data[at] as number;
		if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
			throw new RangeError(`${where}: a map's values must be finite and at least 0, got ${value}`);
		}
		any ||= value > 0;
	}
	if (!any) throw new RangeError(`${where}: a map must have a value above 0, got none`);
	return map;
}

function oneChannel(where: string, picture: Picture): Picture {
	const { data, channels } = picture;
	if (channels === 1) return picture;
	const equal = channels === 3 && data.every((value: number, at: number) => value === data[at - (at % 3)]);
	if (!equal) {
		const got = channels === 3 ? "colours" : `${channels}`;
		throw new RangeError(`${where}: a map must have 1 channel, or 3 equal ones, got ${got}`);
	}
	return { ...picture, channels: 1, data: data.filter((_: number, at: number) => at % 3 === 0) };
}

function binary(map: Picture, inside: (value: number) => boolean): Picture {
	const data = Uint8Array.from(map.data, (value) => (inside(value) ? 1 : 0));
	return { data, height: map.height, width: map.width, channels: 1 };
}

function maximum(map: Picture): number {
	let most = Number.NEGATIVE_INFINITY;
	for (let at = 0; at < map.data.length; at += 1) most = Math.max(most, map.data[at] as number);
	return most;
}

/** Two pictures of one size as masks of one channel: inside where any channel is above `threshold`. */
export function requireMasks(
	where: string,
	reference: Picture,
	image: Picture,
	threshold: number,
): readonly [truth: Picture, guess: Picture] {
	if (reference.height !== image.height || reference.width !== image.width) {
		throw new RangeError(
			`${where}: masks must have equal sizes, got ${reference.height}x${reference.width} and ${image.height}x${image.width}`,
		);
	}
	return [flatten(where, reference, threshold), flatten(where, image, threshold)];
}

/** A picture as a mask of one channel: inside where any channel is above 0. */
export function anyChannel(picture: Picture): Picture {
	return flatten("mask", picture, 0);
}

/** A measure of an edit and the mask of what should change as a metric: the reference is the picture before. Higher is better. */
export function maskedMetric(
	{ id, unit, protocol }: { readonly id: string; readonly unit: string; readonly protocol: Protocol },
	measure: (source: Picture, edited: Picture, mask: Picture) => number,
): PairedMetric {
	return {
		kind: "paired",
		id,
		better: "higher",
		unit,
		judges: "masked",
		protocol,
		value(source, edited, mask) {
			if (mask === undefined) throw new RangeError(`${id}: pairs must have a mask, got none`);
			return measure(source, edited, anyChannel(mask));
		},
	};
}

function flatten(where: string, { data, height, width, channels }: Picture, threshold: number): Picture {
	const inside = new Uint8Array(height * width);
	for (let at = 0; at < data.length; at += 1) {
		const value = data[at] as number;
		if (Number.isNaN(value)) throw new RangeError(`${where}: values must be numbers, got NaN at ${at}`);
		if (value > threshold) inside[Math.floor(at / channels)] = 1;
	}
	return { data: inside, height, width, channels: 1 };
}

/** Pixels that are inside both, only the guess, only the truth, neither. */
export function maskCounts(truth: Picture, guess: Picture): Record<"tp" | "fp" | "fn" | "tn", number> {
	const counts = { tp: 0, fp: 0, fn: 0, tn: 0 };
	for (let at = 0; at < truth.data.length; at += 1) {
		const [a, b] = [(truth.data[at] as number) > 0, (guess.data[at] as number) > 0];
		counts[a ? (b ? "tp" : "fn") : b ? "fp" : "tn"] += 1;
	}
	return counts;
}
