import type { PairedMetric } from "./metric.ts";
import { phaseCongruency } from "./phase-congruency.ts";
import { mirrorEdges } from "./plane-operations.ts";
import { type Plane, planes, requireComparable } from "./planes.ts";

/**
 * Feature similarity (Zhang et al., "FSIM: a feature similarity index for image quality assessment", 2011) with T1 0.85,
 * T2 160: similarity of phase congruency and of Scharr gradients, weighted by the larger phase congruency; mean over
 * channels. NaN where neither picture has any feature. Needs values on 0 … 255.
 *
 * `image-similarity-measures` repeats that package, whose gradients drop negative slopes and wrap modulo 65,536; `signed`
 * takes the true gradients.
 */
export function fsim({
	protocol = "image-similarity-measures",
	range,
}: {
	/** @default "image-similarity-measures" */
	readonly protocol?: "image-similarity-measures" | "signed";
	/** Needed for pictures of floats, and then 255. @default 255 for bytes */
	readonly range?: number;
} = {}): PairedMetric {
	return {
		kind: "paired",
		id: "fsim",
		better: "higher",
		unit: "",
		protocol: { protocol, t1: 0.85, t2: 160 },
		value(reference, image) {
			const peak = requireComparable("fsim", reference, image, range);
			if (peak !== 255) throw new RangeError(`fsim: needs values on 0 to 255, got range ${peak}`);
			const second = planes(image);
			const values = planes(reference).map((plane, channel) =>
				channelValue(plane, second[channel] as Plane, protocol === "signed"),
			);
			return values.reduce((sum, value) => sum + value, 0) / values.length;
		},
	};
}

function channelValue(x: Plane, y: Plane, signed: boolean): number {
	const [phaseX, phaseY] = [phaseCongruency(x), phaseCongruency(y)];
	const [slopeX, slopeY] = [slopes(x, signed), slopes(y, signed)];
	let [weighted, weights] = [0, 0];
	for (let at = 0; at < phaseX.length; at += 1) {
		const [p, q] = [phaseX[at] as number, phaseY[at] as number];
		const weight = Math.max(p, q);
		const alike = similarity(p, q, 0.85) * similarity(slopeX[at] as number, slopeY[at] as number, 160);
		weighted += alike * weight;
		weights += weight;
	}
	return weighted / weights;
}

function similarity(a: number, b: number, constant: number): number {
	return (2 * a * b + constant) / (a * a + b * b + constant);
}

/** Magnitude of the Scharr gradient, edges mirrored. */
function slopes(plane: Plane, signed: boolean): Float64Array {
	const { data, width } = mirrorEdges(plane, 1);
	return Float64Array.from(plane.data, (_, index) => {
		const at = (Math.floor(index / plane.width) + 1) * width + (index % plane.width) + 1;
		const value = (down: number, across: number): number => data[at + down * width + across] as number;
		const side = (across: number): number => 3 * value(-1, across) + 10 * value(0, across) + 3 * value(1, across);
		const edge = (down: number): number => 3 * value(down, -1) + 10 * value(down, 0) + 3 * value(down, 1);
		const [x, y] = [side(1) - side(-1), edge(1) - edge(-1)];
		if (signed) return Math.hypot(x, y);
		return Math.sqrt((Math.max(0, x) ** 2 + Math.max(0, y) ** 2) % 65536);
	});
}
