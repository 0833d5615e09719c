/**
 * The generator of numpy.random.RandomState: MT19937 (Matsumoto and Nishimura, 1998) with numpy's legacy draws. It is
 * here to repeat the subsets and shuffles of the Python metric libraries; everything else draws from engine/random.ts.
 */
export class MersenneTwister {
	readonly #state = new Uint32Array(length);
	#used = length;
	#spare: number | undefined;

	/** `seed`: a whole number from 0 to 2^32 - 1, as RandomState(seed). */
	constructor(seed: number) {
		if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
			throw new RangeError(`seed: must be a whole number from 0 to 2^32 - 1, got ${seed}`);
		}
		// numpy seeds a plain whole number by Knuth's recurrence (init_genrand), not by init_by_array.
		this.#state[0] = seed;
		for (let index = 1; index < length; index += 1) {
			const before = this.#state[index - 1] as number;
			this.#state[index] = Math.imul(1812433253, before ^ (before >>> 30)) + index;
		}
	}

	/** 32 random bits. */
	uint32(): number {
		if (this.#used === length) this.#refill();
		let word = this.#state[this.#used] as number;
		this.#used += 1;
		word ^= word >>> 11;
		word ^= (word << 7) & 0x9d2c5680;
		word ^= (word << 15) & 0xefc60000;
		return (word ^ (word >>> 18)) >>> 0;
	}

	/** Uniform in [0, 1) with 53 bits: `random_sample`. */
	uniform(): number {
		const high = this.uint32() >>> 5;
		const low = this.uint32() >>> 6;
		return (high * 2 ** 26 + low) / 2 ** 53;
	}

	/** Standard normal by the polar method, second value of a pair first: `randn`. */
	normal(): number {
		if (this.#spare !== undefined) {
			const spare = this.#spare;
			this.#spare = undefined;
			return spare;
		}
		let [x, y, square] = [0, 0, 0];
		while (square >= 1 || square === 0) {
			x = 2 * this.uniform() - 1;
			y = 2 * this.uniform() - 1;
			square = x * x + y * y;
		}
		const factor = Math.sqrt((-2 * Math.log(square)) / square);
		this.#spare = factor * x;
		return factor * y;
	}

	/** Standard exponential: `standard_exponential`. */
	exponential(): number {
		return -Math.log(1 - this.uniform());
	}

	/** Uniform whole number in [0, bound), bound at most 2^32, by masked rejection: `randint(bound)`. */
	integer(bound: number): number {
		if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
			throw new RangeError(`integer: bound must be a whole number from 1 to 2^32, got ${bound}`);
		}
		const largest = bound - 1;
		if (largest === 0) return 0;
		const mask = 0xffffffff >>> Math.clz32(largest);
		let value = (this.uint32() & mask) >>> 0;
		while (value > largest) value = (this.uint32() & mask) >>> 0;
		return value;
	}

	/** Shuffles rows in place, from the last to the second: `shuffle`. */
	shuffle(values: Int32Array | unknown[]): void {
		for (let last = values.length - 1; last > 0; last -= 1) {
			const other = this.integer(last + 1);
			const kept = values[last] as never;
			values[last] = values[other] as never;
			values[other] = kept;
		}
	}

	/** A random order of 0 … size - 1: `permutation(size)`. */
	permutation(size: number): Int32Array {
		const order = Int32Array.from({ length: size }, (_, index) => index);
		this.shuffle(order);
		return order;
	}

	/** `count` different numbers below `size`: `choice(size, count, replace=False)`, which cuts a whole permutation. */
	choice(size: number, count: number): Int32Array {
		if (count > size) throw new RangeError(`choice: count must be at most ${size}, got ${count}`);
		return this.permutation(size).subarray(0, count);
	}

	#refill(): void {
		for (let index = 0; index < length; index += 1) {
			const next = this.#state[(index + 1) % length] as number;
			const word = ((this.#state[index] as number) & 0x80000000) | (next & 0x7fffffff);
			const far = this.#state[(index + 397) % length] as number;
			this.#state[index] = far ^ (word >>> 1) ^ (word & 1 ? 0x9908b0df : 0);
		}
		this.#used = 0;
	}
}

const length = 624;
