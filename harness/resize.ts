/**
 * Resize of bytes with a support that grows with the reduction (antialiased), in the fixed-point arithmetic of Pillow's
 * `Image.resize`, which torchvision's Resize and so the loaders of StarGAN (bilinear), CycleGAN (bicubic, a = -0.5) and AGA-GAN (Lanczos, a = 3) use:
 * results are equal byte for byte. Horizontal pass first, rounded to bytes, then vertical.
 */

export type Filter = "bilinear" | "bicubic" | "lanczos";

export interface Box {
	readonly top: number;
	readonly left: number;
	readonly height: number;
	readonly width: number;
}

/** The centre box of a picture, its corner rounded half to even as torchvision's CenterCrop does. */
export function centreBox(height: number, width: number, side: number): Box {
	return { top: halfToEven((height - side) / 2), left: halfToEven((width - side) / 2), height: side, width: side };
}

/** Part `box` of a picture [height, width, channels], row-major. */
export function crop(pixels: Uint8Array, width: number, channels: number, box: Box): Uint8Array {
	const result = new Uint8Array(box.height * box.width * channels);
	const length = box.width * channels;
	for (let row = 0; row < box.height; row += 1) {
		const from = ((box.top + row) * width + box.left) * channels;
		result.set(pixels.subarray(from, from + length), row * length);
	}
	return result;
}

/** Resizes bytes [from height, from width, channels] to [to height, to width, channels]. */
export function resizeBytes(
	pixels: Uint8Array,
	channels: number,
	from: readonly [height: number, width: number],
	to: readonly [height: number, width: number],
	filter: Filter = "bilinear",
): Uint8Array {
	const [height, width] = from;
	const [toHeight, toWidth] = to;
	if (pixels.length !== height * width * channels) {
		throw new RangeError(`resize: must have ${height}×${width}×${channels} values, got ${pixels.length}`);
	}
	const wide =
		toWidth === width ? pixels : along(pixels, taps(width, toWidth, filter), height, width * channels, channels);
	if (toHeight === height) return wide.slice();
	return along(wide, taps(height, toHeight, filter), 1, 0, toWidth * channels);
}

const precision = 22;

interface Taps {
	readonly first: Int32Array;
	readonly counts: Int32Array;
	/** Fixed-point weights, `most` for each place. */
	readonly weights: Int32Array;
	readonly most: number;
}

const known = new Map<string, Taps>();

const filters: Readonly<Record<Filter, { support: number; weight(distance: number): number }>> = {
	bilinear: { support: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) },
	bicubic: {
		support: 2,
		// Keys' cubic with a = -0.5.
		weight(distance) {
			const x = Math.abs(distance);
			if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
			return x < 2 ? ((x - 5) * x + 8) * x * -0.5 + 2 : 0;
		},
	},
	lanczos: { support: 3, weight: (distance) => (Math.abs(distance) < 3 ? sinc(distance) * sinc(distance / 3) : 0) },
};

function sinc(x: number): number {
	return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Weights of the filter, stretched by max(1, from / to), for each place of the result. */
function taps(from: number, to: number, filter: Filter): Taps {
	const key = `${from} ${to} ${filter}`;
	const { support: reach, weight } = filters[filter];
	const found = known.get(key);
	if (found !== undefined) return found;
	const scale = from / to;
	const stretch = Math.max(scale, 1);
	const support = reach * stretch;
	const most = Math.ceil(support) * 2 + 1;
	const first = new Int32Array(to);
	const counts = new Int32Array(to);
	const weights = new Int32Array(to * most);
	for (let place = 0; place < to; place += 1) {
		const centre = (place + 0.5) * scale;
		const low = Math.max(Math.trunc(centre - support + 0.5), 0);
		const high = Math.min(Math.trunc(centre + support + 0.5), from);
		const values = Array.from({ length: high - low }, (_, at) => {
			return weight((at + low - centre + 0.5) * (1 / stretch));
		});
		const sum = values.reduce((total, value) => total + value, 0);
		first[place] = low;
		counts[place] = high - low;
		for (const [at, value] of values.entries()) {
			weights[place * most + at] = Math.trunc(Math.sign(value) * 0.5 + (value / sum) * 2 ** precision);
		}
	}
	const made = { first, counts, weights, most };
	if (known.size < 64) known.set(key, made);
	return made;
}

/** Filters `lines` lines that lie `stride` apart; a line is a row of samples of `step` values each. */
function along(
	pixels: Uint8Array,
	{ first, counts, weights, most }: Taps,
	lines: number,
	stride: number,
	step: number,
): Uint8Array {
	const places = first.length;
	const result = new Uint8Array(lines * places * step);
	for (let line = 0; line < lines; line += 1) {
		for (let place = 0; place < places; place += 1) {
			const start = line * stride + (first[place] as number) * step;
			const count = counts[place] as number;
			for (let value = 0; value < step; value += 1) {
				let sum = 2 ** (precision - 1);
				for (let tap = 0; tap < count; tap += 1) {
					sum += (pixels[start + tap * step + value] as number) * (weights[place * most + tap] as number);
				}
				result[(line * places + place) * step + value] = Math.min(255, Math.max(0, sum >> precision));
			}
		}
	}
	return result;
}

function halfToEven(value: number): number {
	const floor = Math.floor(value);
	if (value - floor !== 0.5) return Math.round(value);
	return floor % 2 === 0 ? floor : floor + 1;
}
