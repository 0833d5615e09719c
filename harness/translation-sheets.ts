/** Pictures of what a translating system does: its translations both ways, and every mask of one picture as a channel of its own. */
import type { TwoDomainGan } from "../models/layers/two-domain.ts";
import { colourAt, heat } from "./colours.ts";
import type { Domain, UnpairedDataset } from "./datasets/unpaired.ts";
import { tileOf } from "./edit-sheets.ts";
import type { Sheet, Tile } from "./sheet.ts";
import { type TestSide, type Translated, testSide, translateAll } from "./translations.ts";

const sides: readonly Domain[] = ["a", "b"];

/** `samples.png` and, for systems with masks, `masks.png`. */
export async function translationSheets(gan: TwoDomainGan, dataset: UnpairedDataset): Promise<Record<string, Sheet>> {
	const tests = { a: await testSide(dataset, "a", 6), b: await testSide(dataset, "b", 6) };
	const made = {
		a: translateAll(gan, tests.a.pictures, "a"),
		b: translateAll(gan, tests.b.pictures, "b"),
	};
	const back = {
		a: translateAll(gan, made.a.pictures, "b"),
		b: translateAll(gan, made.b.pictures, "a"),
	};
	const samples: Sheet = {
		title: `${gan.id}: translations of test pictures`,
		columns: ["source", "translated", "and back"],
		rows: sides.flatMap((side) =>
			Array.from({ length: tests[side].pictures.count }, (_, row) => ({
				label: `${dataset.domains[side]}`,
				tiles: [tests[side].pictures, made[side].pictures, back[side].pictures].map((set) => tileOf(set, row)),
			})),
		),
	};
	const masks = maskSheet(gan.id, dataset, tests, made);
	return { "samples.png": samples, ...(masks === undefined ? {} : { "masks.png": masks }) };
}

/** Each mask of the first pictures of either side as a picture of its own; undefined of a system without masks. */
export function maskSheet(
	title: string,
	dataset: UnpairedDataset,
	tests: Readonly<Record<Domain, TestSide>>,
	made: Readonly<Record<Domain, Translated>>,
): Sheet | undefined {
	const names = Object.keys(made.a.maps);
	if (names.length === 0) return undefined;
	const known = tests.a.masks !== undefined && tests.b.masks !== undefined;
	const { height, width } = tests.a.pictures;
	const size = height * width;
	const tileOfMap = (map: ArrayLike<number>, greatest: number): Tile => {
		const pixels = new Uint8Array(size * 3);
		for (let at = 0; at < size; at += 1) pixels.set(colourAt((map[at] as number) / greatest), at * 3);
		return { pixels, height, width };
	};
	return {
		title: `${title}: its masks`,
		subtitle: known
			? "Each mask as it is, from 0 to 1. The last column is the true mask of what tells the two sides apart."
			: "Each mask as it is, from 0 to 1.",
		columns: ["source", "translated", ...names, ...(known ? ["true mask"] : [])],
		rows: sides.flatMap((side) =>
			Array.from({ length: Math.min(4, tests[side].pictures.count) }, (_, row) => {
				const maps = names.map((name) => made[side].maps[name]?.subarray(row * size, (row + 1) * size) as Float32Array);
				const truth = known ? [tileOfMap(tests[side].masks?.[row] as Uint8Array, 255)] : [];
				return {
					label: dataset.domains[side],
					tiles: [
						tileOf(tests[side].pictures, row),
						tileOf(made[side].pictures, row),
						...maps.map((map) => tileOfMap(map, 1)),
						...truth,
					],
				};
			}),
		),
		tile: names.length > 4 ? 72 : 112,
		scale: { low: "0", high: "1", colours: heat },
	};
}
