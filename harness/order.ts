/**
 * In which order a stream of batches takes its items, and reading ahead; shared by the labelled, the unpaired and the
 * resolution batches.
 */
import { Random } from "../engine/random.ts";

export interface Order {
	readonly batchSize: number;
	readonly seed: number;
	/** A new random order for each epoch. @default true */
	readonly shuffle?: boolean;
	/** Passes over the data. @default Infinity */
	readonly epochs?: number;
	/** Number of the first batch, to go on with a stream. @default 0 */
	readonly start?: number;
}

export interface Position {
	readonly epoch: number;
	/** Number of the item in its set. */
	readonly index: number;
}

export interface Plan {
	/** Number of the batch. */
	readonly number: number;
	readonly items: readonly Position[];
}

/**
 * The items of each batch. The order of an epoch is a function of (seed, epoch) alone; epochs follow one another without
 * a gap, so batch n holds places n · batchSize … of the whole sequence. `where` names the data in errors.
 */
export function* positions(
	where: string,
	count: number,
	order: Order,
	/** Orders of different names are independent under one seed. */
	name = "order",
): Generator<Plan, void, undefined> {
	const { batchSize, seed, shuffle = true, epochs = Number.POSITIVE_INFINITY, start = 0 } = order;
	if (count < 1) throw new RangeError(`${where}: must have at least one picture, got ${count}`);
	if (!Number.isInteger(batchSize) || batchSize < 1) {
		throw new RangeError(`batchSize: must be a whole number from 1, got ${batchSize}`);
	}
	if (!Number.isInteger(start) || start < 0) throw new RangeError(`start: must be a whole number from 0, got ${start}`);
	if (!(epochs > 0)) throw new RangeError(`epochs: must be above 0, got ${epochs}`);
	const random = Random.seed(seed).split(name);
	let known = -1;
	let permutation: Int32Array = new Int32Array(0);
	const total = epochs * count;
	for (let number = start; number * batchSize < total; number += 1) {
		const items: Position[] = [];
		const end = Math.min((number + 1) * batchSize, total);
		for (let place = number * batchSize; place < end; place += 1) {
			const epoch = Math.floor(place / count);
			if (shuffle && epoch !== known) {
				permutation = random.split(epoch).permutation(count);
				known = epoch;
			}
			const at = place % count;
			items.push({ epoch, index: shuffle ? (permutation[at] as number) : at });
		}
		yield { number, items };
	}
}

/** For each epoch one random bit for each item, a function of the generator and the epoch alone. */
export function flipsOf(random: Random, count: number): (epoch: number) => Uint8Array {
	const known = new Map<number, Uint8Array>();
	return (epoch) => {
		const found = known.get(epoch);
		if (found !== undefined) return found;
		const stream = random.split(epoch);
		const bits = Uint8Array.from({ length: count }, () => stream.uint32() >>> 31);
		known.delete(epoch - 2);
		known.set(epoch, bits);
		return bits;
	};
}

/**
 * Loads what a plan names, in its order, with up to `ahead` loads under way while the caller works. Ends with the
 * signal's reason when it is aborted.
 */
export async function* prefetched<T, R>(
	plan: Iterable<T>,
	load: (item: T) => Promise<R>,
	ahead: number,
	signal?: AbortSignal,
): AsyncGenerator<R, void, undefined> {
	if (!Number.isInteger(ahead) || ahead < 0) {
		throw new RangeError(`prefetch: must be a whole number from 0, got ${ahead}`);
	}
	signal?.throwIfAborted();
	const iterator = plan[Symbol.iterator]();
	const queue: Promise<R>[] = [];
	const fill = (length: number) => {
		while (queue.length < length) {
			const next = iterator.next();
			if (next.done === true) return;
			const loading = load(next.value);
			// A failure shows when its turn comes; until then it must not count as unhandled.
			loading.catch(() => undefined);
			queue.push(loading);
		}
	};
	while (true) {
		fill(1);
		const next = queue.shift();
		if (next === undefined) return;
		fill(ahead);
		yield await untilAborted(next, signal);
		signal?.throwIfAborted();
	}
}

/** The promise, or the signal's reason if that comes first. Leaves no listener behind. */
function untilAborted<R>(promise: Promise<R>, signal: AbortSignal | undefined): Promise<R> {
	if (signal === undefined) return promise;
	return new Promise((resolve, reject) => {
		const stop = () => reject(signal.reason);
		signal.addEventListener("abort", stop, { once: true });
		promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
	});
}
