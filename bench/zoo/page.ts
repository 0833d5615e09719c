/** `zoo/README.md`: each checkpoint's sample, size and scores, from its own zoo.json. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../harness/files.ts";
import { countNetworks, findSystem } from "../../harness/systems.ts";
import type { Options } from "../../models/system.ts";
import type { Entry, Judgement } from "./entry.ts";

/** What the page needs of a zoo.json. */
export interface Kept extends Judgement {
	readonly apply: string;
	readonly steps: number;
	readonly options: Options;
}

export async function writePage(
	folder: string,
	entries: readonly Entry[],
	read: (system: string) => Promise<Kept>,
): Promise<void> {
	const rows = await Promise.all(
		entries.map(async ({ system, networks }) => {
			const { size } = await stat(join(folder, system, "checkpoint.safetensors"));
			const kept = await read(system);
			const counts = countNetworks(await findSystem(system, "zoo"), kept.options);
			const parameters = Object.keys(networks).reduce((sum, name) => sum + (counts[name] ?? 0), 0);
			const facts = [parameters.toLocaleString("en"), kept.steps, `${Math.round(size / 1024)} kB`, scoresOf(kept)];
			return `| [${system}](${system}/sample.png) | ${facts.join(" | ")} |`;
		}),
	);
	const text = [
		"# Zoo",
		"",
		"Small checkpoints, each seed 1 of a smoke preset: a minute or so of training on drawn pictures or on the photographs of",
		"`fixtures/`, so that they and their inputs may be shipped. They show that a system works, not how well it can.",
		"`npm run zoo -- ID` trains one again. Each folder holds the networks that it is applied with in half precision, a few inputs",
		"that it was not trained on, `sample.png` of what it makes of them, and `zoo.json`: options, seed, engine, the command that",
		"applies it, and scores with intervals beside those of what needs no training. For example:",
		"",
		"```sh",
		`npx ${(await read("cca-gan")).apply}`,
		"```",
		"",
		"| system | parameters kept | iterations | size | scores: here, and of what needs no training |",
		"| --- | ---: | ---: | ---: | --- |",
		...rows,
		"",
		...entries.flatMap(({ system }) => [`![Inputs and results of ${system}](${system}/sample.png)`, ""]),
	];
	await writeAtomically(join(folder, "README.md"), text.join("\n"));
}

const digits: Readonly<Record<string, number>> = { psnr: 2, ssim: 3, fid: 0, accuracy: 3, auc: 3 };

function scoresOf({ scores, beside, than }: Judgement): string {
	const text = scores.map(
		({ metric, label = metric === "accuracy" ? metric : metric.toUpperCase(), value, interval }, index) => {
			const figures = (number: number) => number.toFixed(digits[metric] ?? 3);
			const bounds = interval === undefined ? "" : ` [${figures(interval.low)}, ${figures(interval.high)}]`;
			return `${label} ${figures(value)}${bounds}, ${figures(beside[index]?.value ?? Number.NaN)}`;
		},
	);
	return `${text.join("; ")} (${than})`;
}
