/**
 * CPython's `random.seed(n); random.shuffle(list)`, which the authors' loaders split their data by: the Mersenne Twister
 * MT19937 (Matsumoto and Nishimura 1998) seeded by init_by_array, whole numbers by rejection of getrandbits, and
 * Fisher-Yates from the end. Only for splits that must be the authors'; all else is drawn by engine/random.ts.
 */

/** Where the entries of a list of `count` lie after Python's shuffle: `result[place]` = place before. */
export function pythonShuffle(count: number, seed: number): Int32Array {
	const draw = twister(seed);
	const order = Int32Array.from({ length: count }, (_, index) => index);
	for (let last = count - 1; last > 0; last -= 1) {
		const other = below(last + 1, draw);
		const kept = order[last] as number;
		order[last] = order[other] as number;
		order[other] = kept;
	}
	return order;
}

/** Uniform in [0, bound): as many high bits as `bound` has, drawn again until they are below it. */
function below(bound: number, draw: () => number): number {
	const shift = Math.clz32(bound);
	let value = draw() >>> shift;
	while (value >= bound) value = draw() >>> shift;
	return value;
}

const length = 624;
const middle = 397;

/** A stream of 32-bit words of MT19937, seeded with a whole number as CPython does. */
function twister(seed: number): () => number {
	if (!Number.isSafeInteger(seed) || seed < 0) {
		throw new RangeError(`python seed: must be a whole number from 0 to 2^53 - 1, got ${seed}`);
	}
	const high = Math.floor(seed / 2 ** 32);
	const state = seededByArray(high === 0 ? [seed] : [seed >>> 0, high]);
	let used = length;
	return () => {
		if (used === length) {
			regenerate(state);
			used = 0;
		}
		let word = state[used] as number;
		used += 1;
		word ^= word >>> 11;
		word ^= (word << 7) & 0x9d2c5680;
		word ^= (word << 15) & 0xefc60000;
		return (word ^ (word >>> 18)) >>> 0;
	};
}

function seededByArray(key: readonly number[]): Uint32Array {
	const state = new Uint32Array(length);
	state[0] = 19650218;
	const spread = (at: number) => {
		const before = state[at - 1] as number;
		return before ^ (before >>> 30);
	};
	for (let at = 1; at < length; at += 1) state[at] = Math.imul(1812433253, spread(at)) + at;
	let at = 1;
	const advance = () => {
		at += 1;
		if (at < length) return;
		state[0] = state[length - 1] as number;
		at = 1;
	};
	for (let turn = 0; turn < Math.max(length, key.length); turn += 1) {
		const place = turn % key.length;
		state[at] = ((state[at] as number) ^ Math.imul(spread(at), 1664525)) + (key[place] as number) + place;
		advance();
	}
	for (let turn = 1; turn < length; turn += 1) {
		state[at] = ((state[at] as number) ^ Math.imul(spread(at), 1566083941)) - at;
		advance();
	}
	state[0] = 0x80000000;
	return state;
}

function regenerate(state: Uint32Array): void {
	for (let at = 0; at < length; at += 1) {
		const joined = ((state[at] as number) & 0x80000000) | ((state[(at + 1) % length] as number) & 0x7fffffff);
		const twisted = (state[(at + middle) % length] as number) ^ (joined >>> 1);
		state[at] = joined & 1 ? twisted ^ 0x9908b0df : twisted;
	}
}
