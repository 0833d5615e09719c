/** "NAME, did you mean OTHER?": the known name nearest to one that is not known, by edits, if near enough to be a slip. */
export function didYouMean(name: string, known: readonly string[]): string {
	const near = known
		.map((other) => ({ other, edits: editDistance(name.toLowerCase(), other.toLowerCase()) }))
		.sort((a, b) => a.edits - b.edits)[0];
	if (near === undefined || near.edits > Math.max(2, Math.floor(name.length / 3))) return name;
	return `${name}, did you mean ${near.other}?`;
}

/** Levenshtein distance: fewest letters to put in, take out or change. */
function editDistance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (const [i, letter] of [...a].entries()) {
		const next = [i + 1];
		for (const [j, other] of [...b].entries()) {
			const change = (row[j] as number) + (letter === other ? 0 : 1);
			next.push(Math.min(change, (row[j + 1] as number) + 1, (next[j] as number) + 1));
		}
		row = next;
	}
	return row[b.length] as number;
}
