/** One comparison with a reference library. */
export interface Comparison {
	/** Metric, and how it was asked for. */
	readonly metric: string;
	/** Library with its version. */
	readonly reference: string;
	/** Name of the golden case. */
	readonly name: string;
	readonly ours: number;
	readonly theirs: number;
	/** Largest allowed distance. */
	readonly tolerance: number;
}

export type Versions = Readonly<Record<string, string>>;

/** A library's name with the version that the golden file states. */
export function named(library: string, versions: Versions): string {
	const version = versions[library];
	return version === undefined ? library : `${library} ${version}`;
}

export function agrees({ ours, theirs, tolerance }: Comparison): boolean {
	return Object.is(ours, theirs) || Math.abs(ours - theirs) <= tolerance;
}
