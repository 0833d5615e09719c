import type { Axis, Figure, Mark } from "./figure.ts";
import type { Bundle } from "./messages.ts";

/** A figure as plotly.js takes it: `{data, layout}`. */

function trace(mark: Mark): Bundle[] {
	const name = "name" in mark && mark.name !== undefined ? { name: mark.name } : {};
	switch (mark.kind) {
		case "line":
			return [{ type: "scatter", mode: "lines", x: Array.from(mark.x), y: Array.from(mark.y), ...name }];
		case "scatter":
			return [{ type: "scatter", mode: "markers", x: Array.from(mark.x), y: Array.from(mark.y), ...name }];
		case "bar":
			return [{ type: "bar", x: Array.from<string | number>(mark.x), y: Array.from(mark.y), ...name }];
		case "heatmap": {
			const range = mark.range ? { zmin: mark.range[0], zmax: mark.range[1] } : {};
			const z = mark.z.map((row) => Array.from(row));
			return [{ type: "heatmap", z, colorscale: "Viridis", colorbar: { title: { text: mark.label ?? "" } }, ...range }];
		}
		case "histogram":
			return [{ type: "histogram", x: Array.from(mark.values), ...(mark.bins ? { nbinsx: mark.bins } : {}), ...name }];
		case "box":
			return Object.entries(mark.groups).map(([group, values]) => ({
				type: "box",
				name: group,
				y: Array.from(values),
			}));
		default:
			return mark satisfies never;
	}
}

function axis({ label, log = false, range }: Axis = {}): Bundle {
	// Plotly wants the ends of a logarithmic axis as exponents.
	const ends = range && (log ? range.map(Math.log10) : range);
	return {
		...(label ? { title: { text: label } } : {}),
		...(log ? { type: "log" } : {}),
		...(ends ? { range: ends } : {}),
	};
}

export function toPlotly({ marks, options }: Figure): Bundle {
	const { title, x, y, width = 640, height = 400 } = options;
	const isMap = marks[0]?.kind === "heatmap";
	return {
		data: marks.flatMap(trace),
		layout: {
			...(title ? { title: { text: title } } : {}),
			width,
			height,
			// Row 0 of a map is its top row, as in a picture; its pixels are squares, and the axes end where it does.
			xaxis: { ...axis(x), ...(isMap ? { constrain: "domain", zeroline: false } : {}) },
			yaxis: {
				...axis(y),
				...(isMap ? { autorange: "reversed", scaleanchor: "x", constrain: "domain", zeroline: false } : {}),
			},
			...(marks.some(({ kind }) => kind === "histogram") && marks.length > 1 ? { barmode: "overlay" } : {}),
		},
	};
}
