/**
 * The one seeded generator: Philox4x32-10, a counter-based generator (Salmon et al., "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011). Its stream is a function of (key, counter) alone, so it is the same on every engine, and
 * `split` gives an independent stream by hashing a label into a new key (FNV-1a, 2 × 32 bits, mixed by one Philox block).
 *
 * Used for initial weights, data order, noise and dropout. Nothing else in the package draws random numbers.
 */
export class Random {
	readonly #key: readonly [number, number];
	#counter = 0;
	readonly #block = new Uint32Array(4);
	#used = 4;
	#spare: number | undefined;

	private constructor(key: readonly [number, number]) {
		this.#key = key;
	}

	/** A generator from a whole-number seed in [0, 2^53). */
	static seed(seed: number): Random {
		if (!Number.isSafeInteger(seed) || seed < 0) {
			throw new RangeError(`seed: must be a whole number from 0 to 2^53 - 1, got ${seed}`);
		}
		return new Random([seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0]);
	}

	/** An independent generator named by `label`; does not advance this one, so the order of splits is of no matter. */
	split(label: string | number): Random {
		let low = 0x811c9dc5;
		let high = 0xcbf29ce4;
		for (const byte of new TextEncoder().encode(`${typeof label}:${label}`)) {
			low = Math.imul(low ^ byte, 0x01000193);
			high = Math.imul(high ^ (byte + 0x9e), 0x01000193);
		}
		const mixed = philox([low >>> 0, high >>> 0, 0x5eed, 0x5017], this.#key);
		return new Random([mixed[0] as number, mixed[1] as number]);
	}

	/** 32 random bits. */
	uint32(): number {
		if (this.#used === 4) {
			philoxInto(this.#block, this.#counter, Math.floor(this.#counter / 2 ** 32), 0, 0, this.#key);
			this.#counter += 1;
			this.#used = 0;
		}
		const value = this.#block[this.#used] as number;
		this.#used += 1;
		return value;
	}

	/** Uniform in [0, 1) with 53 bits. */
	uniform(): number {
		const high = this.uint32() >>> 5;
		const low = this.uint32() >>> 6;
		return (high * 2 ** 26 + low) / 2 ** 53;
	}

	/** Uniform whole number in [0, bound), without modulo bias (rejection). */
	integer(bound: number): number {
		if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
			throw new RangeError(`random.integer: bound must be a whole number from 1 to 2^32, got ${bound}`);
		}
		const limit = 2 ** 32 - (2 ** 32 % bound);
		let value = this.uint32();
		while (value >= limit) value = this.uint32();
		return value % bound;
	}

	/** Standard normal (Box-Muller). */
	normal(): number {
		if (this.#spare !== undefined) {
			const spare = this.#spare;
			this.#spare = undefined;
			return spare;
		}
		const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
		const angle = 2 * Math.PI * this.uniform();
		this.#spare = radius * Math.sin(angle);
		return radius * Math.cos(angle);
	}

	/** `size` uniform values in [low, high) as float32. */
	uniforms(size: number, low = 0, high = 1): Float32Array {
		const values = new Float32Array(size);
		for (let index = 0; index < size; index += 1) values[index] = low + (high - low) * this.uniform();
		return values;
	}

	/** `size` normal values as float32. */
	normals(size: number, mean = 0, deviation = 1): Float32Array {
		const values = new Float32Array(size);
		for (let index = 0; index < size; index += 1) values[index] = mean + deviation * this.normal();
		return values;
	}

	/** A random order of 0 … size - 1 (Fisher-Yates). */
	permutation(size: number): Int32Array {
		const order = Int32Array.from({ length: size }, (_, index) => index);
		for (let last = size - 1; last > 0; last -= 1) {
			const other = this.integer(last + 1);
			const kept = order[last] as number;
			order[last] = order[other] as number;
			order[other] = kept;
		}
		return order;
	}
}

/** One block of Philox4x32 with ten rounds. */
export function philox(counter: ArrayLike<number>, key: readonly [number, number]): Uint32Array<ArrayBuffer> {
	const [c0, c1, c2, c3] = Array.from(counter, (word) => word >>> 0) as [number, number, number, number];
	const block = new Uint32Array(4);
	philoxInto(block, c0, c1, c2, c3, key);
	return block;
}

/** The same without an allocation: networks draw tens of millions of words. */
function philoxInto(
	block: Uint32Array,
	c0: number,
	c1: number,
	c2: number,
	c3: number,
	key: readonly [number, number],
): void {
	let [word0, word1, word2, word3] = [c0 | 0, c1 | 0, c2 | 0, c3 | 0];
	let k0 = key[0] | 0;
	let k1 = key[1] | 0;
	for (let round = 0; round < 10; round += 1) {
		const high0 = highWord(0xd2511f53, word0);
		const high1 = highWord(0xcd9e8d57, word2);
		const low0 = Math.imul(0xd2511f53, word0);
		word0 = high1 ^ word1 ^ k0;
		word1 = Math.imul(0xcd9e8d57, word2);
		word2 = high0 ^ word3 ^ k1;
		word3 = low0;
		k0 = (k0 + 0x9e3779b9) | 0;
		k1 = (k1 + 0xbb67ae85) | 0;
	}
	block[0] = word0;
	block[1] = word1;
	block[2] = word2;
	block[3] = word3;
}

/** The upper 32 bits of the 64-bit product, from products of 16-bit halves that each fit 32 bits. */
function highWord(a: number, b: number): number {
	const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
	const cross = Math.imul(aHigh, bLow);
	const other = Math.imul(aLow, bHigh);
	const middle = (Math.imul(aLow, bLow) >>> 16) + (cross & 0xffff) + (other & 0xffff);
	return (Math.imul(aHigh, bHigh) + (cross >>> 16) + (other >>> 16) + (middle >>> 16)) | 0;
}
