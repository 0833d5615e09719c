/** The sections of a report page. */
import type { AttentionFile } from "../attention-file.ts";
import type { ClaimVerdict } from "../claims.ts";
import { groupBy } from "../group.ts";
import { figures } from "../score-text.ts";
import type { Table } from "../table.ts";
import type { PageContents, PageNumber } from "./contents.ts";
import { type Markup, markup } from "./markup.ts";
import type { InlinePicture } from "./pictures.ts";
import { legend, plotSvg } from "./plot-svg.ts";
import { metricName, type PlotSpec } from "./plots.ts";
import type { Still } from "./stills.ts";

const none: Markup = markup``;

/** A table that scrolls in itself where the page is narrow, by keyboard too. */
export function dataTable(
	caption: string,
	columns: readonly string[],
	rows: readonly (readonly (string | Markup)[])[],
) {
	const isNumeric = columns.map((_, index) => index > 0 && rows.every((row) => looksNumeric(row[index])));
	const head = columns.map((name, index) =>
		name === ""
			? markup`<td></td>`
			: markup`<th scope="col"${isNumeric[index] ? markup` class="number"` : none}>${name}</th>`,
	);
	const body = rows.map((row) => {
		const published = typeof row[0] === "string" && /\bpublished$/.test(row[0]);
		const cells = row.map((cell, index) =>
			index === 0
				? markup`<th scope="row">${cell}</th>`
				: markup`<td${isNumeric[index] ? markup` class="number"` : none}>${cell}</td>`,
		);
		return markup`<tr${published ? markup` class="published"` : none}>${cells}</tr>`;
	});
	return markup`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
<table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function looksNumeric(cell: string | Markup | undefined): boolean {
	return typeof cell === "string" && /^[-−–±\d.\s%[\],e+…]*$|^(NaN|-?Infinity)$/.test(cell);
}

export function tables(all: readonly Table[]): Markup {
	if (all.length === 0) return none;
	const shown = all.map(({ title, columns, rows }) => dataTable(title, columns, rows));
	return markup`<section id="tables" aria-labelledby="tables-title"><h2 id="tables-title">Tables</h2>${shown}</section>`;
}

const verdictNames = { held: "held", "not-held": "not held", undecided: "undecided" } as const;
const verdictSigns = { held: "✓", "not-held": "✗", undecided: "?" } as const;

export function claims({ claims, floor, belowFloor }: PageContents): Markup {
	if (claims.length === 0) return none;
	const counts = (["held", "not-held", "undecided"] as const)
		.map((verdict) => [verdictNames[verdict], claims.filter((claim) => claim.verdict === verdict).length] as const)
		.filter(([, count]) => count > 0)
		.map(([name, count]) => `${count} ${name}`)
		.join(", ");
	const below = belowFloor.map(([source, why]) => markup`<li><strong>${source}</strong>: ${why}</li>`);
	return markup`<section id="claims" aria-labelledby="claims-title"><h2 id="claims-title">Claims</h2>
<p>${claims.length} claims of the paper: ${counts}. The bar is the interval of the gain, the thin line is no gain.</p>
<ol class="claims">${claims.map(claim)}</ol>
${floor.length === 0 ? none : markup`<h3>Floor</h3><p>A claim is decided only where every training reaches this:</p><ul>${floor.map((line) => markup`<li>${line}</li>`)}</ul>`}
${below.length === 0 ? none : markup`<p>Below it:</p><ul>${below}</ul>`}</section>`;
}

function claim({ text, where, published, measured, interval, verdict, why }: ClaimVerdict): Markup {
	const { low, high, level, method } = interval;
	return markup`<li class="claim ${verdict}">
<p class="verdict"><span aria-hidden="true">${verdictSigns[verdict]}</span> ${verdictNames[verdict]}</p>
<div><p class="text">${text} <span class="where">${where}</span></p>
<p class="why">${why}</p>
<dl><div><dt>Published</dt><dd>${published === "" ? "no size given" : published}</dd></div>
<div><dt>Measured gain</dt><dd>${brief(measured)} [${brief(low)}, ${brief(high)}]</dd></div>
<div><dt>Interval</dt><dd>${100 * level} %, ${method}</dd></div></dl></div>
${intervalBar(measured, low, high)}</li>`;
}

function brief(value: number): string {
	return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value);
}

/** The interval beside zero; its numbers stand in the text. */
function intervalBar(measured: number, low: number, high: number): Markup {
	if (![measured, low, high].every(Number.isFinite)) return none;
	const ends = [Math.min(0, low), Math.max(0, high)] as const;
	const room = (ends[1] - ends[0]) * 0.08 || 1;
	const at = (value: number) => ((value - ends[0] + room) / (ends[1] - ends[0] + 2 * room)) * 160;
	const [from, to] = [at(low), at(high)].map((value) => value.toFixed(1));
	return markup`<svg class="interval" viewBox="0 0 160 36" width="160" height="36" aria-hidden="true"><line class="zero" x1="${at(0).toFixed(1)}" x2="${at(0).toFixed(1)}" y1="2" y2="34"/><line class="bar" x1="${from ?? ""}" x2="${to ?? ""}" y1="18" y2="18"/><circle cx="${at(measured).toFixed(1)}" cy="18" r="5"/></svg>`;
}

/** Plots in a grid; `first` is the number of the first one in the page's data. */
export function plots(id: string, title: string, intro: string, specs: readonly PlotSpec[], first: number): Markup {
	if (specs.length === 0) return none;
	const shown = specs.map((spec, index) => plot(spec, first + index));
	return markup`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><p>${intro}</p><div class="plots">${shown}</div></section>`;
}

function plot(spec: PlotSpec, number: number): Markup {
	const names = spec.series.map(({ name }) => name).join(", ");
	return markup`<figure class="plot" data-plot="${number}"><figcaption><strong>${spec.title}</strong> ${spec.caption}</figcaption>
<div class="drawing" role="img" aria-label="${spec.title} of ${names}. ${spec.caption} The numbers are in the table below the plot.">${plotSvg(spec)}</div>${legend(spec)}
<details><summary>Numbers of ${spec.title}</summary>${plotTable(spec)}</details></figure>`;
}

function plotTable({ title, kind, x, y, places, series }: PlotSpec): Markup {
	if (kind === "intervals") {
		const rows = series.flatMap(({ points }) =>
			points.map(({ name, y, low, high }) => [
				name,
				figures(y),
				low === undefined || high === undefined ? "–" : `${figures(low)} … ${figures(high)}`,
			]),
		);
		return dataTable(`${title}, all points`, ["", y, "interval"], rows);
	}
	const rows = series.flatMap(({ name, points }) => {
		const step = Math.max(1, Math.ceil(points.length / 5));
		const kept = points.filter((_, index) => index % step === 0 || index === points.length - 1);
		return kept.map((point) => [name, places?.[point.x] ?? String(point.x), figures(point.y)]);
	});
	return dataTable(`${title}, some points`, ["", x, y], rows);
}

/** The attention viewer: still maps, and the place where the script builds its sliders. */
export function attention(
	views: readonly { readonly file: AttentionFile; readonly stills: readonly Still[] }[],
): Markup {
	if (views.length === 0) return none;
	const shown = views.map(({ file, stills }, index) => {
		const each = stills.map(
			({ name, uri, width, height }) =>
				markup`<figure><img src="${uri}" width="${width}" height="${height}" alt="${name}"><figcaption>${name}</figcaption></figure>`,
		);
		return markup`<article class="viewer" data-viewer="${index}" aria-labelledby="viewer-${index}"><h3 id="viewer-${index}">${file.system}, seed ${file.seed}</h3>
<p>${file.maps.length} maps over ${file.under}. Each map is scaled to its own greatest value.</p><div class="stills">${each}</div></article>`;
	});
	return markup`<section id="attention" aria-labelledby="attention-title"><h2 id="attention-title">Attention</h2>${shown}</section>`;
}

export function pictures(all: readonly InlinePicture[]): Markup {
	if (all.length === 0) return none;
	const shown = all.map(
		({ what, uri, width, height, loss }) =>
			markup`<figure class="picture"><img src="${uri}" width="${width}" height="${height}" alt="${what}"><figcaption>${what}${loss === undefined ? "" : ` (${loss})`}</figcaption></figure>`,
	);
	return markup`<section id="pictures" aria-labelledby="pictures-title"><h2 id="pictures-title">Pictures</h2>${shown}</section>`;
}

export function inputs({ inputs }: PageContents): Markup {
	if (inputs.length === 0) return none;
	const rows = inputs.map(([name, { path, count, sha256 }]) => [
		name,
		path,
		String(count),
		markup`<code>${sha256}</code>`,
	]);
	return markup`<section id="inputs" aria-labelledby="inputs-title"><h2 id="inputs-title">Inputs</h2>${dataTable("What was judged", ["", "path", "count", "SHA-256"], rows)}</section>`;
}

/** Every number with its interval and a link to its protocol, then the protocols. */
export function numbers(all: readonly PageNumber[]): Markup {
	if (all.length === 0) return none;
	const rows = all.map(({ source, part, score }) => [
		source,
		metricName(score),
		part,
		figures(score.value),
		score.unit,
		score.interval === undefined ? "" : `${figures(score.interval.low)} … ${figures(score.interval.high)}`,
		score.interval === undefined ? "" : `${100 * score.interval.level} %, ${score.interval.method}`,
		Object.entries(score.samples)
			.map(([side, count]) => `${count} ${side}`)
			.join(", "),
		markup`<a href="#protocol-${score.fingerprint.slice(0, 16)}">${score.fingerprint.slice(0, 8)}</a>`,
		(score.notes ?? []).join("; "),
	]);
	const columns = ["", "metric", "of", "value", "unit", "interval", "made by", "samples", "protocol", "notes"];
	const protocols = [...groupBy(all, ({ score }) => metricName(score))].map(([name, own]) => protocolsOf(name, own));
	return markup`<section id="numbers" aria-labelledby="numbers-title"><h2 id="numbers-title">Every number</h2>
<p>Two numbers compare only where their protocols are the same.</p>
<details class="all"><summary>All ${all.length} numbers</summary>${dataTable("Every number with its interval and protocol", columns, rows)}</details>
<h3 id="protocols">Protocols</h3>${protocols}</section>`;
}

/** The protocols of one metric: what all share, and what tells them apart. */
function protocolsOf(name: string, numbers: readonly PageNumber[]): Markup {
	const distinct = [...new Map(numbers.map((number) => [number.score.fingerprint, number])).values()];
	const keys = [...new Set(distinct.flatMap(({ score }) => Object.keys(score.protocol)))];
	const said = (number: PageNumber, key: string) => String(number.score.protocol[key] ?? "");
	const telling = keys.filter((key) => new Set(distinct.map((number) => said(number, key))).size > 1);
	const shared = keys
		.filter((key) => !telling.includes(key))
		.map((key) => markup`<div><dt>${key}</dt><dd>${said(distinct[0] as PageNumber, key)}</dd></div>`);
	const rows = distinct.map((number) => {
		const { fingerprint } = number.score;
		const short = fingerprint.slice(0, 16);
		return [markup`<code id="protocol-${short}">${short}</code>`, ...telling.map((key) => said(number, key))];
	});
	const count = distinct.length === 1 ? "" : `, ${distinct.length} protocols`;
	return markup`<details><summary>${name}${count}</summary><dl class="protocol">${shared}</dl>${dataTable(`Protocols of ${name}`, ["fingerprint", ...telling], rows)}</details>`;
}
