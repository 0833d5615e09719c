/**
 * Peak signal-to-noise ratio, `10 log10(range² / MSE)` in dB, under the conventions of several libraries.
 */
import type { PairedMetric, Picture } from "./metric.ts";
import { type Plane, planes, requireComparable, type Space } from "./planes.ts";

/**
 * `skimage`, `wang2004`, `matlab`, `basicsr`: over all channels, infinite for equal pictures.
 * `torchmetrics`: the same with its float32 logarithms, up to 2e-6 dB away; picture by picture as with `dim=(1, 2, 3)`, not
 *   from the error of the whole batch as with its default.
 * `piq`, `pyiqa`: 1e-8 added to the MSE on 0 … 1, so that equal pictures give 80.
 * `basicsr-y`: on the unrounded BT.601 luma, as papers on super-resolution report (with crop = scale).
 * `matlab-y`: on the luma rounded to a byte, as MATLAB's rgb2ycbcr gives it.
 * `image-similarity-measures`: over all channels, summed pixel by pixel in float32, up to 1e-4 dB away.
 * `uint8-wrap`: difference and square taken modulo 256, 100 for equal pictures: the evaluation script of AGA-GAN, which
 * overrates large errors. Kept under its own name to compare with that paper alone.
 */
export type PsnrProtocol =
	| "skimage"
	| "wang2004"
	| "matlab"
	| "torchmetrics"
	| "basicsr"
	| "basicsr-y"
	| "matlab-y"
	| "piq"
	| "pyiqa"
	| "image-similarity-measures"
	| "uint8-wrap";

const spaces: Record<PsnrProtocol, Space> = {
	skimage: "channels",
	wang2004: "channels",
	matlab: "channels",
	torchmetrics: "channels",
	basicsr: "channels",
	"basicsr-y": "y",
	"matlab-y": "y-rounded",
	piq: "channels",
	pyiqa: "channels",
	"image-similarity-measures": "channels",
	"uint8-wrap": "channels",
};

/** @see PsnrProtocol; `range` is needed for pictures of floats; the luma protocols need values on 0 … 255. */
export function psnr({
	protocol = "skimage",
	crop = 0,
	range,
}: {
	/** @default "skimage" */
	readonly protocol?: PsnrProtocol;
	/** Pixels taken off each side. @default 0 */
	readonly crop?: number;
	/** Largest possible value. @default 255 for bytes */
	readonly range?: number;
} = {}): PairedMetric {
	const space = spaces[protocol];
	if (space === undefined) {
		throw new RangeError(`psnr: protocol must be one of ${Object.keys(spaces).join(", ")}, got ${protocol}`);
	}
	return {
		kind: "paired",
		id: "psnr",
		better: "higher",
		unit: "dB",
		protocol: { protocol, crop, range: range ?? 255 },
		value(reference, image) {
			const peak = requireComparable("psnr", reference, image, range);
			if (space !== "channels" && peak !== 255) {
				throw new RangeError(`psnr: protocol ${protocol} needs values on 0 to 255, got range ${peak}`);
			}
			const first = planes(reference, { space, crop });
			const second = planes(image, { space, crop });
			if (protocol === "uint8-wrap") return wrapped(reference, first, second);
			if (protocol === "image-similarity-measures") return float32Sums(first, second, peak);
			if (protocol === "torchmetrics") return float32Decibels(meanSquaredError(first, second), peak);
			const error = meanSquaredError(first, second) / peak ** 2;
			return -10 * Math.log10(protocol === "piq" || protocol === "pyiqa" ? error + 1e-8 : error);
		},
	};
}

/** Mean over all channels and pixels of the squared difference. */
export function meanSquaredError(first: readonly Plane[], second: readonly Plane[]): number {
	let sum = 0;
	let count = 0;
	first.forEach(({ data }, channel) => {
		const other = (second[channel] as Plane).data;
		for (let at = 0; at < data.length; at += 1) sum += ((data[at] as number) - (other[at] as number)) ** 2;
		count += data.length;
	});
	return sum / count;
}

/** The mean of each channel from a running float32 sum, as numpy reduces the outer axes of float32 arrays. */
function float32Sums(first: readonly Plane[], second: readonly Plane[], range: number): number {
	const { fround } = Math;
	const means = first.map(({ data }, channel) => {
		const other = (second[channel] as Plane).data;
		let sum = 0;
		for (let at = 0; at < data.length; at += 1) {
			const difference = fround((data[at] as number) - (other[at] as number));
			sum = fround(sum + fround(difference * difference));
		}
		return fround(sum / data.length);
	});
	const mean = fround(means.reduce((sum, value) => fround(sum + value), 0) / means.length);
	return fround(20 * fround(Math.log10(fround(range / fround(Math.sqrt(mean))))));
}

/** torchmetrics keeps ln(range) and 10 / ln(10) in float32, the rest in the precision of the pictures. */
function float32Decibels(error: number, range: number): number {
	const { fround } = Math;
	return (2 * fround(Math.log(range)) - Math.log(error)) * fround(10 / fround(Math.LN10));
}

function wrapped(reference: Picture, first: readonly Plane[], second: readonly Plane[]): number {
	if (!(reference.data instanceof Uint8Array)) throw new TypeError("psnr: protocol uint8-wrap needs bytes, got floats");
	let sum = 0;
	let count = 0;
	first.forEach(({ data }, channel) => {
		const other = (second[channel] as Plane).data;
		// (a - b)² mod 256 is that of the wrapped difference, since (d + 256)² ≡ d².
		for (let at = 0; at < data.length; at += 1) sum += (((data[at] as number) - (other[at] as number)) ** 2) & 255;
		count += data.length;
	});
	return sum === 0 ? 100 : 20 * Math.log10(255 / Math.sqrt(sum / count));
}
