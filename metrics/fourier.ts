/** Discrete Fourier transforms of any length in float64: radix 2 for powers of two, Bluestein's (1970) for the rest. */

/** A plane of complex values, row-major. */
export interface ComplexPlane {
	readonly real: Float64Array;
	readonly imaginary: Float64Array;
	readonly height: number;
	readonly width: number;
}

/** Transforms a plane in place; the inverse divides by the number of values. */
export function transformPlane(plane: ComplexPlane, inverse = false): void {
	const { real, imaginary, height, width } = plane;
	const along = transform(width, inverse);
	const down = transform(height, inverse);
	const row = { real: new Float64Array(width), imaginary: new Float64Array(width) };
	for (let y = 0; y < height; y += 1) {
		const start = y * width;
		row.real.set(real.subarray(start, start + width));
		row.imaginary.set(imaginary.subarray(start, start + width));
		along(row.real, row.imaginary);
		real.set(row.real, start);
		imaginary.set(row.imaginary, start);
	}
	const column = { real: new Float64Array(height), imaginary: new Float64Array(height) };
	const scale = inverse ? 1 / (height * width) : 1;
	for (let x = 0; x < width; x += 1) {
		for (let y = 0; y < height; y += 1) {
			column.real[y] = real[y * width + x] as number;
			column.imaginary[y] = imaginary[y * width + x] as number;
		}
		down(column.real, column.imaginary);
		for (let y = 0; y < height; y += 1) {
			real[y * width + x] = (column.real[y] as number) * scale;
			imaginary[y * width + x] = (column.imaginary[y] as number) * scale;
		}
	}
}

type Transform = (real: Float64Array, imaginary: Float64Array) => void;

/** The transform of one length, in place, without the inverse's division. */
function transform(size: number, inverse: boolean): Transform {
	const forward = (size & (size - 1)) === 0 ? radixTwo(size) : bluestein(size);
	// Swapping both parts turns a forward transform into an inverse one.
	return inverse ? (real, imaginary) => forward(imaginary, real) : forward;
}

function radixTwo(size: number): Transform {
	const cosine = Float64Array.from({ length: size / 2 }, (_, at) => Math.cos((2 * Math.PI * at) / size));
	const sine = Float64Array.from({ length: size / 2 }, (_, at) => Math.sin((2 * Math.PI * at) / size));
	return (real, imaginary) => {
		for (let at = 1, reversed = 0; at < size; at += 1) {
			let bit = size >> 1;
			for (; reversed & bit; bit >>= 1) reversed ^= bit;
			reversed ^= bit;
			if (at < reversed) {
				[real[at], real[reversed]] = [real[reversed] as number, real[at] as number];
				[imaginary[at], imaginary[reversed]] = [imaginary[reversed] as number, imaginary[at] as number];
			}
		}
		for (let half = 1; half < size; half *= 2) {
			const stride = size / (2 * half);
			for (let start = 0; start < size; start += 2 * half) {
				for (let k = 0; k < half; k += 1) {
					const [c, s] = [cosine[k * stride] as number, sine[k * stride] as number];
					const [even, odd] = [start + k, start + k + half];
					const re = (real[odd] as number) * c + (imaginary[odd] as number) * s;
					const im = (imaginary[odd] as number) * c - (real[odd] as number) * s;
					real[odd] = (real[even] as number) - re;
					imaginary[odd] = (imaginary[even] as number) - im;
					real[even] = (real[even] as number) + re;
					imaginary[even] = (imaginary[even] as number) + im;
				}
			}
		}
	};
}

/** Any length, as a convolution with a chirp by a longer power of two. */
function bluestein(size: number): Transform {
	let padded = 1;
	while (padded < 2 * size - 1) padded *= 2;
	const inner = radixTwo(padded);
	// k² is taken modulo 2 size first, so that the angle keeps its digits.
	const angle = (k: number): number => (Math.PI * ((k * k) % (2 * size))) / size;
	const cosine = Float64Array.from({ length: size }, (_, k) => Math.cos(angle(k)));
	const sine = Float64Array.from({ length: size }, (_, k) => Math.sin(angle(k)));
	const chirpReal = new Float64Array(padded);
	const chirpImaginary = new Float64Array(padded);
	for (let k = 0; k < size; k += 1) {
		for (const at of k === 0 ? [0] : [k, padded - k]) {
			chirpReal[at] = cosine[k] as number;
			chirpImaginary[at] = sine[k] as number;
		}
	}
	inner(chirpReal, chirpImaginary);
	const a = new Float64Array(padded);
	const b = new Float64Array(padded);
	return (real, imaginary) => {
		a.fill(0);
		b.fill(0);
		for (let k = 0; k < size; k += 1) {
			const [c, s] = [cosine[k] as number, sine[k] as number];
			a[k] = (real[k] as number) * c + (imaginary[k] as number) * s;
			b[k] = (imaginary[k] as number) * c - (real[k] as number) * s;
		}
		inner(a, b);
		for (let k = 0; k < padded; k += 1) {
			const [re, im] = [a[k] as number, b[k] as number];
			const [c, s] = [chirpReal[k] as number, chirpImaginary[k] as number];
			a[k] = re * c - im * s;
			b[k] = re * s + im * c;
		}
		inner(b, a);
		for (let k = 0; k < size; k += 1) {
			const [re, im] = [(a[k] as number) / padded, (b[k] as number) / padded];
			const [c, s] = [cosine[k] as number, sine[k] as number];
			real[k] = re * c + im * s;
			imaginary[k] = im * c - re * s;
		}
	};
}
