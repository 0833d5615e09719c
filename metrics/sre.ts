import type { PairedMetric } from "./metric.ts";
import { type Plane, planes, requireComparable } from "./planes.ts";

/**
 * Signal to reconstruction error ratio in dB as image-similarity-measures computes it: 10 log10 of the mean over channels
 * of `mean(x)² / (‖x - y‖ / (height width))`, the norm not squared. Infinite for equal pictures.
 */
export function sre({
	crop = 0,
	range,
}: {
	/** Pixels taken off each side. @default 0 */
	readonly crop?: number;
	/** Says that floats are meant; the value does depend on the scale. @default 255 for bytes */
	readonly range?: number;
} = {}): PairedMetric {
	return {
		kind: "paired",
		id: "sre",
		better: "higher",
		unit: "dB",
		protocol: { protocol: "image-similarity-measures", crop, range: range ?? 255 },
		value(reference, image) {
			requireComparable("sre", reference, image, range);
			const second = planes(image, { crop });
			const ratios = planes(reference, { crop }).map(({ data }, channel) => {
				const other = (second[channel] as Plane).data;
				let [sum, squares] = [0, 0];
				for (let at = 0; at < data.length; at += 1) {
					sum += data[at] as number;
					squares += ((data[at] as number) - (other[at] as number)) ** 2;
				}
				return (sum / data.length) ** 2 / (Math.sqrt(squares) / data.length);
			});
			return 10 * Math.log10(ratios.reduce((sum, value) => sum + value, 0) / ratios.length);
		},
	};
}
