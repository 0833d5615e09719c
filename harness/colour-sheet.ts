/** Colour distributions of sets of pictures as heat maps. */
import { rgbToLab } from "../metrics/color.ts";
import { colourAt, heat } from "./colours.ts";
import { editName } from "./edit-sheets.ts";
import type { PictureSet } from "./edits.ts";
import type { Sheet, Tile } from "./sheet.ts";

/** Bins along a* and b*, and what they span: skin and hair lie well inside. */
const bins = 40;
const span = { low: -25, high: 55 } as const;

/**
 * How often each colour comes in the sources and in each system's edits of them: a* of CIE L*a*b* (green to red) to the
 * right, b* (blue to yellow) upwards, the logarithm of the share of pixels as brightness, one scale for the whole sheet.
 * @param edits by system, one set for each attribute
 */
export function colourSheet(
	attributes: readonly string[],
	sources: PictureSet,
	edits: Readonly<Record<string, readonly PictureSet[]>>,
): Sheet {
	const source = shares(sources);
	const rows = Object.entries(edits).map(([label, sets]) => ({ label, maps: [source, ...sets.map(shares)] }));
	const most = Math.max(...rows.flatMap(({ maps }) => maps.map((map) => Math.max(...map))));
	return {
		title: "Colours of the sources and of their edits, all test pictures",
		subtitle: `To the right a* from ${span.low} (green) to ${span.high} (red), upwards b* from ${span.low} (blue) to ${span.high} (yellow).`,
		columns: ["sources", ...attributes.map(editName)],
		rows: rows.map(({ label, maps }) => ({ label, tiles: maps.map((map) => drawn(map, most)) })),
		tile: 3 * bins,
		scale: { low: "no pixel", high: `${(100 * most).toPrecision(2)} % of pixels (logarithmic)`, colours: heat },
	};
}

/** Share of the pixels in each bin, row-major [b* from high to low, a*]; colours outside count at the rim. */
function shares({ data }: PictureSet): Float64Array {
	const lab = rgbToLab(data);
	const map = new Float64Array(bins * bins);
	const binOf = (value: number) =>
		Math.min(bins - 1, Math.max(0, Math.floor(((value - span.low) / (span.high - span.low)) * bins)));
	for (let at = 0; at < lab.length; at += 3) {
		const bin = (bins - 1 - binOf(lab[at + 2] as number)) * bins + binOf(lab[at + 1] as number);
		map[bin] = (map[bin] as number) + 3 / lab.length;
	}
	return map;
}

/** Four decades of shares, from a ten-thousandth of the greatest. */
function drawn(map: Float64Array, most: number): Tile {
	const pixels = new Uint8Array(map.length * 3);
	for (const [bin, share] of map.entries()) {
		pixels.set(colourAt(share === 0 ? 0 : 1 + Math.log10(share / most) / 4), bin * 3);
	}
	return { pixels, height: bins, width: bins };
}
