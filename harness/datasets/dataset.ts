/**
 * What a file in harness/datasets/ exports: a function that opens a data set of labelled pictures on disk (or draws one),
 * and hands out examples by number. Batching, shuffling, flipping and prefetching are done here, once for all.
 */
export type Split = "train" | "test";

export interface Example {
	/** File name or number, unique in the set. */
	readonly id: string;
	/** [height, width, channels] bytes, row-major. */
	readonly pixels: Uint8Array;
	/** One number per attribute, 0 or 1. */
	readonly label: Float32Array;
	/** True masks by attribute name, [height, width] of 0 or 255, where the set knows them. */
	readonly masks?: Readonly<Record<string, Uint8Array>>;
}

export interface Dataset {
	readonly name: string;
	/** Height and width of every example. */
	readonly size: readonly [height: number, width: number];
	readonly channels: number;
	readonly attributes: readonly string[];
	count(split: Split): number;
	/** Example `index` of a split; the same every time. Errors name the file and the fix. */
	read(split: Split, index: number): Promise<Example>;
}
