import type { Bundle } from "./messages.ts";

/** Figures described once: drawn by Plotly where a front end has it, as static SVG everywhere else. */

type Numbers = readonly number[] | Float32Array | Float64Array | Uint8Array | Int32Array;
/** Positions along an axis: numbers, or names of categories. */
export type Positions = Numbers | readonly string[];

export type Mark =
	| { readonly kind: "line"; readonly x: Numbers; readonly y: Numbers; readonly name?: string }
	| { readonly kind: "scatter"; readonly x: Numbers; readonly y: Numbers; readonly name?: string }
	| { readonly kind: "bar"; readonly x: Positions; readonly y: Numbers; readonly name?: string }
	/** Rows of `z` from top to bottom. */
	| {
			readonly kind: "heatmap";
			readonly z: readonly Numbers[];
			readonly label?: string;
			readonly range?: readonly [number, number];
	  }
	| { readonly kind: "histogram"; readonly values: Numbers; readonly bins?: number; readonly name?: string }
	/** One box for each group of values: quartiles, and whiskers to the farthest value within 1.5 interquartile ranges. */
	| { readonly kind: "box"; readonly groups: Readonly<Record<string, Numbers>> };

export interface Axis {
	readonly label?: string;
	readonly log?: boolean;
	readonly range?: readonly [number, number];
}

export interface FigureOptions {
	readonly title?: string;
	readonly x?: Axis;
	readonly y?: Axis;
	/** Pixels. @default 640 */
	readonly width?: number;
	/** Pixels. @default 400 */
	readonly height?: number;
}

export class Figure {
	readonly marks: readonly Mark[];
	readonly options: FigureOptions;

	/** @throws RangeError when a mark's numbers do not pair up. */
	constructor(marks: readonly Mark[], options: FigureOptions = {}) {
		if (marks.length === 0) throw new RangeError("figure: needs a mark, got none");
		for (const mark of marks) {
			if ("x" in mark && mark.x.length !== mark.y.length)
				throw new RangeError(
					`figure: x and y of a ${mark.kind} must be of one length, got ${mark.x.length} and ${mark.y.length}`,
				);
			if (mark.kind === "heatmap" && new Set(mark.z.map((row) => row.length)).size !== 1)
				throw new RangeError("figure: rows of a heatmap must be of one length");
		}
		if (marks.length > 1 && marks.some(({ kind }) => kind === "heatmap"))
			throw new RangeError(`figure: a heatmap must stand alone, got ${marks.length} marks`);
		this.marks = marks;
		this.options = options;
	}

	/** A self-contained SVG document. */
	async svg(): Promise<string> {
		const { drawFigure } = await import("./figure-svg.ts");
		return drawFigure(this);
	}

	/** Data and layout for plotly.js. */
	async plotly(): Promise<Bundle> {
		const { toPlotly } = await import("./figure-plotly.ts");
		return toPlotly(this);
	}

	/** What the figure shows, in words. */
	describe(): string {
		const { title } = this.options;
		const parts = this.marks.map((mark) => {
			const name = "name" in mark && mark.name ? ` ${mark.name}` : "";
			if (mark.kind === "heatmap") return `heatmap ${mark.z.length} × ${mark.z[0]?.length ?? 0}`;
			if (mark.kind === "box") return `box of ${Object.keys(mark.groups).join(", ")}`;
			if (mark.kind === "histogram") return `histogram${name} of ${mark.values.length} values`;
			return `${mark.kind}${name}, ${mark.y.length} points`;
		});
		return `[figure${title ? ` "${title}"` : ""}: ${parts.join("; ")}]`;
	}

	async [Symbol.for("Jupyter.display")](): Promise<Bundle> {
		const [plotly, svg] = await Promise.all([this.plotly(), this.svg()]);
		const { toPng } = await import("./figure-png.ts");
		return {
			...{ "application/vnd.plotly.v1+json": plotly, "image/svg+xml": svg, "image/png": await toPng(svg) },
			"text/plain": this.describe(),
		};
	}
}

export function figure(marks: readonly Mark[], options: FigureOptions = {}): Figure {
	return new Figure(marks, options);
}

export function line(
	y: Numbers,
	options: FigureOptions & { readonly at?: Numbers; readonly name?: string } = {},
): Figure {
	const { at = Array.from(y, (_, index) => index), name, ...rest } = options;
	return new Figure([{ kind: "line", x: at, y, ...(name === undefined ? {} : { name }) }], rest);
}

export function scatter(x: Numbers, y: Numbers, options: FigureOptions & { readonly name?: string } = {}): Figure {
	const { name, ...rest } = options;
	return new Figure([{ kind: "scatter", x, y, ...(name === undefined ? {} : { name }) }], rest);
}

export function bar(values: Readonly<Record<string, number>>, options: FigureOptions = {}): Figure {
	return new Figure([{ kind: "bar", x: Object.keys(values), y: Object.values(values) }], options);
}

export function heatmap(
	z: readonly Numbers[],
	options: FigureOptions & { readonly label?: string; readonly range?: readonly [number, number] } = {},
): Figure {
	const { label, range, ...rest } = options;
	return new Figure(
		[{ kind: "heatmap", z, ...(label === undefined ? {} : { label }), ...(range ? { range } : {}) }],
		rest,
	);
}

export function histogram(values: Numbers, options: FigureOptions & { readonly bins?: number } = {}): Figure {
	const { bins, ...rest } = options;
	return new Figure([{ kind: "histogram", values, ...(bins === undefined ? {} : { bins }) }], rest);
}

export function box(groups: Readonly<Record<string, Numbers>>, options: FigureOptions = {}): Figure {
	return new Figure([{ kind: "box", groups }], options);
}
