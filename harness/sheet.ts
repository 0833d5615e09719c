/**
 * Contact sheets: rows of pictures with labels, as one PNG. Labels are drawn with a font of the package's own, so a
 * machine without fonts shows them too.
 */
import { createRequire } from "node:module";
import sharp, { type OverlayOptions } from "sharp";
import { writeAtomically } from "./files.ts";

/** A picture on a sheet: [height, width, 3] bytes. */
export interface Tile {
	readonly pixels: Uint8Array;
	readonly height: number;
	readonly width: number;
}

export interface Sheet {
	readonly title: string;
	/** A line under the title: what is to be seen. */
	readonly subtitle?: string;
	readonly columns: readonly string[];
	readonly rows: readonly { readonly label: string; readonly tiles: readonly Tile[] }[];
	/** Side of a tile on the sheet in pixels; pictures are enlarged to it without smoothing below 3 ×. @default 112 */
	readonly tile?: number;
	/** Colour bar at the foot: its end labels and its colours from low to high. */
	readonly scale?: { readonly low: string; readonly high: string; readonly colours: readonly Colour[] };
}

export type Colour = readonly [red: number, green: number, blue: number];

const font = createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf");
const margin = 16;
const gap = 4;

/** Draws a sheet and writes it as PNG. */
export async function writeSheet(path: string, sheet: Sheet): Promise<void> {
	await writeAtomically(path, await drawSheet(sheet));
}

/** Draws a sheet; the bytes of a PNG. */
export async function drawSheet({
	title,
	subtitle,
	columns,
	rows,
	tile = 112,
	scale,
}: Sheet): Promise<Uint8Array<ArrayBuffer>> {
	const layers: OverlayOptions[] = [];
	const labels = await Promise.all(rows.map(({ label }) => text(label, 11, "#333333")));
	const left = margin + Math.max(0, ...labels.map(({ width }) => width)) + 10;
	let width = 0;
	const place = (drawn: Text, x: number, y: number) => {
		if (drawn === nothing) return;
		layers.push({ input: drawn.png, left: Math.round(x), top: Math.round(y) });
		width = Math.max(width, Math.round(x) + drawn.width + margin);
	};

	const heading = await text(title, 15, "#111111");
	place(heading, margin, margin);
	let top = margin + heading.height + 8;
	if (subtitle !== undefined) {
		const line = await text(subtitle, 10, "#555555");
		place(line, margin, top);
		top += line.height + 10;
	}
	const heads = await Promise.all(columns.map((column) => text(column, 11, "#333333")));
	for (const [index, head] of heads.entries()) {
		place(head, left + index * (tile + gap) + Math.max(0, (tile - head.width) / 2), top);
	}
	top += Math.max(0, ...heads.map(({ height }) => height)) + 8;
	const height = (row: Sheet["rows"][number]) => {
		const first = row.tiles[0];
		return first === undefined ? tile : Math.round((tile * first.height) / first.width);
	};
	for (const [index, row] of rows.entries()) {
		const tall = height(row);
		const label = labels[index] as Text;
		place(label, left - 10 - label.width, top + (tall - label.height) / 2);
		for (const [column, { pixels, height, width }] of row.tiles.entries()) {
			const input = await sharp(pixels, { raw: { width, height, channels: 3 } })
				.resize(tile, tall, { kernel: tile >= 3 * width ? "nearest" : "cubic", fit: "fill" })
				.png()
				.toBuffer();
			layers.push({ input, left: left + column * (tile + gap), top });
		}
		top += tall + gap;
	}
	const wide = Math.max(1, columns.length, ...rows.map(({ tiles }) => tiles.length));
	width = Math.max(width, left + wide * (tile + gap) - gap + margin);
	if (scale !== undefined) {
		top += 8;
		const [low, high] = await Promise.all([text(scale.low, 10, "#333333"), text(scale.high, 10, "#333333")]);
		const bar = 160;
		place(low, left, top);
		const input = await colourBar(scale.colours, bar, 12);
		layers.push({ input, left: left + low.width + 8, top });
		place(high, left + low.width + bar + 16, top);
		top += 20;
	}
	const base = { width: Math.ceil(width), height: Math.ceil(top + margin - gap), channels: 3 as const };
	const drawn = await sharp({ create: { ...base, background: "#ffffff" } })
		.composite(layers)
		.png({ compressionLevel: 9 })
		.toBuffer();
	return new Uint8Array(drawn);
}

const nothing: Text = { png: Buffer.alloc(0), width: 0, height: 0 };

interface Text {
	readonly png: Buffer;
	readonly width: number;
	readonly height: number;
}

async function text(value: string, points: number, colour: string): Promise<Text> {
	if (value.trim() === "") return nothing;
	const escaped = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
	const markup = `<span foreground="${colour}">${escaped}</span>`;
	const { data, info } = await sharp({
		text: { text: markup, font: `DejaVu Sans ${points}`, fontfile: font, rgba: true, dpi: 80 },
	})
		.png()
		.toBuffer({ resolveWithObject: true });
	return { png: data, width: info.width, height: info.height };
}

async function colourBar(colours: readonly Colour[], width: number, height: number): Promise<Buffer> {
	const pixels = new Uint8Array(width * height * 3);
	for (let x = 0; x < width; x += 1) {
		const colour = colours[Math.floor((x * colours.length) / width)] as Colour;
		for (let y = 0; y < height; y += 1) pixels.set(colour, (y * width + x) * 3);
	}
	return sharp(pixels, { raw: { width, height, channels: 3 } })
		.png()
		.toBuffer();
}
