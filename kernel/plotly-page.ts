import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Figure } from "./figure.ts";
import type { Bundle } from "./messages.ts";

/** A figure with plotly.js in the page itself, for front ends without a Plotly renderer, such as exported HTML. */

let isOnPage = false;
let drawn = 0;

function plotlySource(): string {
	for (const folder of [process.cwd(), path.dirname(fileURLToPath(import.meta.url))]) {
		try {
			return readFileSync(createRequire(path.join(folder, "x.js")).resolve("plotly.js-dist-min"), "utf8");
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
		}
	}
	throw new Error(
		"interactive: needs plotly.js in the notebook's folder, got none; run npm install plotly.js-dist-min",
	);
}

/** The first call of a kernel's life brings plotly.js (4.8 MB) along, the others use it. */
export function interactive(of: Figure) {
	return {
		[Symbol.for("Jupyter.display")]: async (): Promise<Bundle> => {
			const source = isOnPage ? "" : `<script>${plotlySource().replaceAll("</script", "<\\/script")}</script>`;
			isOnPage = true;
			const id = `fovea-plot-${process.pid}-${++drawn}`;
			const { data, layout } = (await of.plotly()) as { data: unknown; layout: unknown };
			const call = `Plotly.newPlot(${JSON.stringify(id)}, ${JSON.stringify(data)}, ${JSON.stringify(layout)}, {responsive: true})`;
			const html = `${source}<div id="${id}"></div><script>${call.replaceAll("</", "<\\/")}</script>`;
			return { "text/html": html, "image/svg+xml": await of.svg(), "text/plain": of.describe() };
		},
	};
}
