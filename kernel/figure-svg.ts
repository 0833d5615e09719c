import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Figure, Mark } from "./figure.ts";
import { encodePng } from "./png.ts";

/** A figure as static SVG, by Observable Plot on a small DOM; no browser needed. */

/** Okabe and Ito's colours, told apart by colour-blind readers too. */
const SERIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
const LEGEND_HEIGHT = 24;
const LEGEND_LEFT = 56;
const TITLE_HEIGHT = 28;
const BAR_WIDTH = 90;

type Heatmap = Extract<Mark, { kind: "heatmap" }>;

function escaped(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** The `<svg>` Plot draws, placed at (x, y) of an outer one. */
function draw(options: Plot.PlotOptions, x: number, y: number): string {
	const { document } = parseHTML("<html><body></body></html>");
	const drawn = Plot.plot({ ...options, document, figure: false } as Plot.PlotOptions);
	drawn.setAttribute("x", String(x));
	drawn.setAttribute("y", String(y));
	drawn.setAttribute("font-family", "system-ui, sans-serif");
	return drawn.outerHTML;
}

function nameOf(mark: Mark, index: number): string {
	return "name" in mark && mark.name !== undefined ? mark.name : `series ${index + 1}`;
}

/** A series' colour; where all have been given, lines after them are dashed. */
function styleOf(index: number): { readonly colour: string; readonly dashes: string | undefined } {
	const colour = SERIES[index % SERIES.length] ?? "#000";
	return { colour, dashes: index < SERIES.length ? undefined : "5 3" };
}

function markOf(mark: Mark, index: number): Plot.Markish[] {
	const { colour, dashes } = styleOf(index);
	switch (mark.kind) {
		case "line": {
			const points = Array.from(mark.x, (x, index) => ({ x, y: mark.y[index] }));
			return [
				Plot.lineY(points, {
					x: "x",
					y: "y",
					stroke: colour,
					strokeWidth: 1.75,
					...(dashes ? { strokeDasharray: dashes } : {}),
				}),
			];
		}
		case "scatter": {
			const points = Array.from(mark.x, (x, index) => ({ x, y: mark.y[index] }));
			return [Plot.dot(points, { x: "x", y: "y", fill: colour, r: 3, fillOpacity: 0.75 })];
		}
		case "bar": {
			const bars = Array.from<string | number, { x: string; y: number | undefined }>(mark.x, (x, index) => ({
				x: String(x),
				y: mark.y[index],
			}));
			return [Plot.barY(bars, { x: "x", y: "y", fill: colour }), Plot.ruleY([0])];
		}
		case "histogram":
			return [
				Plot.rectY(
					Array.from(mark.values),
					Plot.binX({ y: "count" }, {
						x: (value: number) => value,
						thresholds: mark.bins ?? 20,
						fill: colour,
						fillOpacity: 0.7,
					} as never),
				),
				Plot.ruleY([0]),
			];
		case "box": {
			const values = Object.entries(mark.groups).flatMap(([group, each]) =>
				Array.from(each, (value) => ({ group, value })),
			);
			return [Plot.boxY(values, { x: "group", y: "value", fill: colour, fillOpacity: 0.35 })];
		}
		case "heatmap":
			throw new Error("internal: a heatmap is drawn on its own");
		default:
			return mark satisfies never;
	}
}

function drawMarks({ marks, options }: Figure, top: number): string {
	const { x, y, width = 640, height = 400 } = options;
	const named = marks.filter((mark) => "name" in mark && mark.name !== undefined);
	const { legend, rows } = named.length > 0 ? drawLegend(marks, width, top) : { legend: "", rows: 0 };
	const legendHeight = rows * LEGEND_HEIGHT;
	const axis = (of: typeof x) => ({
		label: of?.label ?? null,
		...(of?.log ? { type: "log" as const } : {}),
		...(of?.range ? { domain: [...of.range] } : {}),
	});
	const isOrdinal = marks.some(({ kind }) => kind === "bar" || kind === "box");
	const order = marks.flatMap((mark) =>
		mark.kind === "box"
			? Object.keys(mark.groups)
			: mark.kind === "bar"
				? Array.from<string | number, string>(mark.x, String)
				: [],
	);
	const plot = draw(
		{
			width,
			height: height - top - legendHeight,
			marginLeft: 56,
			marginBottom: 40,
			grid: !isOrdinal,
			x: { ...axis(x), ...(isOrdinal ? { domain: [...new Set(order)] } : {}) },
			y: { ...axis(y), grid: true },
			marks: marks.flatMap(markOf),
		},
		0,
		top + legendHeight,
	);
	return legend + plot;
}

/** The names of all series, in as many rows as they need. */
function drawLegend(marks: readonly Mark[], width: number, top: number): { legend: string; rows: number } {
	let [at, row] = [LEGEND_LEFT, 0];
	const entries = marks.map((mark, index) => {
		const name = nameOf(mark, index);
		const room = 40 + 7 * name.length;
		if (at + room > width && at > LEGEND_LEFT) [at, row] = [LEGEND_LEFT, row + 1];
		const y = top + row * LEGEND_HEIGHT;
		const { colour, dashes } = styleOf(index);
		const sample = dashes
			? `<path d="M${at - 3} ${y + 12}h18" stroke="${colour}" stroke-width="3" stroke-dasharray="${dashes}"/>`
			: `<rect x="${at}" y="${y + 6}" width="12" height="12" fill="${colour}"/>`;
		const entry = `${sample}<text x="${at + 17}" y="${y + 16}" font-size="12">${escaped(name)}</text>`;
		at += room;
		return entry;
	});
	return { legend: entries.join(""), rows: row + 1 };
}

/** The viridis colour of a share in [0, 1], as red, green and blue. */
function viridis(): (share: number) => readonly number[] {
	const scale = Plot.scale({ color: { type: "linear", scheme: "viridis", domain: [0, 1] } });
	const table = Array.from({ length: 256 }, (_, index) => rgb(String(scale?.apply(index / 255))));
	return (share) => table[Math.max(0, Math.min(255, Math.round(share * 255)))] ?? [0, 0, 0];
}

function rgb(colour: string): readonly number[] {
	const hex = /^#(..)(..)(..)$/.exec(colour);
	if (hex) return hex.slice(1).map((part) => Number.parseInt(part, 16));
	return (colour.match(/\d+/g) ?? []).slice(0, 3).map(Number);
}

function drawHeatmap(mark: Heatmap, { options }: Figure, top: number): string {
	const { x, y, width = 640, height = 400 } = options;
	const rows = mark.z.length;
	const columns = mark.z[0]?.length ?? 0;
	const all = mark.z.flatMap((row) => Array.from(row)).filter(Number.isFinite);
	const [low, high] = mark.range ?? [
		all.reduce((a, b) => Math.min(a, b), Infinity),
		all.reduce((a, b) => Math.max(a, b), -Infinity),
	];
	const colour = viridis();
	const data = new Uint8Array(rows * columns * 4);
	for (const [row, values] of mark.z.entries()) {
		for (const [column, value] of Array.from(values).entries()) {
			const at = (row * columns + column) * 4;
			const [red = 0, green = 0, blue = 0] = colour(high > low ? (value - low) / (high - low) : 0.5);
			data.set(Number.isFinite(value) ? [red, green, blue, 255] : [0, 0, 0, 0], at);
		}
	}
	const room = { left: 48, right: 8, top: 8, bottom: 36 };
	const side = Math.min(
		(width - BAR_WIDTH - room.left - room.right) / columns,
		(height - top - room.top - room.bottom) / rows,
	);
	const size = { width: side * columns, height: side * rows };
	// The map itself is a picture, one pixel to a value, which stays small where rectangles would be thousands.
	const source = `data:image/png;base64,${Buffer.from(encodePng({ data, width: columns, height: rows, channels: 4 })).toString("base64")}`;
	const frame = {
		width: size.width + room.left + room.right,
		height: size.height + room.top + room.bottom,
		marginLeft: room.left,
		marginRight: room.right,
		marginTop: room.top,
		marginBottom: room.bottom,
	};
	const axes = draw(
		{
			...frame,
			x: { domain: [-0.5, columns - 0.5], label: x?.label ?? null, ticks: Math.min(columns, 8) },
			y: { domain: [rows - 0.5, -0.5], label: y?.label ?? null, ticks: Math.min(rows, 8) },
			marks: [Plot.frame({ stroke: "none" }), Plot.axisX({}), Plot.axisY({})],
		},
		0,
		top,
	);
	const image = `<image x="${room.left}" y="${top + room.top}" width="${size.width}" height="${size.height}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${source}"/>`;
	const steps = Array.from({ length: 64 }, (_, index) => low + ((high - low) * index) / 64);
	const step = (high - low) / 64;
	const bar = draw(
		{
			width: BAR_WIDTH,
			height: frame.height,
			marginLeft: 12,
			marginRight: 52,
			marginTop: room.top,
			marginBottom: room.bottom,
			x: { axis: null },
			y: { domain: [low, high], axis: "right", label: mark.label ?? null },
			marks: [
				Plot.rect(steps, {
					x1: 0,
					x2: 1,
					y1: (value: number) => value,
					// Each a little over the next, or hairlines show between them.
					y2: (value: number) => Math.min(high, value + 1.5 * step),
					fill: (value: number) => `rgb(${colour((value - low) / (high - low)).join(",")})`,
				}),
			],
			color: { type: "identity" },
		},
		frame.width,
		top,
	);
	return axes + image + (high > low ? bar : "");
}

export function drawFigure(of: Figure): string {
	const { title, width = 640, height = 400 } = of.options;
	const top = title ? TITLE_HEIGHT : 0;
	const [first] = of.marks;
	const body = first?.kind === "heatmap" ? drawHeatmap(first, of, top) : drawMarks(of, top);
	const heading = title
		? `<text x="${width / 2}" y="19" text-anchor="middle" font-size="15" font-weight="600">${escaped(title)}</text>`
		: "";
	return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="#fff"/>${heading}${body}</svg>`;
}
