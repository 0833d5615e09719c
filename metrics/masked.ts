/**
 * Metrics of an edit with the mask of what should change, as paired metrics: `reference` is the picture before, `image` the
 * one after, and the mask is inside where any of its channels is above 0.
 */
import { type BackgroundOptions, backgroundPsnr as psnrOutside, backgroundSsim as ssimOutside } from "./background.ts";
import { changeInside as shareInside } from "./change-inside.ts";
import { anyChannel } from "./mask.ts";
import type { PairedMetric, Picture, Protocol } from "./metric.ts";

/** @see backgroundPsnr of background.ts */
export const backgroundPsnr = ({ range }: BackgroundOptions = {}): PairedMetric =>
	masked({ id: "background-psnr", unit: "dB", protocol: { range: range ?? 255 } }, (source, edited, mask) =>
		psnrOutside(source, edited, mask, range === undefined ? {} : { range }),
	);

/** @see backgroundSsim of background.ts */
export const backgroundSsim = ({ range }: BackgroundOptions = {}): PairedMetric => {
	const protocol = { range: range ?? 255, window: "gaussian 11, sigma 1.5" };
	return masked({ id: "background-ssim", unit: "", protocol }, (source, edited, mask) =>
		ssimOutside(source, edited, mask, range === undefined ? {} : { range }),
	);
};

/** @see changeInside of change-inside.ts */
export const changeInside = (): PairedMetric => masked({ id: "change-inside", unit: "", protocol: {} }, shareInside);

function masked(
	{ id, unit, protocol }: { readonly id: string; readonly unit: string; readonly protocol: Protocol },
	value: (source: Picture, edited: Picture, mask: Picture) => number,
): PairedMetric {
	return {
		...{ kind: "paired", id, unit, protocol, better: "higher", judges: "masked" },
		value(reference, image, mask) {
			if (mask === undefined) throw new RangeError(`${id}: pairs must have a mask, got none`);
			return value(reference, image, anyChannel(mask));
		},
	};
}
