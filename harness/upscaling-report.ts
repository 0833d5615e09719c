/** The report of a super-resolution experiment: its tables and pictures. */
import { join } from "node:path";
import { loadCheckpoint } from "./checkpoint.ts";
import { deviation, mean } from "./edit-test.ts";
import { writeLossCurves } from "./experiment-report.ts";
import type { PixelArray } from "./pictures.ts";
import { writeSheet } from "./sheet.ts";
import type { Table } from "./table.ts";
import type { Baselines, Upscaled, UpscalingExperiment } from "./upscaling.ts";
import { mapRow, mapSheet, middle } from "./upscaling-sheets.ts";
import type { UpscalingScores, UpscalingTest } from "./upscaling-test.ts";

const digits: Readonly<Record<string, number>> = { psnr: 2, ssim: 4, lpips: 4, niqe: 2, accuracy: 3 };

function written(metric: string, values: readonly number[]): string {
	const places = digits[metric] ?? 3;
	if (values.length === 0) return "–";
	const spread = values.length < 2 ? "" : ` ± ${deviation(values).toFixed(places)}`;
	return `${mean(values).toFixed(places)}${spread}`;
}

const valuesOf = (judged: readonly Upscaled[], system: string, metric: string): number[] =>
	judged
		.filter(({ training }) => training.system === system)
		.flatMap(({ scores }) => scores.means[metric]?.value ?? []);

/** What a table is made of. */
type Compared = Pick<UpscalingExperiment, "paper" | "rows" | "systems" | "starts">;

/** Table I of Set5 beside ours: mean over seeds ± their standard deviation. */
export function mainTable(
	{ paper, rows, systems, starts }: Compared,
	judged: readonly Upscaled[],
	{ bicubic }: Baselines,
	notes: readonly string[],
): Table {
	const metrics = ["psnr", "ssim", "lpips", "niqe"];
	/** What the paper prints in place of a metric. */
	const asPrinted = (metric: string): string => (metric === "niqe" ? "PI" : metric.toUpperCase());
	const printed = (system: string, metric: string): string => {
		const cell = paper.published.find(
			(cell) =>
				cell.table === "Table I" &&
				cell.column === "Set5" &&
				cell.system === rows[system] &&
				cell.metric === asPrinted(metric),
		);
		return cell?.value.toFixed(digits[metric] ?? 3) ?? "–";
	};
	const here = (system: string, metric: string): string => {
		if (system !== "bicubic") return written(metric, valuesOf(judged, system, metric));
		const found = bicubic.means[metric];
		return found === undefined ? "–" : written(metric, [found.value]);
	};
	return {
		title: `Table I: Y-PSNR and SSIM (4 pixels off each side), LPIPS, NIQE beside the published PI; published on Set5.${notes.map((note) => ` ${note}.`).join("")}`,
		columns: ["", ...metrics.flatMap((metric) => [`${asPrinted(metric)} published`, `${metric.toUpperCase()} here`])],
		rows: ["bicubic", ...new Set(Object.values(starts)), ...systems].map((system) => [
			rows[system] ?? `${system} (on pixels)`,
			...metrics.flatMap((metric) => [printed(system, metric), here(system, metric)]),
		]),
	};
}

/** Table II's idea: are upscaled pictures recognised? Published as errors of a ResNet-50 on ImageNet, here as accuracy of a small judge. */
export function recognitionTable(
	{ paper, rows, systems, starts }: Compared,
	judged: readonly Upscaled[],
	{ bicubic, original }: Baselines,
): Table {
	const printed = (row: string): string => {
		const cell = paper.published.find(
			({ table, system, column }) => table === "Table II" && system === row && column === "top-1",
		);
		return cell === undefined ? "–" : (1 - cell.value).toFixed(3);
	};
	return {
		title:
			"Table II: accuracy on upscaled pictures (published: 1 − top-1 error of a ResNet-50; here: attributes by the judge)",
		columns: ["", "published", "here"],
		rows: [
			["original", printed("baseline (original)"), original.toFixed(3)],
			["bicubic", printed("bicubic"), written("accuracy", [bicubic.means["accuracy"]?.value ?? Number.NaN])],
			...[...new Set(Object.values(starts)), ...systems].map((system) => [
				rows[system] ?? `${system} (on pixels)`,
				printed(rows[system] ?? system),
				written("accuracy", valuesOf(judged, system, "accuracy")),
			]),
		],
	};
}

/** Every training by itself. */
export function trainingTable(judged: readonly Upscaled[]): Table {
	return {
		title: "Trainings; map: mean correlation over pixels of the discriminator's attention 1 − σ(M) with the error",
		columns: ["training", "iterations", "minutes", "PSNR", "SSIM", "map", "floor"],
		rows: judged.map(({ training, scores, mapCorrelation, belowFloor }) => [
			`${training.system}, seed ${training.seed}`,
			String(training.result.steps),
			(training.result.seconds / 60).toFixed(1),
			(scores.means["psnr"]?.value ?? Number.NaN).toFixed(2),
			(scores.means["ssim"]?.value ?? Number.NaN).toFixed(4),
			mapCorrelation === undefined ? "–" : mapCorrelation.toFixed(2),
			belowFloor === undefined ? "cleared" : "below",
		]),
	};
}

/** Side of what is shown of a picture, in high resolution. */
const shownSide = 96;

/** Writes the sheets and curves of the report; returns what each shows. */
export async function drawUpscaling(
	experiment: UpscalingExperiment,
	out: string,
	test: UpscalingTest,
	judged: readonly Upscaled[],
	bicubic: UpscalingScores,
): Promise<Record<string, string>> {
	const { systems, starts, rows } = experiment;
	const shown: Record<string, string> = {};
	const order = [...new Set(Object.values(starts)), ...systems];
	const firsts = order.flatMap((system) => judged.filter(({ training }) => training.system === system).slice(0, 1));
	await writeSheet(join(out, "comparison.png"), {
		title: "Test pictures made four times larger by each system",
		columns: ["low", "bicubic", ...firsts.map(({ training }) => rows[training.system] ?? training.system), "true"],
		rows: test.pictures.slice(0, 6).map(({ id, low, high }, index) => ({
			label: id,
			tiles: [
				middle(low, shownSide / test.scale),
				...[bicubic, ...firsts.map(({ scores }) => scores)].map(({ made }) =>
					middle(made[index] as PixelArray, shownSide),
				),
				middle(high, shownSide),
			],
		})),
		tile: 144,
	});
	shown["comparison.png"] = "Middle parts of test pictures, upscaled by each system (first seed)";
	for (const { training, scores } of firsts) {
		using gan = experiment.build(training.system, training.seed);
		if (gan.judgeMap === undefined) continue;
		await loadCheckpoint(training.out, gan);
		const maps = test.pictures
			.slice(0, 6)
			.flatMap(({ high }, index) => mapRow(gan, scores.made[index] as PixelArray, high) ?? []);
		const file = `map-${training.system}.png`;
		await writeSheet(join(out, file), mapSheet(training.system, maps));
		shown[file] = `The discriminator's map of ${training.system} over the error of its pictures`;
	}
	await writeLossCurves(
		out,
		judged.map(({ training }) => training),
	);
	shown["losses.svg"] = "Losses of every training";
	return shown;
}
