import type { PairedMetric } from "./metric.ts";
import { requireComparable } from "./planes.ts";

/**
 * Spectral angle mapper: the mean angle in degrees between the channel vectors of both pictures, 0 for equal colours.
 * `float`: the angle itself. `uint8-wrap`: products of channels taken modulo 256, as image-similarity-measures does when
 * given bytes, a quirk that puts every picture near 90. As there, a black pixel has no angle and makes the value 0, as if the
 * pictures were equal. `torchmetrics`: in radians, and NaN where a pixel is black.
 */
export function sam({
	protocol = "float",
	range,
}: {
	/** @default "float" */
	readonly protocol?: "float" | "uint8-wrap" | "torchmetrics";
	/** Says that floats are meant; the angle does not depend on it. @default 255 for bytes */
	readonly range?: number;
} = {}): PairedMetric {
	return {
		kind: "paired",
		id: "sam",
		better: "lower",
		unit: protocol === "torchmetrics" ? "rad" : "°",
		protocol: { protocol },
		value(reference, image) {
			requireComparable("sam", reference, image, range);
			const { data, channels } = reference;
			if (channels < 2) throw new RangeError(`sam: pictures must have 2 channels or more, got ${channels}`);
			if (protocol === "uint8-wrap" && !(data instanceof Uint8Array && image.data instanceof Uint8Array)) {
				throw new TypeError("sam: protocol uint8-wrap needs bytes, got floats");
			}
			const pixels = data.length / channels;
			let sum = 0;
			for (let at = 0; at < data.length; at += channels) {
				let [product, first, second] = [0, 0, 0];
				for (let channel = at; channel < at + channels; channel += 1) {
					const [x, y] = [data[channel] as number, image.data[channel] as number];
					product += protocol === "uint8-wrap" ? (x * y) % 256 : x * y;
					first += x * x;
					second += y * y;
				}
				const cosine = product / (Math.sqrt(first) * Math.sqrt(second));
				sum += Math.acos(Math.min(1, Math.max(-1, cosine)));
			}
			if (protocol === "torchmetrics") return sum / pixels;
			const degrees = ((sum / pixels) * 180) / Math.PI;
			return Number.isNaN(degrees) ? 0 : degrees;
		},
	};
}
