/**
 * Structural similarity of two planes, pixel by pixel (Wang et al., "Image quality assessment: from error visibility to
 * structural similarity", 2004):
 * `(2 μx μy + C1)(2 σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2))`, `C = (K range)²`.
 */
import type { Plane } from "./planes.ts";
import { gaussianMoments, gaussianTaps, type RowSink, uniformMoments } from "./windows.ts";

export interface SsimWindow {
	readonly kind: "uniform" | "gaussian";
	/** Odd side in pixels. */
	readonly size: number;
	/** Standard deviation of the Gaussian in pixels. */
	readonly sigma?: number;
}

export interface SsimMapOptions {
	readonly window: SsimWindow;
	readonly range: number;
	/** Divides (co)variances by n - 1 in place of n, n being the window's pixels. */
	readonly sampleCovariance?: boolean;
	/** Sets negative contrast-structure values to 0. */
	readonly clampContrast?: boolean;
	readonly k1?: number;
	readonly k2?: number;
	/** Keep the map, not only its mean. */
	readonly map?: boolean;
}

export interface SsimResult {
	/** Mean over the positions where the window fits. */
	readonly mean: number;
	/** Mean of the contrast-structure factor alone, (2 σxy + C2) / (σx² + σy² + C2). */
	readonly contrast: number;
	/** [height - size + 1, width - size + 1], when asked for. */
	readonly map?: Plane;
}

/** The map's mean over all windows that lie inside the planes. Throws a RangeError when none does. */
export function ssimMap(
	x: Plane,
	y: Plane,
	{ window, range, sampleCovariance = false, clampContrast = false, k1 = 0.01, k2 = 0.03, map = false }: SsimMapOptions,
): SsimResult {
	const { size } = window;
	if (size % 2 !== 1 || size < 1) throw new RangeError(`ssim: window must have an odd size, got ${size}`);
	if (x.height < size || x.width < size) {
		throw new RangeError(`ssim: pictures must be at least ${size}x${size}, got ${x.height}x${x.width}`);
	}
	const height = x.height - size + 1;
	const width = x.width - size + 1;
	const kept = map ? new Float64Array(height * width) : undefined;
	const c1 = (k1 * range) ** 2;
	const c2 = (k2 * range) ** 2;
	const pixels = size * size;
	const norm = sampleCovariance ? pixels / (pixels - 1) : 1;
	let total = 0;
	let contrastTotal = 0;
	const finish: RowSink = (row, meanX, meanY, squares, products) => {
		let rowTotal = 0;
		let rowContrast = 0;
		const base = row * width;
		for (let at = 0; at < width; at += 1) {
			const mx = meanX[at] as number;
			const my = meanY[at] as number;
			const mm = mx * my;
			const m2 = mx * mx + my * my;
			let contrast = (2 * norm * ((products[at] as number) - mm) + c2) / (norm * ((squares[at] as number) - m2) + c2);
			if (clampContrast && contrast < 0) contrast = 0;
			const similarity = ((2 * mm + c1) / (m2 + c1)) * contrast;
			rowTotal += similarity;
			rowContrast += contrast;
			if (kept !== undefined) kept[base + at] = similarity;
		}
		total += rowTotal;
		contrastTotal += rowContrast;
	};
	if (window.kind === "uniform") uniformMoments(x, y, size, finish);
	else gaussianMoments(x, y, gaussianTaps(size, window.sigma ?? 1.5), finish);
	const count = height * width;
	const means = { mean: total / count, contrast: contrastTotal / count };
	return kept === undefined ? means : { ...means, map: { data: kept, height, width } };
}
