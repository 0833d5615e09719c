import { type ComplexPlane, transformPlane } from "./fourier.ts";
import type { Plane } from "./planes.ts";
import { quantile } from "./statistics/quantile.ts";

/** The parameters that FSIM's package gives phasepack 1.5; the rest are that package's defaults. */
const scales = 4;
const orientations = 6;
const shortest = 6;
const ratio = 2;
const bandwidth = 0.5978;
const noiseDeviations = 2;
const cutOff = 0.5;
const gain = 10;
const epsilon = 1e-4;

/**
 * Phase congruency (Kovesi, "Image features from phase congruency", 1999) with log-Gabor filters, noise threshold from the
 * median response of the finest scale, summed over six orientations. Where no filter responds the value is NaN.
 */
export function phaseCongruency({ data, height, width }: Plane): Float64Array {
	const spectrum: ComplexPlane = { real: data.slice(), imaginary: new Float64Array(data.length), height, width };
	transformPlane(spectrum);
	const { radial, spreads } = filtersOf(height, width);
	const total = new Float64Array(data.length);
	for (const spread of spreads) {
		const responses = radial.map((band) => response(spectrum, band, spread));
		congruency(responses).forEach((value, at) => {
			total[at] = (total[at] as number) + value;
		});
	}
	return total;
}

/** Energy beyond noise over amplitude, weighted by how many scales respond, for one orientation. */
function congruency(responses: readonly ComplexPlane[]): Float64Array {
	const size = responses[0]?.real.length ?? 0;
	const amplitudes = responses.map(({ real, imaginary }) =>
		Float64Array.from(real, (re, at) => Math.hypot(re, imaginary[at] as number)),
	);
	const finest = amplitudes[0] as Float64Array;
	// Rayleigh's parameter from the median, then the geometric sum over scales.
	const tau = quantile(finest, 0.5) / Math.sqrt(Math.log(4));
	const totalTau = (tau * (1 - (1 / ratio) ** scales)) / (1 - 1 / ratio);
	const deviation = Math.sqrt((4 - Math.PI) / 2);
	const threshold = Math.max(epsilon, totalTau * (Math.sqrt(Math.PI / 2) + noiseDeviations * deviation));
	const result = new Float64Array(size);
	for (let at = 0; at < size; at += 1) {
		let [even, odd, sum, largest] = [0, 0, 0, 0];
		for (const [scale, { real, imaginary }] of responses.entries()) {
			even += real[at] as number;
			odd += imaginary[at] as number;
			const amplitude = amplitudes[scale]?.[at] as number;
			sum += amplitude;
			largest = Math.max(largest, amplitude);
		}
		const norm = Math.sqrt(even * even + odd * odd) + epsilon;
		const [meanEven, meanOdd] = [even / norm, odd / norm];
		let energy = 0;
		for (const { real, imaginary } of responses) {
			const [e, o] = [real[at] as number, imaginary[at] as number];
			energy += e * meanEven + o * meanOdd - Math.abs(e * meanOdd - o * meanEven);
		}
		const width = (sum / (largest + epsilon) - 1) / (scales - 1);
		const weight = 1 / (1 + Math.exp(gain * (cutOff - width)));
		result[at] = (weight * Math.max(0, energy - threshold)) / sum;
	}
	return result;
}

/** The picture filtered by one band of one orientation. */
function response(spectrum: ComplexPlane, band: Float64Array, spread: Float64Array): ComplexPlane {
	const scaled = (part: Float64Array): Float64Array =>
		part.map((value, at) => value * (band[at] as number) * (spread[at] as number));
	const plane = { ...spectrum, real: scaled(spectrum.real), imaginary: scaled(spectrum.imaginary) };
	transformPlane(plane, true);
	return plane;
}

interface Filters {
	/** Log-Gabor bands times a Butterworth low-pass (cut 0.45, order 15), by scale. */
	readonly radial: readonly Float64Array[];
	/** How much each frequency belongs to a direction, by orientation. */
	readonly spreads: readonly Float64Array[];
}

/** Filters of the last size asked for: sets of pictures have one size, and making filters takes as long as using them. */
let last: { readonly height: number; readonly width: number; readonly filters: Filters } | undefined;

function filtersOf(height: number, width: number): Filters {
	if (last?.height !== height || last.width !== width) last = { height, width, filters: filters(height, width) };
	return last.filters;
}

function filters(height: number, width: number): Filters {
	const size = height * width;
	const radius = new Float64Array(size);
	const sine = new Float64Array(size);
	const cosine = new Float64Array(size);
	const [vertical, horizontal] = [frequencies(height), frequencies(width)];
	for (let at = 0; at < size; at += 1) {
		const [y, x] = [vertical[Math.floor(at / width)] as number, horizontal[at % width] as number];
		radius[at] = Math.hypot(x, y);
		const angle = Math.atan2(-y, x);
		sine[at] = Math.sin(angle);
		cosine[at] = Math.cos(angle);
	}
	const radial = Array.from({ length: scales }, (_, scale) => {
		const centre = 1 / (shortest * ratio ** scale);
		return radius.map((value, at) => {
			if (at === 0) return 0;
			const gabor = Math.exp(-(Math.log(value / centre) ** 2) / (2 * Math.log(bandwidth) ** 2));
			return gabor / (1 + (value / 0.45) ** 30);
		});
	});
	const spreads = Array.from({ length: orientations }, (_, orientation) => {
		const angle = (orientation * Math.PI) / orientations;
		return Float64Array.from(sine, (s, at) => {
			const c = cosine[at] as number;
			const distance = Math.abs(
				Math.atan2(s * Math.cos(angle) - c * Math.sin(angle), c * Math.cos(angle) + s * Math.sin(angle)),
			);
			return (Math.cos(Math.min(Math.PI, (distance * orientations) / 2)) + 1) / 2;
		});
	});
	return { radial, spreads };
}

/** Frequencies of one side with 0 first, on -0.5 … 0.5; an odd side reaches both ends. */
function frequencies(size: number): Float64Array {
	const half = Math.floor(size / 2);
	const odd = size % 2 === 1;
	return Float64Array.from({ length: size }, (_, at) => {
		const centred = at < size - half ? at : at - size;
		return centred / (odd ? size - 1 : size);
	});
}
