/**
 * Line charts as SVG, by Observable Plot on a small DOM; no browser needed.
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

export interface CurvePoint {
	/** Horizontal value: iterations. */
	readonly x: number;
	readonly y: number;
	/** Which colour: the system. */
	readonly series: string;
	/** Which line of that colour: the seed. @default one line */
	readonly line?: string;
	/** Which panel: the loss term. @default one panel */
	readonly panel?: string;
}

/** Colours of Okabe and Ito, told apart by the colour-blind. */
export const seriesColours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444"];

/** Draws curves, one small panel per `panel`, one colour per `series`; returns an SVG document. */
export function curves(
	points: readonly CurvePoint[],
	{
		title,
		x,
		y,
		logY = false,
	}: { readonly title: string; readonly x: string; readonly y: string; readonly logY?: boolean },
): string {
	const { document } = parseHTML("<html><body></body></html>");
	const panels = [...new Set(points.map(({ panel }) => panel ?? ""))];
	const series = [...new Set(points.map((point) => point.series))];
	const columns = Math.min(3, panels.length);
	const [width, height] = [280, 190];
	const rows = Math.ceil(panels.length / columns);
	// About 6.5 pixels a letter in this size.
	const wide = (names: readonly string[]) => names.reduce((sum, name) => sum + name.length * 6.5 + 42, 16);
	const legend = series
		.map((name, index) => {
			const at = wide(series.slice(0, index));
			const colour = seriesColours[index % seriesColours.length];
			return `<rect x="${at}" y="38" width="18" height="4" fill="${colour}"/><text x="${at + 24}" y="44">${escaped(name)}</text>`;
		})
		.join("");
	const figures = panels.map((panel, index) => {
		const chart = Plot.plot({
			document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
			width,
			height,
			marginLeft: 48,
			x: { label: x, ticks: 4 },
			y: { label: panel === "" ? y : panel, grid: true, ticks: 5, nice: true, ...(logY ? { type: "log" } : {}) },
			color: { domain: series, range: series.map((_, place) => seriesColours[place % seriesColours.length] as string) },
			marks: [
				Plot.line(
					points.filter((point) => (point.panel ?? "") === panel),
					{
						x: "x",
						y: "y",
						z: (point: CurvePoint) => `${point.series} ${point.line ?? ""}`,
						stroke: "series",
						strokeWidth: 1.2,
					},
				),
			],
		});
		const [left, top] = [(index % columns) * (width + 12) + 8, Math.floor(index / columns) * (height + 12) + 58];
		return `<svg x="${left}" y="${top}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${chart.innerHTML}</svg>`;
	});
	const size = [Math.max(columns * (width + 12) + 16, wide(series), 16 + title.length * 8), rows * (height + 12) + 66];
	return (
		`<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${size[1]}" viewBox="0 0 ${size[0]} ${size[1]}" ` +
		`font-family="system-ui, sans-serif" font-size="11" fill="currentColor" style="background:#fff;color:#222">` +
		`<title>${escaped(title)}</title><rect width="100%" height="100%" fill="#fff"/>` +
		`<text x="16" y="24" font-size="15">${escaped(title)}</text>${legend}${figures.join("")}</svg>\n`
	);
}

function escaped(value: string): string {
	return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
