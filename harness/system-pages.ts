/** Pages of docs/systems: one for each card, made of the card and of the comment at the head of its file. */
import type { Published } from "../models/paper.ts";
import type { System } from "../models/system.ts";
import { countNetworks } from "./systems.ts";

/** A card with the sources that it is described in. */
export interface SystemSource {
	readonly system: System;
	/** `cca-gan`: the file in models/. */
	readonly file: string;
	/** The file's text, then those of models/ that it imports, where its options are described. */
	readonly sources: readonly string[];
}

const note = "<!-- Made by `npm run docs` from the system's card and file; edit those. -->";

/** The pages by file name, with README.md as their table. */
export function systemPages(systems: readonly SystemSource[]): ReadonlyMap<string, string> {
	const pages = new Map<string, string>([["README.md", tableOfSystems(systems)]]);
	for (const source of systems) pages.set(`${source.system.id}.md`, page(source));
	return pages;
}

function tableOfSystems(systems: readonly SystemSource[]): string {
	const rows = systems.map(({ system }) => {
		const { id, role, paper, description } = system;
		const total = Object.values(countNetworks(system)).reduce((sum, count) => sum + count, 0);
		return [`[${id}](${id}.md)`, role, String(paper.year), number(total), description];
	});
	return lines([
		"# Systems",
		note,
		"Every system, baseline and building block, by `fovea models`. Parameters are those of the paper's configuration, all networks together.",
		table(["system", "role", "year", "parameters", "what it does"], rows, [3]),
	]);
}

function page({ system, file, sources }: SystemSource): string {
	const { id, role, paper, description } = system;
	const counts = Object.entries(countNetworks(system));
	const unverified = paper.published.filter((each) => each.unverified === true).length;
	return lines([
		`# ${id}`,
		note,
		`${description} ${roles[role]}`,
		`*${paper.title}*, ${paper.year}. ${paper.citation}${paper.url === undefined ? "" : ` <${paper.url}>`}`,
		`Source: [models/${file}.ts](../../models/${file}.ts). ${system.build === undefined && system.apply === undefined ? "A part of other systems." : `\`fovea models ${id}\` shows its card.`}`,
		"## How it works, and where it differs",
		headComment(sources[0] ?? ""),
		"## Options",
		table(["option", "default", "meaning"], optionRows(system, sources), []),
		"## Parameters",
		counts.length === 0
			? "None: it is not trained."
			: table(
					["network", "trainable values"],
					counts.map(([name, count]) => [`\`${name}\``, number(count)]),
					[1],
				),
		...(paper.published.length === 0 ? [] : ["## Published numbers", ...publishedTables(paper.published)]),
		...(unverified === 0
			? []
			: [
					`† ${unverified} of the ${paper.published.length} numbers are unverified: their protocol or their source could not be confirmed.`,
				]),
		...(paper.claims.length === 0
			? []
			: [
					"## Claims",
					table(
						["claim", "where", "as printed"],
						paper.claims.map(({ text, where, published = "" }) => [text, where, published]),
						[],
					),
				]),
	]);
}

const roles: Readonly<Record<System["role"], string>> = {
	system: "What its paper proposes.",
	baseline: "A baseline that papers compare with.",
	part: "A block that systems contain.",
};

/** The first block comment of a source as Markdown: indented lines are a figure. */
export function headComment(source: string): string {
	const [, body = ""] = /^\s*\/\*\*(.*?)\*\//s.exec(source) ?? [];
	const text = body.split("\n").map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
	const parts: string[] = [];
	let figure: string[] = [];
	const endFigure = () => {
		if (figure.length > 0) parts.push("```text", ...figure.map((line) => line.slice(4)), "```");
		figure = [];
	};
	for (const line of text) {
		if (line.startsWith("    ")) figure.push(line);
		else {
			endFigure();
			parts.push(line);
		}
	}
	endFigure();
	return parts.join("\n").trim();
}

function optionRows({ options, choices = {}, meanings = {} }: System, sources: readonly string[]): string[][] {
	return Object.entries(options).map(([name, value]) => {
		const cases = choices[name];
		const meaning = [
			meanings[name] ?? meaningOf(name, sources) ?? "",
			...(cases === undefined ? [] : [`One of ${cases.map((each) => `\`${each}\``).join(", ")}.`]),
		];
		return [`\`${name}\``, `\`${value}\``, meaning.filter((text) => text !== "").join(" ")];
	});
}

/** The comment of a property in the sources, the nearest first. */
function meaningOf(name: string, sources: readonly string[]): string | undefined {
	const declared = new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s*readonly ${name}\\??:`, "s");
	for (const source of sources) {
		const [, comment] = declared.exec(source) ?? [];
		if (comment === undefined) continue;
		const text = comment
			.replaceAll(/\s*\n\s*\*\s?/g, " ")
			.replace(/@default.*$/s, "")
			.trim();
		if (text !== "") return text;
	}
	return undefined;
}

/** One table for each table and metric of the paper: systems down, columns across. */
function publishedTables(published: readonly Published[]): string[] {
	const groups = new Map<string, Published[]>();
	for (const each of published) {
		const title = `${each.table}, ${each.metric}`;
		groups.set(title, [...(groups.get(title) ?? []), each]);
	}
	return [...groups].flatMap(([title, numbers]) => {
		const columns = [...new Set(numbers.map(({ column }) => column))];
		const rows = [...new Set(numbers.map(({ system }) => system))];
		const cell = (system: string, column: string) => {
			const found = numbers.find((each) => each.system === system && each.column === column);
			if (found === undefined) return "";
			const spread = found.spread === undefined ? "" : ` ± ${found.spread}`;
			return `${found.value}${spread}${found.unverified === true ? " †" : ""}`;
		};
		const body = rows.map((system) => [system, ...columns.map((column) => cell(system, column))]);
		return [
			`${title}:`,
			table(
				["", ...columns],
				body,
				columns.map((_, index) => index + 1),
			),
		];
	});
}

function table(columns: readonly string[], rows: readonly (readonly string[])[], right: readonly number[]): string {
	const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
	const rule = `| ${columns.map((_, index) => (right.includes(index) ? "---:" : "---")).join(" | ")} |`;
	return [line(columns), rule, ...rows.map(line)].join("\n");
}

function number(value: number): string {
	return value.toLocaleString("en");
}

function lines(parts: readonly string[]): string {
	return `${parts.join("\n\n")}\n`;
}
