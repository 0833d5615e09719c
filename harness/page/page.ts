/** A report as one HTML file that needs nothing else: no network, and no scripts to be read. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { heat } from "../colours.ts";
import type { PageContents } from "./contents.ts";
import { Markup, markup, scriptJson } from "./markup.ts";
import { fitAttention, inlinePictures } from "./pictures.ts";
import { attention, claims, inputs, numbers, pictures, plots, tables } from "./sections.ts";
import { mapName, stills } from "./stills.ts";

/** Bytes of a page, plotly.js (1.2 MB) and the text included. */
const mostBytes = 8_000_000;
const pictureBudget = 4_500_000;
const attentionBudget = 1_500_000;

/** Writes the page of what was read. */
export async function buildPage(contents: PageContents): Promise<string> {
	const inlined = await inlinePictures(contents.pictures, pictureBudget);
	const files = fitAttention(contents.attention, attentionBudget);
	const views = await Promise.all(files.map(async (file) => ({ file, stills: await stills(file) })));
	const sections = [
		{ id: "claims", name: "Claims", content: claims(contents) },
		{ id: "tables", name: "Tables", content: tables(contents.tables) },
		{
			id: "metrics",
			name: "Metrics",
			content: plots("metrics", "Metrics", "One point for each number, with its interval.", contents.metrics, 0),
		},
		{ id: "attention", name: "Attention", content: attention(views) },
		{ id: "pictures", name: "Pictures", content: pictures(inlined) },
		{
			id: "losses",
			name: "Losses",
			content: plots("losses", "Losses", "While training.", contents.losses, contents.metrics.length),
		},
		{ id: "inputs", name: "Inputs", content: inputs(contents) },
		{ id: "numbers", name: "Every number", content: numbers(contents.numbers) },
	].filter(({ content }) => content.text !== "");
	const drawn = [...contents.metrics, ...contents.losses];
	const data = scriptJson({
		plots: drawn,
		heat,
		attention: files.map(({ system, under, pictures, maps }) => ({
			...{ system, under, pictures },
			maps: maps.map((map) => ({ ...map, name: mapName(map.layer, map.query) })),
		})),
	});
	const [style, script, plotly] = await Promise.all([asset("style.css"), asset("browser.js"), plotlySource()]);
	// plotly.js is a third of a page; one without plots does without.
	const scripts = [...(drawn.length === 0 ? [] : [plotly]), script];
	const html = document(contents, { sections, data, style, scripts });
	if (Buffer.byteLength(html) > mostBytes) {
		throw new RangeError(`report: the page must stay under 8 MB, got ${(Buffer.byteLength(html) / 1e6).toFixed(1)} MB`);
	}
	return html;
}

interface Parts {
	readonly sections: readonly { readonly id: string; readonly name: string; readonly content: Markup }[];
	readonly data: string;
	readonly style: string;
	readonly scripts: readonly string[];
}

function document(contents: PageContents, { sections, data, style, scripts }: Parts): string {
	const { title, subtitle, facts, command } = contents;
	const links = sections.map(({ id, name }) => markup`<li><a href="#${id}">${name}</a></li>`);
	const pairs = facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`);
	// The scripts by their hashes alone may run, and nothing may be fetched: no text of a report can change that.
	const hashes = scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`).join(" ");
	const policy = `default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src ${hashes}; base-uri 'none'; form-action 'none'`;
	const raw = (text: string) => new Markup(text);
	return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><h1>${title}</h1>${subtitle === "" ? raw("") : markup`<p class="subtitle">${subtitle}</p>`}
<dl class="facts">${pairs}</dl>${command === undefined ? raw("") : markup`<p class="command"><span>Made by</span> <code>${command}</code></p>`}</header>
<nav aria-label="Sections"><ul>${links}</ul></nav>
<main id="content" tabindex="-1">${sections.map(({ content }) => content)}</main>
<footer><p>Made by fovea report.</p></footer>
<script type="application/json" id="data">${raw(data)}</script>
${scripts.map((script) => markup`<script>${raw(script)}</script>`)}
</body>
</html>
`.text;
}

async function asset(name: string): Promise<string> {
	// The page's own script and style are files of the source, which the package holds as they are.
	return readFile(new URL(`../../../harness/page/assets/${name}`, import.meta.url), "utf8");
}

async function plotlySource(): Promise<string> {
	const source = await readFile(createRequire(import.meta.url).resolve("plotly.js-basic-dist-min"), "utf8");
	return source.replaceAll("</script", "<\\/script");
}
