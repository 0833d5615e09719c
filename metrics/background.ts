/**
 * Background preservation: how much of what an edit should leave alone it did leave alone. Of `source` and `edited` only
 * the pixels outside `mask` count (mask: see mask.ts). Higher is better.
 */
import { insideCount, maskedMetric, requireMask } from "./mask.ts";
import type { PairedMetric, Picture } from "./metric.ts";
import { type Plane, planes, requireComparable } from "./planes.ts";
import { ssimMap } from "./ssim-map.ts";

export interface BackgroundOptions {
	/** Largest possible value; needed for pictures of floats. @default 255 for bytes */
	readonly range?: number | undefined;
}

/** PSNR in dB over the pixels outside the mask, all channels; infinite when none of them changed. */
export function backgroundPsnr(
	source: Picture,
	edited: Picture,
	mask: Picture,
	{ range }: BackgroundOptions = {},
): number {
	const peak = requireComparable("background-psnr", source, edited, range);
	const outside = outsideCount("background-psnr", mask, source);
	let sum = 0;
	for (let at = 0; at < source.data.length; at += 1) {
		if ((mask.data[Math.floor(at / source.channels)] as number) > 0) continue;
		sum += ((source.data[at] as number) - (edited.data[at] as number)) ** 2;
	}
	return -10 * Math.log10(sum / (outside * source.channels) / peak ** 2);
}

/**
 * Mean SSIM (Gaussian window of 11, sigma 1.5, population moments) over the windows whose centre lies outside the mask.
 * Inside the mask both pictures are taken to be the source, so that the edit itself does not leak into windows beside it.
 */
export function backgroundSsim(
	source: Picture,
	edited: Picture,
	mask: Picture,
	{ range }: BackgroundOptions = {},
): number {
	const peak = requireComparable("background-ssim", source, edited, range);
	outsideCount("background-ssim", mask, source);
	const kept = { ...edited, data: Float64Array.from(edited.data) };
	for (let at = 0; at < kept.data.length; at += 1) {
		if ((mask.data[Math.floor(at / source.channels)] as number) > 0) kept.data[at] = source.data[at] as number;
	}
	const size = 11;
	const reach = (size - 1) / 2;
	const second = planes(kept);
	let sum = 0;
	let count = 0;
	planes(source).forEach((plane, channel) => {
		const { map } = ssimMap(plane, second[channel] as Plane, {
			window: { kind: "gaussian", size },
			range: peak,
			map: true,
		});
		map?.data.forEach((value, at) => {
			const centre = (Math.floor(at / map.width) + reach) * source.width + (at % map.width) + reach;
			if ((mask.data[centre] as number) > 0) return;
			sum += value;
			count += 1;
		});
	});
	if (count === 0) throw new RangeError("background-ssim: a window must have its centre outside the mask, got none");
	return sum / count;
}

/** `backgroundPsnr` of pairs with masks. */
export function maskedBackgroundPsnr({ range }: BackgroundOptions = {}): PairedMetric {
	const about = { id: "background-psnr", unit: "dB", protocol: { range: range ?? 255 } };
	return maskedMetric(about, (source, edited, mask) => backgroundPsnr(source, edited, mask, { range }));
}

/** `backgroundSsim` of pairs with masks. */
export function maskedBackgroundSsim({ range }: BackgroundOptions = {}): PairedMetric {
	const protocol = { range: range ?? 255, window: "gaussian 11, sigma 1.5" };
	const about = { id: "background-ssim", unit: "", protocol };
	return maskedMetric(about, (source, edited, mask) => backgroundSsim(source, edited, mask, { range }));
}

function outsideCount(where: string, mask: Picture, picture: Picture): number {
	requireMask(where, mask, picture);
	const outside = mask.data.length - insideCount(mask);
	if (outside === 0) throw new RangeError(`${where}: the mask must leave a pixel outside, got none`);
	return outside;
}
