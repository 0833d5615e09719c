import type { Colour, Tile } from "./sheet.ts";

/** "Magma"-like scale from dark to light, by linear interpolation between seven stops; lightness rises steadily. */
const stops: readonly Colour[] = [
	[4, 4, 20],
	[48, 16, 88],
	[110, 30, 129],
	[175, 51, 121],
	[233, 86, 98],
	[254, 159, 109],
	[252, 250, 190],
];

/** 64 colours from low to high. */
export const heat: readonly Colour[] = Array.from({ length: 64 }, (_, index) => colourAt(index / 63));

/** The colour of a value in [0, 1]; values outside are clamped. */
export function colourAt(value: number): Colour {
	const place = Math.min(1, Math.max(0, value)) * (stops.length - 1);
	const index = Math.min(stops.length - 2, Math.floor(place));
	const low = stops[index] as Colour;
	const high = stops[index + 1] as Colour;
	return [0, 1, 2].map((channel) => {
		const from = low[channel] as number;
		return Math.round(from + ((high[channel] as number) - from) * (place - index));
	}) as unknown as Colour;
}

/**
 * A map over its picture: the picture in grey, coloured by the map.
 * @param map [height, width] in [0, 1]; @param picture bytes of the same size.
 */
export function overlay(picture: Tile, map: ArrayLike<number>, strength = 0.65): Tile {
	const count = picture.height * picture.width;
	if (map.length !== count) throw new RangeError(`overlay: map must have ${count} values, got ${map.length}`);
	const pixels = new Uint8Array(count * 3);
	for (let index = 0; index < count; index += 1) {
		const [red, green, blue] = [0, 1, 2].map((channel) => picture.pixels[index * 3 + channel] as number) as [
			number,
			number,
			number,
		];
		const grey = 0.299 * red + 0.587 * green + 0.114 * blue;
		const colour = colourAt(map[index] as number);
		for (let channel = 0; channel < 3; channel += 1) {
			pixels[index * 3 + channel] = Math.round((1 - strength) * grey + strength * (colour[channel] as number));
		}
	}
	return { ...picture, pixels };
}
