/** All entries of zoo/, each behind the one that it starts from. */
import { classEntries } from "./classes.ts";
import { domainEntries } from "./domains.ts";
import { enlargingEntries } from "./enlarging.ts";
import type { Entry } from "./entry.ts";
import { faceEntries } from "./faces.ts";
import { noiseEntries } from "./noise.ts";

export const entries: readonly Entry[] = [
	...[...faceEntries, ...domainEntries, ...noiseEntries, ...enlargingEntries, ...classEntries],
];

/** Of every training. */
export const seed = 1;

/** The words behind `fovea generate ID --checkpoint … --input … --out …`. */
export function generateWords({ generate: { edits, source, direction, count, seed: noise } }: Entry): string[] {
	return Object.entries({ edit: edits?.join(","), source, direction, count, seed: noise }).flatMap(([name, value]) =>
		value === undefined ? [] : [`--${name}`, String(value)],
	);
}
