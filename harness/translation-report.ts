/** The report of an experiment on unpaired translation: its tables and pictures. */
import { join } from "node:path";
import type { TwoDomainGan } from "../models/layers/two-domain.ts";
import type { Paper } from "../models/paper.ts";
import type { Horses } from "./datasets/horses.ts";
import type { Domain, UnpairedDataset } from "./datasets/unpaired.ts";
import { tileOf } from "./edit-sheets.ts";
import { deviation, mean } from "./edit-test.ts";
import { writeLossCurves } from "./experiment-report.ts";
import type { TranslationPreset } from "./experiments/attention-gan.ts";
import { type Sheet, type Tile, writeSheet } from "./sheet.ts";
import type { Table } from "./table.ts";
import type { PoolResult } from "./training-pool.ts";
import type { TranslationScores, TranslationTest } from "./translation-scores.ts";
import { maskSheet } from "./translation-sheets.ts";

export interface TranslationExperiment {
	readonly paper: Paper;
	readonly preset: TranslationPreset;
	/** Ids of the compared systems, in the order of the table. */
	readonly compared: readonly string[];
	/** Ids of systems with a part left out or added, and of the system that they vary. */
	readonly variants: readonly string[];
	readonly varied: string;
	/** What each system is called, and its row in the published table. */
	readonly names: Readonly<Record<string, string>>;
	readonly rows: Readonly<Record<string, string>>;
	open(data: string | undefined): Promise<UnpairedDataset>;
	build(system: string, seed: number): TwoDomainGan;
}

/** One training with all that was found out about it. */
export interface JudgedTranslator {
	readonly training: PoolResult;
	readonly scores: TranslationScores;
	readonly belowFloor: string | undefined;
}

const sides: readonly Domain[] = ["a", "b"];
const of = (judged: readonly JudgedTranslator[], system: string) =>
	judged.filter(({ training }) => training.system === system);

/** Values of one metric and way over the trainings of a system. */
function valuesOf(judged: readonly JudgedTranslator[], system: string, metric: string, way: string): number[] {
	return of(judged, system)
		.flatMap(({ scores }) => scores.scores)
		.filter((score) => score.metric === metric && score.protocol["edit"] === way)
		.map(({ value }) => value);
}

/** Mean ± standard deviation over seeds; a single one alone. */
function summary(values: readonly number[], digits: number, scale = 1): string {
	if (values.length === 0) return "–";
	const scaled = values.map((value) => value * scale);
	const centre = mean(scaled).toFixed(digits);
	return values.length === 1 ? centre : `${centre} ± ${deviation(scaled).toFixed(digits)}`;
}

// As the authors' code prints them.
const metrics = [
	{ id: "fid", printed: "FID", shown: "FID-lite / 100", published: "FID / 100", scale: 0.01, digits: 3 },
	{ id: "kid", printed: "KID x 100", shown: "KID-lite × 100", published: "KID × 100", scale: 100, digits: 2 },
] as const;

/** The published numbers beside ours, and those of doing nothing. */
export function translationTable(
	{ paper, compared, names, rows }: TranslationExperiment,
	{ ways }: TranslationTest,
	judged: readonly JudgedTranslator[],
	untouched: Readonly<Record<Domain, Readonly<Record<string, number>>>>,
): Table {
	const body = metrics.flatMap(({ id, printed, shown, published, scale, digits }) => {
		const systems = compared.flatMap((system) => {
			const cells = sides.map((side) =>
				paper.published.find(
					({ metric, system: row, column }) => metric === printed && row === rows[system] && column === ways[side],
				),
			);
			// FID stands in full in the table, KID multiplied already.
			const print = (cell: (typeof cells)[number]) => {
				if (cell === undefined) return "–";
				const factor = id === "fid" ? scale : 1;
				const spread = cell.spread === undefined ? "" : ` ± ${(cell.spread * factor).toFixed(digits)}`;
				return `${(cell.value * factor).toFixed(digits)}${spread}`;
			};
			const name = names[system] ?? system;
			return [
				...(cells.every((cell) => cell === undefined)
					? []
					: [[`${name}: ${published}, published`, ...cells.map(print)]]),
				[
					`${name}: ${shown}, here`,
					...sides.map((side) => summary(valuesOf(judged, system, id, ways[side]), digits, scale)),
				],
			];
		});
		const nothing = sides.map((side) => ((untouched[side][id] ?? Number.NaN) * scale).toFixed(digits));
		return [...systems, [`nothing done: ${shown}`, ...nothing]];
	});
	// Sets of pictures that the paper does not have stand alone.
	const printed = paper.published.some(({ column }) => sides.some((side) => ways[side] === column));
	const theirs = printed ? "published: Inception features, 256 × 256; here: " : "";
	return {
		title: `Distance to the other side (${theirs}MobileNet features, lower is better)`,
		columns: ["", ...sides.map((side) => ways[side])],
		rows: body,
	};
}

/** What the distances do not see: is the picture given back, is the rest of it left alone, do masks lie on the animal? */
export function translationQuality({ names }: TranslationExperiment, judged: readonly JudgedTranslator[]): Table {
	const both = ({ scores }: TranslationScores, metric: string, digits: number) => {
		const values = scores.filter((score) => score.metric === metric).map(({ value }) => value);
		return values.length === 0 ? "–" : mean(values).toFixed(digits);
	};
	const columns: readonly (readonly [title: string, metric: string, digits: number])[] = [
		["seen as the other side", "accuracy", 2],
		["cycle L1", "cycle-l1", 3],
		["change L1", "change-l1", 3],
		["background SSIM", "background-ssim", 3],
		["background PSNR", "background-psnr", 1],
		["change inside", "change-inside", 2],
		["mask area", "mask-area", 2],
		["attention IoU", "attention-iou", 2],
		["pointing game", "pointing-game", 2],
	];
	return {
		title:
			"Each training: means over both ways; background, change inside and IoU by the true masks, where they are known",
		columns: ["training", ...columns.map(([title]) => title), "minutes", "floor"],
		rows: judged.map(({ training, scores, belowFloor }) => [
			`${names[training.system] ?? training.system}, seed ${training.seed}`,
			...columns.map(([, metric, digits]) => both(scores, metric, digits)),
			(training.result.seconds / 60).toFixed(1),
			belowFloor === undefined ? "cleared" : "below",
		]),
	};
}

/** What becomes of the varied system without one of its parts. */
export function ablationTable(
	{ variants, varied, names }: TranslationExperiment,
	{ ways }: TranslationTest,
	judged: readonly JudgedTranslator[],
): Table {
	const columns = [
		...sides.map((side) => ({
			title: `FID-lite / 100, ${ways[side]}`,
			id: "fid",
			way: [ways[side]],
			scale: 0.01,
			digits: 3,
		})),
		...sides.map((side) => ({
			title: `KID-lite × 100, ${ways[side]}`,
			id: "kid",
			way: [ways[side]],
			scale: 100,
			digits: 2,
		})),
		...(
			[
				["cycle L1", "cycle-l1"],
				["background SSIM", "background-ssim"],
				["mask area", "mask-area"],
				["attention IoU", "attention-iou"],
			] as const
		).map(([title, id]) => ({ title, id, way: [ways.a, ways.b], scale: 1, digits: 3 })),
	];
	return {
		title: `What ${names[varied]} owes to its parts (the last four: means over both ways)`,
		columns: ["", ...columns.map(({ title }) => title)],
		rows: [varied, ...variants].map((system) => [
			names[system] ?? system,
			...columns.map(({ id, way, scale, digits }) => {
				const perWay = way.map((one) => valuesOf(judged, system, id, one)).filter((values) => values.length > 0);
				const seeds = perWay[0] ?? [];
				return summary(
					seeds.map((_, seed) => mean(perWay.map((values) => values[seed] as number))),
					digits,
					scale,
				);
			}),
		]),
	};
}

/** Writes the sheets and curves of the report; returns what each shows. */
export async function drawTranslations(
	experiment: TranslationExperiment,
	out: string,
	dataset: UnpairedDataset,
	test: TranslationTest,
	judged: readonly JudgedTranslator[],
): Promise<Record<string, string>> {
	const { compared, variants, varied, names } = experiment;
	const shown: Record<string, string> = {};
	const put = async (file: string, sheet: Sheet, what: string) => {
		await writeSheet(join(out, file), sheet);
		shown[file] = what;
	};
	const firsts = (systems: readonly string[]) => systems.flatMap((system) => of(judged, system).slice(0, 1));
	const truth = trueTranslations(dataset);
	const sheet = (title: string, systems: readonly JudgedTranslator[]): Sheet => ({
		title,
		columns: [
			"source",
			...systems.map(({ training }) => names[training.system] ?? training.system),
			...(truth === undefined ? [] : ["true"]),
		],
		rows: sides.flatMap((side) =>
			Array.from({ length: Math.min(5, test.sides[side].pictures.count) }, (_, row) => ({
				label: test.ways[side],
				tiles: [
					tileOf(test.sides[side].pictures, row),
					...systems.map(({ scores }) => tileOf(scores.made[side].pictures, row)),
					...(truth === undefined ? [] : [truth(side, row)]),
				],
			})),
		),
	});
	await put("comparison.png", sheet("Test pictures by each system", firsts(compared)), "Test pictures by each system");
	await put(
		"ablation.png",
		sheet(`${names[varied]} with one part less or more`, firsts([varied, ...variants])),
		`Test pictures by ${names[varied]}, and with one part less or more`,
	);
	for (const { training, scores } of firsts([...compared, ...variants])) {
		const own = names[training.system] ?? training.system;
		const name = variants.includes(training.system) ? `${names[varied]}, ${own}` : own;
		const masks = maskSheet(name, dataset, test.sides, scores.made);
		if (masks !== undefined) await put(`masks-${training.system}.png`, masks, `Each mask of ${name}`);
	}
	await writeLossCurves(
		out,
		judged.map(({ training }) => training),
	);
	shown["losses.svg"] = "Losses of every training";
	return shown;
}

/** What each test picture would be with the other coat, where the set is drawn and can tell. */
function trueTranslations(dataset: UnpairedDataset): ((side: Domain, row: number) => Tile) | undefined {
	if (!("counterfactual" in dataset)) return undefined;
	const { counterfactual } = dataset as Horses;
	const [height, width] = dataset.size;
	return (side, row) => ({ pixels: counterfactual("test", side, row), height, width });
}
