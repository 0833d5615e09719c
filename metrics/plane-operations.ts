/** Changes of a plane's size that the conventions of several metrics ask for. */
import type { Plane } from "./planes.ts";

/**
 * Averages blocks of f = max(1, round(min(height, width) / 256)) pixels. `piq` takes whole blocks from the corner and
 * rounds f half to even; `matlab` filters with mirrored edges, then keeps every f-th pixel, and rounds half up.
 */
export function downsampled(plane: Plane, way: "matlab" | "piq"): Plane {
	const ratio = Math.min(plane.height, plane.width) / 256;
	const even = ratio % 1 === 0.5 && Math.floor(ratio) % 2 === 0;
	const factor = Math.max(1, way === "piq" && even ? Math.floor(ratio) : Math.round(ratio));
	if (factor === 1) return plane;
	const size = (side: number): number => (way === "piq" ? Math.floor(side / factor) : Math.ceil(side / factor));
	// The centre of MATLAB's averaging window is its element floor((f + 1) / 2), counted from 1.
	const before = way === "piq" ? 0 : Math.floor((factor + 1) / 2) - 1;
	const [height, width] = [size(plane.height), size(plane.width)];
	const data = new Float64Array(height * width);
	const mirror = (at: number, side: number): number => (at < 0 ? -1 - at : at >= side ? 2 * side - 1 - at : at);
	for (let row = 0; row < height; row += 1) {
		for (let column = 0; column < width; column += 1) {
			let sum = 0;
			for (let y = 0; y < factor; y += 1) {
				const from = mirror(row * factor + y - before, plane.height) * plane.width;
				for (let x = 0; x < factor; x += 1) {
					sum += plane.data[from + mirror(column * factor + x - before, plane.width)] as number;
				}
			}
			data[row * width + column] = sum / factor ** 2;
		}
	}
	return { data, height, width };
}

/** The plane with `reach` pixels more on each side, mirrored about the edge pixel, which is not repeated. */
export function mirrorEdges(plane: Plane, reach: number): Plane {
	if (reach >= plane.height || reach >= plane.width) {
		throw new RangeError(
			`mirrored edges: pictures must be larger than ${reach} pixels to mirror their edges, got ${plane.height}x${plane.width}`,
		);
	}
	const [height, width] = [plane.height + 2 * reach, plane.width + 2 * reach];
	const mirror = (at: number, side: number): number => (at < 0 ? -at : at >= side ? 2 * side - 2 - at : at);
	const data = new Float64Array(height * width);
	for (let row = 0; row < height; row += 1) {
		const from = mirror(row - reach, plane.height) * plane.width;
		for (let column = 0; column < width; column += 1) {
			data[row * width + column] = plane.data[from + mirror(column - reach, plane.width)] as number;
		}
	}
	return { data, height, width };
}

/**
 * Means of 2x2 blocks. An odd side loses its last row or column; with `padded`, one row on top and one column at the left
 * are repeated first when either side is odd.
 */
export function halved(plane: Plane, padded: boolean): Plane {
	const padding = padded ? Math.max(plane.height % 2, plane.width % 2) : 0;
	const height = Math.floor((plane.height + padding) / 2);
	const width = Math.floor((plane.width + padding) / 2);
	const data = new Float64Array(height * width);
	const at = (row: number, column: number): number =>
		plane.data[Math.max(0, row - padding) * plane.width + Math.max(0, column - padding)] as number;
	for (let row = 0; row < height; row += 1) {
		for (let column = 0; column < width; column += 1) {
			const [y, x] = [2 * row, 2 * column];
			data[row * width + column] = (at(y, x) + at(y, x + 1) + at(y + 1, x) + at(y + 1, x + 1)) / 4;
		}
	}
	return { data, height, width };
}
