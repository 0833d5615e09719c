/** A data set with another training split: some of its pictures, some of them twice, or more than it has. */
import type { Dataset, Example } from "./dataset.ts";

/** The set with only these training pictures, in this order; a number may stand more than once. */
export function choosing(dataset: Dataset, rows: ArrayLike<number>, how: string): Dataset {
	const place = (index: number) => {
		const row = rows[index];
		if (row === undefined) {
			throw new RangeError(`${dataset.name}: train index must be below ${rows.length}, got ${index}`);
		}
		return row;
	};
	return {
		...plain(dataset),
		count: (split) => (split === "train" ? rows.length : dataset.count(split)),
		label: (split, index) => dataset.label(split, split === "train" ? place(index) : index),
		read: (split, index) => dataset.read(split, split === "train" ? place(index) : index),
		describe: () => `${dataset.describe()}; ${how}: ${rows.length} to train`,
	};
}

/** The set with further training pictures behind its own. */
export function extended(dataset: Dataset, more: readonly Example[], how: string): Dataset {
	const own = dataset.count("train");
	const further = (index: number) => more[index - own];
	return {
		...plain(dataset),
		count: (split) => (split === "train" ? own + more.length : dataset.count(split)),
		label: (split, index) => (split === "train" ? further(index)?.label : undefined) ?? dataset.label(split, index),
		read: async (split, index) => (split === "train" ? further(index) : undefined) ?? dataset.read(split, index),
		describe: () => `${dataset.describe()}; ${how}: ${more.length} more to train`,
	};
}

/** Classes of the training pictures: the first label. */
export function trainingClasses(dataset: Dataset): Int32Array {
	return Int32Array.from({ length: dataset.count("train") }, (_, index) => dataset.label("train", index)[0] as number);
}

const plain = ({ name, size, channels, attributes }: Dataset) => ({ name, size, channels, attributes });
