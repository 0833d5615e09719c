import type { Resizer } from "../features/extractor.ts";
import type { Picture } from "../metric.ts";

/**
 * Bilinear resize whose filter widens with the reduction, as Pillow's BILINEAR on float pictures: separable, nothing
 * rounded between the passes or after. One grey channel becomes three.
 */
export function antialiasedBilinear(): Resizer {
	return { id: "bilinear, antialiased", resize };
}

function resize({ data, height: fromHeight, width: fromWidth, channels }: Picture, height: number, width: number) {
	if (channels !== 1 && channels !== 3) {
		throw new RangeError(`resize: pictures must have 1 or 3 channels, got ${channels}`);
	}
	const across = taps(fromWidth, width);
	const down = taps(fromHeight, height);
	const wide = new Float32Array(fromHeight * width * 3);
	for (let row = 0, to = 0; row < fromHeight; row += 1) {
		for (let column = 0; column < width; column += 1) {
			const first = (row * fromWidth + (across.first[column] as number)) * channels;
			for (let channel = 0; channel < 3; channel += 1, to += 1) {
				const from = first + (channels === 3 ? channel : 0);
				let sum = 0;
				for (let tap = 0; tap < across.most; tap += 1) {
					const weight = across.weights[column * across.most + tap] as number;
					if (weight !== 0) sum += weight * (data[from + tap * channels] as number);
				}
				wide[to] = sum;
			}
		}
	}
	const line = width * 3;
	const result = new Float32Array(height * line);
	for (let row = 0; row < height; row += 1) {
		for (let tap = 0; tap < down.most; tap += 1) {
			const weight = down.weights[row * down.most + tap] as number;
			if (weight === 0) continue;
			const from = ((down.first[row] as number) + tap) * line;
			for (let at = 0; at < line; at += 1) {
				result[row * line + at] = (result[row * line + at] as number) + weight * (wide[from + at] as number);
			}
		}
	}
	return result;
}

/** For each place: the first input it takes, and the weights of `most` inputs from there on, which sum to 1. */
interface Taps {
	readonly first: Int32Array;
	readonly weights: Float64Array;
	readonly most: number;
}

const known = new Map<string, Taps>();

function taps(from: number, to: number): Taps {
	const key = `${from} ${to}`;
	const found = known.get(key);
	if (found !== undefined) return found;
	const scale = from / to;
	const support = Math.max(1, scale);
	const most = Math.min(from, Math.ceil(support) * 2 + 1);
	const first = new Int32Array(to);
	const weights = new Float64Array(to * most);
	for (let place = 0; place < to; place += 1) {
		const centre = (place + 0.5) * scale;
		const low = Math.max(0, Math.min(from - most, Math.trunc(centre - support + 0.5)));
		first[place] = low;
		let sum = 0;
		for (let tap = 0; tap < most; tap += 1) {
			const weight = Math.max(0, 1 - Math.abs(low + tap + 0.5 - centre) / support);
			weights[place * most + tap] = weight;
			sum += weight;
		}
		for (let tap = place * most; tap < (place + 1) * most; tap += 1) weights[tap] = (weights[tap] as number) / sum;
	}
	const made = { first, weights, most };
	// Sets of pictures of very many sizes do not fill the memory.
	if (known.size >= 256) known.clear();
	known.set(key, made);
	return made;
}
