import type { PairedMetric } from "./metric.ts";
import { type Plane, planes, requireComparable, type Space } from "./planes.ts";

/**
 * Root mean squared error. `image-similarity-measures`: of values over `range`, per channel, then the mean of channels.
 * `luma`: of the rounded BT.601 luma bytes in grey levels, as papers on super-resolution report beside the perceptual index
 * (there the root is taken of the mean over pictures; here of each picture).
 */
export function rmse({
	protocol = "image-similarity-measures",
	crop = 0,
	range,
}: {
	/** @default "image-similarity-measures" */
	readonly protocol?: "image-similarity-measures" | "luma";
	/** Pixels taken off each side. @default 0 */
	readonly crop?: number;
	/** Largest possible value. @default 255 for bytes; that package's own default is 4095 */
	readonly range?: number;
} = {}): PairedMetric {
	return {
		kind: "paired",
		id: "rmse",
		better: "lower",
		unit: "",
		protocol: { protocol, crop, range: range ?? 255 },
		value(reference, image) {
			const peak = requireComparable("rmse", reference, image, range);
			const space: Space = protocol === "luma" ? "y-rounded" : "channels";
			const second = planes(image, { space, crop });
			const roots = planes(reference, { space, crop }).map(({ data }, channel) => {
				const other = (second[channel] as Plane).data;
				let sum = 0;
				for (let at = 0; at < data.length; at += 1) sum += ((data[at] as number) - (other[at] as number)) ** 2;
				return Math.sqrt(sum / data.length);
			});
			const mean = roots.reduce((sum, value) => sum + value, 0) / roots.length;
			return protocol === "luma" ? mean : mean / peak;
		},
	};
}
