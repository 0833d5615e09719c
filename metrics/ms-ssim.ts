/**
 * Multi-scale structural similarity (Wang, Simoncelli and Bovik, "Multi-scale structural similarity for image quality
 * assessment", 2003): contrast-structure of four halvings and similarity of the last, weighted by exponents.
 */
import type { PairedMetric } from "./metric.ts";
import { halved, mirrorEdges } from "./plane-operations.ts";
import { type Plane, planes, requireComparable } from "./planes.ts";
import { ssimMap } from "./ssim-map.ts";

const weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;
const window = { kind: "gaussian", size: 11, sigma: 1.5 } as const;

/**
 * `piq`: windows inside the picture, an odd side gets a row on top and a column at the left repeated before halving, the
 * power is taken per channel, negative means count as 0. `torchmetrics`: mirrored edges for the similarity, means over
 * channels before the power, an odd side loses its last row; `normalise` says what becomes of negative means.
 */
export type MsSsimProtocol = "piq" | "torchmetrics";

export function msSsim({
	protocol = "piq",
	normalise = "relu",
	crop = 0,
	range,
}: {
	/** @default "piq" */
	readonly protocol?: MsSsimProtocol;
	/** `relu`: 0; `simple`: (x + 1) / 2 for all; `none`: as they are, NaN if negative. @default "relu" */
	readonly normalise?: "relu" | "simple" | "none";
	/** Pixels taken off each side. @default 0 */
	readonly crop?: number;
	/** Largest possible value. @default 255 for bytes */
	readonly range?: number;
} = {}): PairedMetric {
	if (protocol !== "piq" && protocol !== "torchmetrics") {
		throw new RangeError(`ms-ssim: protocol must be piq or torchmetrics, got ${protocol}`);
	}
	return {
		kind: "paired",
		id: "ms-ssim",
		better: "higher",
		unit: "",
		protocol: { protocol, normalise, crop, range: range ?? 255, window: "gaussian 11 sigma 1.5", levels: 5 },
		value(reference, image) {
			const peak = requireComparable("ms-ssim", reference, image, range);
			const first = planes(reference, { crop });
			const second = planes(image, { crop });
			const least = protocol === "piq" ? 161 : 176;
			const { height, width } = first[0] as Plane;
			if (Math.min(height, width) < least) {
				throw new RangeError(
					`ms-ssim: pictures must be at least ${least}x${least} (${protocol}), got ${height}x${width}`,
				);
			}
			const levels = first.map((plane, channel) => channelLevels(plane, second[channel] as Plane, peak, protocol));
			if (protocol === "piq") {
				const values = levels.map((level) => combine(level.map((value) => Math.max(0, value))));
				return values.reduce((sum, value) => sum + value, 0) / values.length;
			}
			const means = weights.map(
				(_, at) => levels.reduce((sum, level) => sum + (level[at] as number), 0) / levels.length,
			);
			const ways = { relu: (x: number) => Math.max(0, x), simple: (x: number) => (x + 1) / 2, none: (x: number) => x };
			return combine(means.map(ways[normalise]));
		},
	};
}

/** Mean contrast-structure of the first four levels, mean similarity of the last. */
function channelLevels(x: Plane, y: Plane, range: number, protocol: MsSsimProtocol): number[] {
	let [a, b] = [x, y];
	return weights.map((_, level) => {
		if (level > 0) [a, b] = [halved(a, protocol === "piq"), halved(b, protocol === "piq")];
		if (level < weights.length - 1) return ssimMap(a, b, { window, range }).contrast;
		if (protocol === "piq") return ssimMap(a, b, { window, range }).mean;
		return ssimMap(mirrorEdges(a, 5), mirrorEdges(b, 5), { window, range }).mean;
	});
}

function combine(values: readonly number[]): number {
	return values.reduce((product, value, level) => product * value ** (weights[level] as number), 1);
}
