import type { Bundle } from "./messages.ts";
import { type GridOptions, gridPixels, type PictureBatch, type PictureTensor } from "./picture.ts";
import { encodePng, type Pixels } from "./png.ts";

/** Attention maps laid over their picture, with a colour bar and a slider over heads, rows or steps. */

export interface AttentionOptions extends GridOptions {
	/** What the slider steps through. @default "map" */
	readonly over?: string;
	/** A name for each map. */
	readonly labels?: readonly string[];
	/** How much of the picture the map covers, 0 … 1. @default 0.6 */
	readonly opacity?: number;
	readonly title?: string;
}

/** Dark to light through blue and orange; lightness rises all the way, so that it reads in grey too. */
const STOPS = [
	[13, 8, 50],
	[60, 15, 110],
	[140, 41, 129],
	[222, 73, 104],
	[254, 159, 109],
	[252, 253, 191],
] as const;

function colour(share: number): readonly [number, number, number] {
	const at = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
	const index = Math.min(STOPS.length - 2, Math.floor(at));
	const [low, high] = [STOPS[index] ?? STOPS[0], STOPS[index + 1] ?? STOPS[0]];
	const mix = (channel: 0 | 1 | 2) => Math.round(low[channel] + (high[channel] - low[channel]) * (at - index));
	return [mix(0), mix(1), mix(2)];
}

/** A map of weights. Rows from top to bottom; any size, stretched over the picture. */
export type AttentionMap = readonly (readonly number[] | Float32Array)[];

/** The picture in grey under the coloured map. */
function overlay(base: Pixels, map: AttentionMap, range: readonly [number, number], opacity: number): Pixels {
	const { width, height } = base;
	const rows = map.length;
	const data = new Uint8Array(width * height * 3);
	for (let y = 0; y < height; y++) {
		const row = map[Math.min(rows - 1, Math.floor((y * rows) / height))] ?? [];
		for (let x = 0; x < width; x++) {
			const weight = row[Math.min(row.length - 1, Math.floor((x * row.length) / width))] ?? 0;
			const at = (y * width + x) * 3;
			const [red = 0, green = 0, blue = 0] = base.data.subarray(at, at + 3);
			const grey = 0.299 * red + 0.587 * green + 0.114 * blue;
			const over = colour(range[1] > range[0] ? (weight - range[0]) / (range[1] - range[0]) : 0.5);
			for (const [channel, value] of over.entries())
				data[at + channel] = Math.round((1 - opacity) * grey + opacity * value);
		}
	}
	return { data, width, height, channels: 3 };
}

function sideBySide(all: readonly Pixels[], gap: number): Pixels {
	const height = Math.max(...all.map((each) => each.height));
	const width = all.reduce((sum, each) => sum + each.width + gap, -gap);
	const data = new Uint8Array(width * height * 3).fill(255);
	let left = 0;
	for (const each of all) {
		for (let y = 0; y < each.height; y++)
			data.set(each.data.subarray(y * each.width * 3, (y + 1) * each.width * 3), (y * width + left) * 3);
		left += each.width + gap;
	}
	return { data, width, height, channels: 3 };
}

function colourBar(height: number): Pixels {
	const width = 14;
	const data = new Uint8Array(width * height * 3);
	for (let y = 0; y < height; y++)
		for (let x = 0; x < width; x++) data.set(colour(1 - y / Math.max(1, height - 1)), (y * width + x) * 3);
	return { data, width, height, channels: 3 };
}

function dataUrl(pixels: Pixels): string {
	return `data:image/png;base64,${Buffer.from(encodePng(pixels)).toString("base64")}`;
}

function escaped(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function short(value: number): string {
	return Number(value.toPrecision(3)).toString();
}

export class AttentionView {
	private readonly base: Pixels;
	private readonly maps: readonly AttentionMap[];
	private readonly options: AttentionOptions;
	/** The lowest and highest weight of all maps, so that their colours compare. */
	readonly range: readonly [number, number];

	constructor(base: Pixels, maps: readonly AttentionMap[], options: AttentionOptions) {
		if (maps.length === 0) throw new RangeError("attention: needs a map, got none");
		if (options.labels && options.labels.length !== maps.length)
			throw new RangeError(`attention: needs a label for each of ${maps.length} maps, got ${options.labels.length}`);
		this.base = base;
		this.maps = maps;
		this.options = options;
		let [low, high] = [Infinity, -Infinity];
		for (const map of maps)
			for (const row of map)
				for (const weight of row) {
					low = Math.min(low, weight);
					high = Math.max(high, weight);
				}
		if (!Number.isFinite(low) || !Number.isFinite(high)) throw new RangeError("attention: weights must be finite");
		this.range = [low, high];
	}

	private overlays(): Pixels[] {
		const { opacity = 0.6 } = this.options;
		return this.maps.map((map) => overlay(this.base, map, this.range, opacity));
	}

	/** Picture, up to six maps and the colour bar, side by side. */
	png(): Uint8Array {
		const all = this.overlays();
		const chosen = all.filter((_, index) => index % Math.ceil(all.length / 6) === 0);
		return encodePng(sideBySide([this.base, ...chosen, colourBar(this.base.height)], 6));
	}

	html(): string {
		const { over = "map", labels, title } = this.options;
		const sources = this.overlays().map(dataUrl);
		const names = sources.map((_, index) => escaped(labels?.[index] ?? `${over} ${index + 1} of ${sources.length}`));
		const [low, high] = this.range.map(short);
		const { width, height } = this.base;
		// The handlers find their parts from the slider, so that many views can stand on one page.
		const frames = sources.map(
			(source, index) =>
				`<img src="${source}" width="${width}" height="${height}" alt="${names[index]}" style="display:${index === 0 ? "block" : "none"};image-rendering:pixelated">`,
		);
		const slider = `<label style="display:block;margin-top:4px">${escaped(over)} <input type="range" min="0" max="${sources.length - 1}" value="0" style="width:${Math.max(120, width - 90)}px;vertical-align:middle" oninput="const view=this.closest('.fovea-attention');[...view.querySelectorAll('.frames img')].forEach((each,index)=>{each.style.display=index===Number(this.value)?'block':'none'});view.querySelector('output').textContent=view.querySelectorAll('.frames img')[this.value].alt"> <output>${names[0]}</output></label>`;
		return `<div class="fovea-attention" style="font:13px system-ui,sans-serif">${title ? `<div style="font-weight:600;margin-bottom:4px">${escaped(title)}</div>` : ""}<div style="display:flex;gap:8px;align-items:stretch"><img src="${dataUrl(this.base)}" width="${width}" height="${height}" alt="picture" style="image-rendering:pixelated"><div class="frames">${frames.join("")}</div><img src="${dataUrl(colourBar(height))}" width="14" height="${height}" alt="colour bar"><div style="display:flex;flex-direction:column;justify-content:space-between"><span>${high}</span><span>${low}</span></div></div>${sources.length > 1 ? slider : ""}</div>`;
	}

	[Symbol.for("Jupyter.display")](): Bundle {
		const text = `[attention: ${this.maps.length} maps, weights ${short(this.range[0])} … ${short(this.range[1])}]`;
		return { "text/html": this.html(), "image/png": this.png(), "text/plain": text };
	}
}

/**
 * Shows maps over one picture.
 * @param maps [maps][rows][columns], or a tensor [h, w] or [maps, h, w].
 */
export function attention(
	of: PictureBatch | PictureTensor,
	maps: readonly AttentionMap[] | PictureTensor,
	options: AttentionOptions = {},
): AttentionView {
	const pixels = gridPixels(of, options);
	return new AttentionView(pixels, "shape" in maps ? fromTensor(maps) : maps, options);
}

function fromTensor(tensor: PictureTensor): AttentionMap[] {
	const { shape } = tensor;
	const [count = 0, height = 0, width = 0] = shape.length === 2 ? [1, ...shape] : shape;
	if (shape.length < 2 || shape.length > 3)
		throw new RangeError(`attention: maps must be [h, w] or [maps, h, w], got [${shape.join(", ")}]`);
	const data = Float32Array.from(tensor.dataSync());
	return Array.from({ length: count }, (_, map) =>
		Array.from({ length: height }, (_, row) =>
			data.subarray((map * height + row) * width, (map * height + row + 1) * width),
		),
	);
}
