import type { Plane } from "./planes.ts";

/**
 * Canny's edges as OpenCV finds them (aperture 3, |gx| + |gy|): 3 × 3 Sobel slopes of bytes with repeated edges, of several
 * channels the strongest at each pixel, thinned across the slope's direction in four sectors, and every place above `low` kept
 * that is joined to one above `high`. True where an edge is.
 */
export function cannyEdges(channels: readonly Plane[], low: number, high: number): Uint8Array {
	const [{ height, width } = { height: 0, width: 0 }] = channels;
	const area = height * width;
	const [slopeX, slopeY] = [new Int32Array(area), new Int32Array(area)];
	// A border of zeros, so that every pixel has eight neighbours.
	const stride = width + 2;
	const strength = new Int32Array((height + 2) * stride);
	for (const plane of channels) {
		for (let row = 0; row < height; row += 1) {
			for (let column = 0; column < width; column += 1) {
				const [x, y] = sobel(plane, row, column);
				const at = row * width + column;
				const place = (row + 1) * stride + column + 1;
				if (plane !== channels[0] && Math.abs(x) + Math.abs(y) <= (strength[place] as number)) continue;
				[slopeX[at], slopeY[at], strength[place]] = [x, y, Math.abs(x) + Math.abs(y)];
			}
		}
	}
	const found = new Uint8Array((height + 2) * stride);
	const strong: number[] = [];
	for (let row = 0; row < height; row += 1) {
		for (let column = 0; column < width; column += 1) {
			const place = (row + 1) * stride + column + 1;
			const own = strength[place] as number;
			const at = row * width + column;
			if (own <= low || !isPeak(strength, place, stride, slopeX[at] as number, slopeY[at] as number)) continue;
			found[place] = candidate;
			if (own > high) strong.push(place);
		}
	}
	for (let place = strong.pop(); place !== undefined; place = strong.pop()) {
		if (found[place] === edge) continue;
		found[place] = edge;
		for (const step of [-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1]) {
			if (found[place + step] === candidate) strong.push(place + step);
		}
	}
	const edges = new Uint8Array(area);
	for (let at = 0; at < area; at += 1) {
		const place = (Math.floor(at / width) + 1) * stride + (at % width) + 1;
		edges[at] = found[place] === edge ? 1 : 0;
	}
	return edges;
}

function sobel({ data, height, width }: Plane, row: number, column: number): [x: number, y: number] {
	const [top, bottom] = [Math.max(0, row - 1) * width, Math.min(height - 1, row + 1) * width];
	const [left, right, middle] = [Math.max(0, column - 1), Math.min(width - 1, column + 1), row * width];
	const value = (at: number): number => data[at] as number;
	const [nw, n, ne] = [value(top + left), value(top + column), value(top + right)];
	const [w, e] = [value(middle + left), value(middle + right)];
	const [sw, s, se] = [value(bottom + left), value(bottom + column), value(bottom + right)];
	return [ne + 2 * e + se - nw - 2 * w - sw, sw + 2 * s + se - nw - 2 * n - ne];
}

/** Largest across the slope's direction: left and right, above and below, or on the diagonal that the signs tell. */
function isPeak(strength: Int32Array, at: number, stride: number, x: number, y: number): boolean {
	const own = strength[at] as number;
	const over = (step: number): boolean => own > (strength[at + step] as number);
	const atLeast = (step: number): boolean => own >= (strength[at + step] as number);
	// Fixed point with 15 bits, as OpenCV compares with the tangent of 22.5 and of 67.5 degrees.
	const steep = Math.abs(y) * 2 ** 15;
	const flat = Math.abs(x) * tangent;
	if (steep < flat) return over(-1) && atLeast(1);
	if (steep > flat + Math.abs(x) * 2 ** 16) return over(-stride) && atLeast(stride);
	const side = x < 0 !== y < 0 ? -1 : 1;
	return over(-stride - side) && over(stride + side);
}

const tangent = 13573;
const candidate = 1;
const edge = 2;
