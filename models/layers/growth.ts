/**
 * The schedule of progressive growing (tkarras/progressive_growing_of_gans@2504c3f train.py): by the number of real pictures
 * shown so far, a level is trained alone for `stableImages`, then the next one fades in over `fadeImages`. Level ℓ has 2^ℓ
 * pixels a side.
 */
export interface GrowthOptions {
	/** First level. @default 2, of 4 × 4 pixels */
	readonly startLevel?: number;
	/** Last level: 8 for 256 × 256. */
	readonly depth: number;
	/** @default 600000 */
	readonly stableImages?: number;
	/** @default 600000 */
	readonly fadeImages?: number;
	/** Pictures in a step by the side of its pictures, `4:128,32:64`, or one number for all. A side not named has that of the next smaller. */
	readonly minibatch: string;
}

/** What one step trains. */
export interface Stage {
	/** The highest level in use. */
	readonly level: number;
	/** Share of the highest level in the picture, in (0, 1]. */
	readonly alpha: number;
	/** Pictures in the step. */
	readonly batch: number;
	/** Real pictures shown before it. */
	readonly images: number;
	/** The optimisers start anew: another level has begun to fade in, or has stopped. */
	readonly isNew: boolean;
}

/** The stage of each iteration, a function of its number alone. */
export function growth(options: GrowthOptions): (iteration: number) => Stage {
	const { startLevel = 2, depth, stableImages = 600_000, fadeImages = 600_000, minibatch } = options;
	if (!(depth >= startLevel && startLevel >= 2)) {
		throw new RangeError(`pggan: depth must be ${startLevel} or more, got ${depth}`);
	}
	const batchOf = minibatches(minibatch);
	const phase = stableImages + fadeImages;
	/** How many levels are missing: 1.25 is the last but one fading in, to three quarters. */
	const missing = (images: number): number => {
		const started = Math.floor(images / phase);
		const faded = fadeImages === 0 ? 0 : Math.max(0, images - started * phase - stableImages) / fadeImages;
		return Math.max(0, depth - startLevel - started - faded);
	};
	const levelOf = (images: number) => depth - Math.floor(missing(images));
	/** Pictures shown before an iteration: steps of equal batches at a time. */
	const shown = (iteration: number): number => {
		let images = 0;
		let left = iteration;
		for (let level = startLevel; level < depth; level += 1) {
			const start = (level - startLevel) * phase;
			// At the very picture where fading starts, the share of the new level is still nothing.
			for (const [end, batch] of [
				[start + stableImages + (fadeImages === 0 ? 0 : 1), batchOf(2 ** level)],
				[start + phase, batchOf(2 ** (level + 1))],
			] as const) {
				const steps = Math.max(0, Math.ceil((end - images) / batch));
				if (left < steps) return images + left * batch;
				images += steps * batch;
				left -= steps;
			}
		}
		return images + left * batchOf(2 ** depth);
	};
	return (iteration) => {
		const images = shown(iteration);
		const lacks = missing(images);
		const before = iteration === 0 ? lacks : missing(shown(iteration - 1));
		const level = levelOf(images);
		return {
			level,
			images,
			alpha: 1 - (lacks - Math.floor(lacks)),
			batch: batchOf(2 ** level),
			isNew: Math.floor(lacks) !== Math.floor(before) || Math.ceil(lacks) !== Math.ceil(before),
		};
	};
}

function minibatches(text: string): (side: number) => number {
	const entries = text.split(",").map((entry) => entry.trim().split(":").map(Number));
	const isWhole = (value: number | undefined) => Number.isInteger(value) && (value as number) > 0;
	const isList = entries.every((entry) => entry.length === 2 && entry.every(isWhole));
	const isOne = entries.length === 1 && entries[0]?.length === 1 && isWhole(entries[0][0]);
	if (!isList && !isOne) {
		throw new RangeError(`pggan: minibatch must be a number or like "4:128,32:64", got ${JSON.stringify(text)}`);
	}
	if (isOne) return () => entries[0]?.[0] as number;
	const sorted = (entries as [number, number][]).sort(([a], [b]) => a - b);
	return (side) => (sorted.findLast(([least]) => least <= side) ?? sorted[0])?.[1] as number;
}
