/** Two sets of pictures that are compared one by one: folders by file name, arrays in order. */
import type { NumberArray } from "./arrays.ts";
import { type Pair, pairPaths } from "./evaluate-pairs.ts";
import { prefetched } from "./order.ts";
import { readDeepPicture } from "./pictures.ts";
import type { Input } from "./report.ts";
import { arrayPictures, type OpenSet, openSet } from "./set-rows.ts";

export interface OpenPairs {
	readonly inputs: { readonly reference: Input; readonly image: Input; readonly mask?: Input };
	readonly pairs: AsyncIterable<Pair> | Iterable<Pair>;
	/** Largest possible value where nothing else is said: 255, or 1 of arrays of floats, as in scikit-image. */
	readonly range: 1 | 255;
}

export interface OpenPairsOptions {
	/** Masks of the pairs, opened as they are. */
	readonly mask?: string | undefined;
	/** The caller knows the scale of floats. */
	readonly ranged?: boolean;
	readonly signal?: AbortSignal | undefined;
}

/**
 * Opens both sets; a folder's pictures are read as the file has them, grey or RGB, those of 16 bits as values on 0 … 255.
 * Floats that plainly lie on another scale are refused unless `ranged` says that the caller knows it.
 */
export async function openPairs(
	reference: string,
	image: string,
	{ mask, ranged = false, signal }: OpenPairsOptions = {},
): Promise<OpenPairs> {
	const [a, b] = [await openSet(reference), await openSet(image)];
	const m = mask === undefined ? undefined : await openSet(mask);
	const inputs = {
		reference: pictureInput(a),
		image: pictureInput(b),
		...(m === undefined ? {} : { mask: pictureInput(m) }),
	};
	if (a.kind === "pictures" && b.kind === "pictures" && (m === undefined || m.kind === "pictures")) {
		const masks = m && pairPaths(a.paths, m.paths, { reference, image: mask as string });
		const paths = pairPaths(a.paths, b.paths, { reference, image }).map((pair, at) => ({
			...pair,
			mask: masks?.[at]?.image,
		}));
		const load = async (pair: (typeof paths)[number]): Promise<Pair> => ({
			name: pair.name,
			reference: await readDeepPicture(pair.reference),
			image: await readDeepPicture(pair.image),
			mask: pair.mask === undefined ? undefined : await readDeepPicture(pair.mask),
		});
		return { inputs, pairs: prefetched(paths, load, readAhead, signal), range: 255 };
	}
	const [options, all] = m ? ["--reference, --image and --mask", "all"] : ["--reference and --image", "both"];
	if (a.kind === "pictures" || b.kind === "pictures" || m?.kind === "pictures") {
		throw new RangeError(`evaluate: ${options} must ${all} be folders or ${all} be arrays, got folders and arrays`);
	}
	const counts = Object.values(inputs).map(({ count }) => count);
	if (new Set(counts).size > 1) {
		throw new RangeError(`evaluate: ${options} must hold equally many pictures, got ${counts.join(" and ")}`);
	}
	const floats = [a, b].map(
		({ array }) => array.values instanceof Float32Array || array.values instanceof Float64Array,
	);
	if (floats[0] !== floats[1]) {
		throw new RangeError("evaluate: --reference and --image must both hold bytes or both floats, got one of each");
	}
	if (floats[0] && !ranged) {
		requireUnit(a.array, reference);
		requireUnit(b.array, image);
	}
	const pairs = function* (): Generator<Pair> {
		const others = arrayPictures(b.array, image);
		const masks = m && arrayPictures(m.array, mask as string);
		let number = 0;
		for (const one of arrayPictures(a.array, reference)) {
			const other = others.next().value as Pair["image"];
			const inside = masks?.next().value as Pair["mask"];
			yield { name: `${image}: picture ${number}`, reference: one, image: other, mask: inside };
			number += 1;
		}
	};
	return { inputs, pairs: pairs(), range: floats[0] ? 1 : 255 };
}

/** A network's overshoot is let through, signed pictures and those on 0 … 255 are not. */
function requireUnit({ values }: NumberArray, where: string): void {
	const far = values.find((value: number) => value < -0.5 || value > 1.5);
	if (far === undefined) return;
	throw new RangeError(`${where}: floats must be from 0 to 1 unless --range gives the largest value, got ${far}`);
}

/** A two-dimensional array is one grey picture here, not rows. */
function pictureInput(set: OpenSet): Input {
	return set.kind === "rows" ? { ...set.input, count: 1 } : set.input;
}

/** Pairs decoded ahead. */
const readAhead = 4;
