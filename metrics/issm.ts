import { cannyEdges } from "./canny.ts";
import type { PairedMetric, Picture } from "./metric.ts";
import { type Plane, planes, requireComparable } from "./planes.ts";
import { ssim } from "./ssim.ts";

/**
 * Information theoretic-based statistic similarity measure (Aljanabi et al., 2018) as image-similarity-measures computes it:
 * (E H (A + B) + e) / (A E H + B H + C SSIM + e) with A .3, B .5, C .7, H = -Σ h log₂ h over the counts h of a joint 10 × 10
 * histogram, E the correlation of Canny's edges (100, 200) of both pictures divided by 16, SSIM with a range of 4095.
 *
 * It is made for 12-bit pictures: the edge detector sees 8-bit pictures as values below 16, finds no edge in any, and the
 * value of every such pair is 0, that of two equal ones too.
 */
export function issm({
	range,
}: {
	/** Largest possible value; needed for pictures of floats. @default 255 for bytes */
	readonly range?: number;
} = {}): PairedMetric {
	const structure = ssim({ range: 4095 });
	return {
		kind: "paired",
		id: "issm",
		better: "higher",
		unit: "",
		protocol: { protocol: "image-similarity-measures", range: range ?? 255 },
		async value(reference, image) {
			requireComparable("issm", reference, image, range);
			const entropy = jointEntropy(reference, image);
			const correlation = edgeCorrelation(reference, image);
			const above = correlation * entropy * (a + b) + Math.E;
			const below = a * correlation * entropy + b * entropy + c * (await structure.value(reference, image)) + Math.E;
			const value = above / below;
			return Number.isNaN(value) ? 0 : value;
		},
	};
}

const [a, b, c] = [0.3, 0.5, 0.7];
const bins = 10;

/** -Σ h log₂ h over the counts of equal bins from each picture's least to its largest value. */
function jointEntropy(x: Picture, y: Picture): number {
	const counts = new Float64Array(bins * bins);
	const [binX, binY] = [binner(x), binner(y)];
	for (let at = 0; at < x.data.length; at += 1) {
		const cell = binX(x.data[at] as number) * bins + binY(y.data[at] as number);
		counts[cell] = (counts[cell] as number) + 1;
	}
	return -counts.reduce((sum, count) => sum + (count === 0 ? 0 : count * Math.log2(count)), 0);
}

/** The bin of a value as numpy's histogram has it: the edges are rounded, the last bin holds its upper one. */
function binner({ data }: Picture): (value: number) => number {
	let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
	for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)];
	// numpy widens a range of nothing.
	if (low === high) [low, high] = [low - 0.5, high + 0.5];
	const edges = Float64Array.from({ length: bins + 1 }, (_, bin) =>
		bin === bins ? high : low + (bin * (high - low)) / bins,
	);
	return (value) => {
		let bin = 0;
		while (bin < bins - 1 && value >= (edges[bin + 1] as number)) bin += 1;
		return bin;
	};
}

/** NaN where either picture has no edge, or nothing but edges. */
function edgeCorrelation(x: Picture, y: Picture): number {
	const [first, second] = [edges(x), edges(y)];
	const mean = (values: Uint8Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
	const [meanX, meanY] = [mean(first), mean(second)];
	let [product, squareX, squareY] = [0, 0, 0];
	for (let at = 0; at < first.length; at += 1) {
		const [p, q] = [(first[at] as number) - meanX, (second[at] as number) - meanY];
		product += p * q;
		squareX += p * p;
		squareY += q * q;
	}
	return product / Math.sqrt(squareX * squareY);
}

function edges(picture: Picture): Uint8Array {
	const sixteenth = ({ data, ...size }: Plane): Plane => ({
		...size,
		data: data.map((value) => Math.trunc(value * 0.0625) & 255),
	});
	return cannyEdges(planes(picture).map(sixteenth), 100, 200);
}
