/** A plot as static SVG, for readers without scripts; the page's script puts the interactive one in its place. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { Markup, markup } from "./markup.ts";
import type { PlotSeries, PlotSpec } from "./plots.ts";

/** Colours in the palette of style.css. */
const colours = 7;
const symbols = ["circle", "square", "diamond", "cross", "triangle", "times"];
const dashes = ["", "5 3", "2 3", "8 3 2 3"];

/** The colour of a series, which the page's style decides: another one in the dark. */
function colourOf({ colour }: PlotSeries): string {
	return `var(--series-${(colour % colours) + 1})`;
}

export function plotSvg({ kind, x, y, places, series }: PlotSpec): Markup {
	const { document } = parseHTML("<html><body></body></html>");
	const all = series.flatMap(({ points }) => points);
	const marks = series.flatMap((one): Plot.Markish[] => {
		const points = [...one.points];
		const stroke = colourOf(one);
		if (kind === "lines" || (kind === "points" && points.length === 2)) {
			const dash = dashes[one.line % dashes.length] as string;
			return [Plot.line(points, { x: "x", y: "y", stroke, strokeWidth: 1.5, strokeDasharray: dash })];
		}
		return [
			Plot.ruleX(
				points.filter(({ low }) => low !== undefined),
				{ x: "x", y1: "low", y2: "high", stroke, strokeWidth: 2 },
			),
			Plot.dot(points, {
				...{ x: "x", y: "y", fill: stroke, r: kind === "points" ? 1.5 : 4 },
				symbol: symbols[one.line % symbols.length] as Plot.SymbolType,
			}),
		];
	});
	const ticks = places?.map((_, index) => index);
	const drawn = Plot.plot({
		document,
		figure: false,
		...{ width: 520, height: 300, marginLeft: 56, marginBottom: 40 },
		x: {
			label: x === "" ? null : x,
			...(ticks === undefined
				? {}
				: { ticks, tickFormat: (at: number) => places?.[at] ?? "", domain: [-0.5, ticks.length - 0.5] }),
		},
		y: { label: y, grid: true, nice: true },
		marks: all.length === 0 ? [Plot.frame()] : marks,
	} as Plot.PlotOptions);
	drawn.removeAttribute("class");
	for (const style of drawn.querySelectorAll("style")) style.remove();
	drawn.setAttribute("aria-hidden", "true");
	drawn.setAttribute("fill", "currentColor");
	return new Markup(drawn.outerHTML);
}

const marks = { symbols: ["●", "■", "◆", "✚", "▲", "✕"], lines: ["━━", "╍╍", "┅┅", "━╍"] };

/** Names of the series beside their marks. */
export function legend({ kind, series }: PlotSpec): Markup {
	const items = series.map((one) => {
		const isLine = kind === "lines" || (kind === "points" && one.points.length === 2);
		const known = isLine ? marks.lines : marks.symbols;
		const mark = known[one.line % known.length] ?? "";
		return markup`<li><span class="series-${(one.colour % colours) + 1}" aria-hidden="true">${mark}</span> ${one.name}</li>`;
	});
	return markup`<ul class="legend">${items}</ul>`;
}
