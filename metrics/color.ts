/**
 * Colour conversions that metrics and published protocols stand on. Each takes and gives [pixels, 3] row-major; each
 * names whose arithmetic it is, since libraries differ in the last digit or in kind.
 */

type Rows = ArrayLike<number>;

/**
 * RGB bytes (0 … 255) to BT.601 studio-swing YCbCr (Y 16 … 235), not rounded: MATLAB's rgb2ycbcr and BasicSR.
 * `Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255`.
 */
export function rgbToYcbcr(rgb: Rows): Float64Array {
	return eachPixel(rgb, (r, g, b) => [
		16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255,
		128 + (-37.797 * r - 74.203 * g + 112 * b) / 255,
		128 + (112 * r - 93.786 * g - 18.214 * b) / 255,
	]);
}

/** Studio-swing YCbCr back to RGB on 0 … 255, unclipped: the inverse of `rgbToYcbcr`'s matrix. */
export function ycbcrToRgb(ycbcr: Rows): Float64Array {
	const [m0, m1, m2] = inverse3([
		[65.481, 128.553, 24.966],
		[-37.797, -74.203, 112],
		[112, -93.786, -18.214],
	]);
	return eachPixel(ycbcr, (y, cb, cr) => {
		const from = [y - 16, cb - 128, cr - 128] as const;
		return [255 * dot(m0, from), 255 * dot(m1, from), 255 * dot(m2, from)];
	});
}

/** Luma of RGB bytes as one value a pixel, weights .2125 .7154 .0721 (BT.709), on 0 … 1: scikit-image's rgb2gray. */
export function skimageGray(rgb: Rows): Float64Array {
	return lumaOf(rgb, (r, g, b) => (0.2125 * r + 0.7154 * g + 0.0721 * b) / 255);
}

/** RGB bytes to YIQ on 0 … 1: scikit-image's rgb2yiq. */
export function rgbToYiq(rgb: Rows): Float64Array {
	return eachPixel(rgb, (r, g, b) => [
		(0.299 * r + 0.587 * g + 0.114 * b) / 255,
		(0.59590059 * r - 0.27455667 * g - 0.32134392 * b) / 255,
		(0.21153661 * r - 0.52273617 * g + 0.31119955 * b) / 255,
	]);
}

/** RGB bytes to hue, saturation and value, each on 0 … 1. */
export function rgbToHsv(rgb: Rows): Float64Array {
	return eachPixel(rgb, (r, g, b) => {
		const most = Math.max(r, g, b);
		const spread = most - Math.min(r, g, b);
		if (spread === 0) return [0, 0, most / 255];
		let hue = (r - g) / spread + 4;
		if (most === r) hue = (g - b) / spread;
		if (most === g) hue = (b - r) / spread + 2;
		return [(((hue / 6) % 1) + 1) % 1, spread / most, most / 255];
	});
}

/** RGB bytes to CIE L*a*b* under D65, 2 degrees: scikit-image's rgb2lab. */
export function rgbToLab(rgb: Rows): Float64Array {
	const linear = (byte: number): number => {
		const value = byte / 255;
		return value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92;
	};
	const root = (value: number): number => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
	return eachPixel(rgb, (red, green, blue) => {
		const [r, g, b] = [linear(red), linear(green), linear(blue)];
		const x = root((0.412453 * r + 0.35758 * g + 0.180423 * b) / 0.95047);
		const y = root(0.212671 * r + 0.71516 * g + 0.072169 * b);
		const z = root((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883);
		return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
	});
}

/** Luma byte as OpenCV's RGB2GRAY makes it (15-bit fixed point, rounded). */
export function opencvGray(rgb: Rows): Uint8Array {
	return Uint8Array.from(lumaOf(rgb, (r, g, b) => (9798 * r + 19235 * g + 3735 * b + 2 ** 14) >> 15));
}

/** Full-swing Y, Cr, Cb bytes as OpenCV's RGB2YCrCb makes them (14-bit fixed point). */
export function opencvYcrcb(rgb: Rows): Uint8Array {
	const scaled = (difference: number, factor: number): number =>
		clampByte((difference * factor + 128 * 2 ** 14 + 2 ** 13) >> 14);
	return Uint8Array.from(
		eachPixel(rgb, (r, g, b) => {
			const y = (4899 * r + 9617 * g + 1868 * b + 2 ** 13) >> 14;
			return [y, scaled(r - y, 11682), scaled(b - y, 9241)];
		}),
	);
}

/** Luma byte as Pillow's convert("L") makes it (16-bit fixed point, rounded). */
export function pillowGray(rgb: Rows): Uint8Array {
	return Uint8Array.from(lumaOf(rgb, (r, g, b) => (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16));
}

/** Full-swing (JPEG) Y, Cb, Cr bytes as Pillow's convert("YCbCr") makes them: from products in 1/64. */
export function pillowYcbcr(rgb: Rows): Uint8Array {
	// Half is added before cutting towards zero, for negative products too: Pillow's tables hold just that.
	const part = (factor: number, value: number): number => Math.trunc(factor * value * 64 + 0.5);
	return Uint8Array.from(
		eachPixel(rgb, (r, g, b) => [
			(part(0.299, r) + part(0.587, g) + part(0.114, b)) >> 6,
			((part(-0.16874, r) + part(-0.33126, g) + part(0.5, b)) >> 6) + 128,
			((part(0.5, r) + part(-0.41869, g) + part(-0.08131, b)) >> 6) + 128,
		]),
	);
}

type Triple = readonly [number, number, number];

function eachPixel(rows: Rows, convert: (a: number, b: number, c: number) => Triple): Float64Array {
	const converted = new Float64Array(requireTriples(rows));
	for (let at = 0; at < rows.length; at += 3) {
		converted.set(convert(rows[at] as number, rows[at + 1] as number, rows[at + 2] as number), at);
	}
	return converted;
}

function lumaOf(rows: Rows, convert: (r: number, g: number, b: number) => number): Float64Array {
	const luma = new Float64Array(requireTriples(rows) / 3);
	for (let at = 0; at < luma.length; at += 1) {
		luma[at] = convert(rows[3 * at] as number, rows[3 * at + 1] as number, rows[3 * at + 2] as number);
	}
	return luma;
}

function requireTriples(rows: Rows): number {
	if (rows.length % 3 !== 0) throw new RangeError(`color: rows must have 3 channels, got ${rows.length} values`);
	return rows.length;
}

function clampByte(value: number): number {
	return Math.max(0, Math.min(255, value));
}

function dot(a: Triple, b: Triple): number {
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function inverse3([a, b, c]: readonly [Triple, Triple, Triple]): readonly [Triple, Triple, Triple] {
	const cross = (u: Triple, v: Triple): Triple => [
		u[1] * v[2] - u[2] * v[1],
		u[2] * v[0] - u[0] * v[2],
		u[0] * v[1] - u[1] * v[0],
	];
	const [bc, ca, ab] = [cross(b, c), cross(c, a), cross(a, b)];
	const determinant = dot(a, bc);
	const row = (axis: 0 | 1 | 2): Triple => [bc[axis] / determinant, ca[axis] / determinant, ab[axis] / determinant];
	return [row(0), row(1), row(2)];
}
