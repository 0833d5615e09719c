/** Writes what a system made: pictures, masks, and sheets of the masks over their picture. */
import { join } from "node:path";
import { heat, overlay } from "../colours.ts";
import { type PixelArray, writePng } from "../pictures.ts";
import { type Tile, writeSheet } from "../sheet.ts";
import type { Applied, GreyMap } from "./apply.ts";

/** Writes a result with its masks and overlays; gives the masks' paths. */
export async function writeApplied(
	folder: string,
	name: string,
	source: PixelArray,
	applied: Applied,
): Promise<string[]> {
	await writePicture(join(folder, "results", `${name}.png`), applied.picture);
	const paths: string[] = [];
	for (const { name: map, values, height, width } of applied.maps) {
		const path = join("masks", `${name}-${map.replaceAll(/[^\w.-]/g, "_")}.png`);
		const bytes = Uint8Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
		await writePng(join(folder, path), bytes, { height, width, channels: 1 });
		paths.push(path);
	}
	if (applied.maps.length > 0) await writeOverlays(join(folder, "overlays", `${name}.png`), name, source, applied);
	return paths;
}

async function writeOverlays(path: string, name: string, source: PixelArray, applied: Applied): Promise<void> {
	const [before, after] = [tileOf(source), tileOf(applied.picture)];
	const rows = applied.maps.map((map) => {
		const under = map.height === before.height ? before : after;
		return { label: map.name, tiles: [before, after, overlay(under, fitted(map, under.height, under.width))] };
	});
	await writeSheet(path, {
		...{ title: name, columns: ["source", "result", "map"], rows, tile: 160 },
		scale: { low: "0", high: "1", colours: heat },
	});
}

/** The map at a picture's size, each value repeated. */
function fitted({ values, height, width }: GreyMap, tall: number, wide: number): Float32Array {
	return Float32Array.from({ length: tall * wide }, (_, at) => {
		const [y, x] = [Math.floor(at / wide), at % wide];
		return values[Math.floor((y * height) / tall) * width + Math.floor((x * width) / wide)] as number;
	});
}

/** A picture for a sheet, grey spread over three channels. */
export function tileOf({ data, height, width, channels }: PixelArray): Tile {
	if (channels === 3) return { pixels: data, height, width };
	const pixels = new Uint8Array(height * width * 3);
	for (let at = 0; at < height * width; at += 1) pixels.fill(data[at * channels] as number, at * 3, at * 3 + 3);
	return { pixels, height, width };
}

/** Writes bytes as PNG. */
export function writePicture(path: string, { data, height, width, channels }: PixelArray): Promise<void> {
	return writePng(path, data, { height, width, channels: channels as 1 | 3 });
}
