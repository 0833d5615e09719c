import type { PairedMetric } from "./metric.ts";
import { type Plane, planes, requireComparable } from "./planes.ts";

/**
 * Universal image quality index (Wang and Bovik, 2002): the mean over 8x8 windows at every pixel and over channels of
 * `4 σxy μx μy / ((σx² + σy²)(μx² + μy²))`, population moments. As in image-similarity-measures a window where that is 0 / 0
 * counts 0. 1 for equal pictures without flat windows.
 */
export function uiq({
	window = 8,
	range,
}: {
	/** Side in pixels. @default 8 */
	readonly window?: number;
	/** Says that floats are meant; the index does not depend on it. @default 255 for bytes */
	readonly range?: number;
} = {}): PairedMetric {
	return {
		kind: "paired",
		id: "uiq",
		better: "higher",
		unit: "",
		protocol: { protocol: "image-similarity-measures", window },
		value(reference, image) {
			requireComparable("uiq", reference, image, range);
			if (reference.height < window || reference.width < window) {
				throw new RangeError(
					`uiq: pictures must be at least ${window}x${window}, got ${reference.height}x${reference.width}`,
				);
			}
			const second = planes(image);
			const values = planes(reference).map((plane, channel) => channelValue(plane, second[channel] as Plane, window));
			return values.reduce((sum, value) => sum + value, 0) / values.length;
		},
	};
}

function channelValue(x: Plane, y: Plane, window: number): number {
	const pixels = window * window;
	let total = 0;
	for (let row = 0; row <= x.height - window; row += 1) {
		for (let column = 0; column <= x.width - window; column += 1) {
			let [sumX, sumY] = [0, 0];
			for (let down = 0; down < window; down += 1) {
				const start = (row + down) * x.width + column;
				for (let at = start; at < start + window; at += 1) {
					sumX += x.data[at] as number;
					sumY += y.data[at] as number;
				}
			}
			const [meanX, meanY] = [sumX / pixels, sumY / pixels];
			// Centred sums, in a second pass: a flat window must have a variance of exactly 0.
			let [varianceX, varianceY, covariance] = [0, 0, 0];
			for (let down = 0; down < window; down += 1) {
				const start = (row + down) * x.width + column;
				for (let at = start; at < start + window; at += 1) {
					const [p, q] = [(x.data[at] as number) - meanX, (y.data[at] as number) - meanY];
					varianceX += p * p;
					varianceY += q * q;
					covariance += p * q;
				}
			}
			const below = (varianceX + varianceY) * (meanX * meanX + meanY * meanY);
			if (below !== 0) total += (4 * covariance * meanX * meanY) / below;
		}
	}
	return total / ((x.height - window + 1) * (x.width - window + 1));
}
