/** One measured figure. */
export interface Figure {
	readonly name: string;
	/** What we measured, in `unit`. */
	readonly ours: number;
	/** What the rival took in the same run; undefined where there is none. */
	readonly rival?: number;
	/** ours / rival where there is a rival. */
	readonly ratio?: number;
	readonly unit: string;
	/** What the figure is held to, as printed. */
	readonly target: string;
	readonly pass: boolean;
}

export interface Bench {
	/** One line of what is measured against what. */
	readonly about: string;
	/** Reports its figures; those of other names than `wants` allows may be left out, with the time that they take. */
	run(report: (figure: Figure) => void, wants: (name: string) => boolean): Promise<void>;
}

/** Middle value; the mean of the middle two for an even count. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const half = sorted.length >> 1;
	const upper = sorted[half] as number;
	return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] as number)) / 2;
}

/** A figure that is held to a ratio of at most `most`. */
export function against(name: string, unit: string, ours: number, rival: number, most: number): Figure {
	const ratio = ours / rival;
	return { name, ours, rival, ratio, unit, target: `≤ ${most} ×`, pass: ratio <= most };
}
