/**
 * Finds runs of neighbouring slices in a numbered series of pictures whose patients are not known: within a volume one
 * slice looks like the next, at the end of a volume the picture jumps.
 */
import { basename } from "node:path";
import { readPicture } from "./pictures.ts";

/** A difference of this many times the usual one starts a new run. */
const jump = 4;

/** The run of each picture, named by its first picture; pictures are taken in the order of the numbers in their names. */
export async function runsOf(paths: readonly string[]): Promise<Map<string, string>> {
	const number = (path: string) => Number(/\d+/.exec(basename(path))?.[0] ?? Number.NaN);
	const ordered = [...paths].sort((a, b) => number(a) - number(b) || (a < b ? -1 : 1));
	const differences: number[] = [];
	let before: Uint8Array | undefined;
	const ahead = 8;
	for (let start = 0; start < ordered.length; start += ahead) {
		const some = await Promise.all(
			ordered.slice(start, start + ahead).map((path) => readPicture(path, { channels: 4 })),
		);
		for (const { data } of some) {
			differences.push(before === undefined ? Number.POSITIVE_INFINITY : meanDifference(before, data));
			before = data;
		}
	}
	const finite = differences.filter(Number.isFinite).sort((a, b) => a - b);
	const usual = finite[Math.floor(finite.length / 2)] ?? 0;
	const runs = new Map<string, string>();
	let run = "";
	for (const [index, path] of ordered.entries()) {
		if ((differences[index] as number) > jump * usual) run = basename(path);
		runs.set(path, run);
	}
	return runs;
}

/** Mean absolute difference of bytes; pictures of different size have nothing in common. */
function meanDifference(a: Uint8Array, b: Uint8Array): number {
	if (a.length !== b.length) return Number.POSITIVE_INFINITY;
	let sum = 0;
	for (let at = 0; at < a.length; at += 1) sum += Math.abs((a[at] as number) - (b[at] as number));
	return sum / a.length;
}
