/** The sample of an entry: its inputs beside what `fovea generate` made of them, on one sheet. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Generated } from "../../harness/generate/generate.ts";
import { tileOf } from "../../harness/generate/write.ts";
import { readPicture } from "../../harness/pictures.ts";
import type { Sheet } from "../../harness/sheet.ts";
import type { Entry } from "./entry.ts";

/** What lies in `out`, made of the pictures in `input`. */
export async function sampleSheet(
	{ system, generate: { edits = [] } }: Entry,
	{ pictures }: Pick<Generated, "pictures">,
	{ out, input }: { readonly out: string; readonly input: string | undefined },
): Promise<Sheet> {
	const tile = async (path: string) => tileOf(await readPicture(path, { channels: "own" }));
	const isMade = pictures.every(({ scores }) => scores === undefined);
	const results = isMade ? await Promise.all(pictures.map(({ result }) => tile(join(out, result)))) : [];
	if (input === undefined) {
		const rows = [0, 1].map((row) => ({ label: "", tiles: results.slice(8 * row, 8 * row + 8) }));
		return { title: system, columns: [], rows, tile: 64 };
	}
	const files = (await readdir(input)).sort();
	const each = Math.max(1, edits.length);
	const mapName = pictures[0]?.maps[0]?.replace(/^masks\/1-/, "").replace(/\.png$/, "");
	const rows = await Promise.all(
		files.map(async (file, index) => {
			const first = pictures[index * each];
			const [map] = first?.maps ?? [];
			const maps = map === undefined ? [] : [await tile(join(out, map))];
			const said = Object.entries(first?.scores ?? {}).map(([name, chance]) => `${name} ${chance.toFixed(2)}`);
			const made = results.slice(index * each, (index + 1) * each);
			return { label: said.join("\n"), tiles: [await tile(join(input, file)), ...made, ...maps] };
		}),
	);
	const made = isMade ? (edits.length > 0 ? edits : ["result"]) : [];
	const columns = ["input", ...made, ...(mapName === undefined ? [] : [mapName])];
	return { title: system, columns, rows, tile: 96 };
}
