/** What a training must reach before a claim is decided by it. */

export interface Floor<Scores> {
	readonly sentences: readonly string[];
	/** Why scores lie below the floor; undefined where they clear it. */
	misses(scores: Scores): string | undefined;
}

/** The misses as one reason, the empty ones left out; undefined where none is left. */
export function joined(misses: readonly string[], separator = ", "): string | undefined {
	const some = misses.filter((text) => text !== "");
	return some.length === 0 ? undefined : some.join(separator);
}

/** The same, of a training of which each miss says that it was too short. */
export function underTrained(misses: readonly string[], separator?: string): string | undefined {
	const why = joined(misses, separator);
	return why === undefined ? undefined : `under-trained: ${why}`;
}

/** A number as floors and their misses show it. */
export const rounded = (value: number): string => value.toPrecision(3);
