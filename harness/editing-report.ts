/** The report of an attribute-editing experiment: its tables and pictures. */
import { join } from "node:path";
import type { ConditionalGan } from "../models/layers/stargan-training.ts";
import type { Paper } from "../models/paper.ts";
import { colourSheet } from "./colour-sheet.ts";
import type { Dataset } from "./datasets/dataset.ts";
import type { EditScores } from "./edit-scores.ts";
import { editName, tileOf } from "./edit-sheets.ts";
import { deviation, type EditTest, mean } from "./edit-test.ts";
import type { PictureSet } from "./edits.ts";
import { writeLossCurves } from "./experiment-report.ts";
import type { EditingPreset } from "./experiments/cca-gan.ts";
import { type Sheet, writeSheet } from "./sheet.ts";
import type { Table } from "./table.ts";
import type { PoolResult } from "./training-pool.ts";

export interface EditingExperiment {
	readonly paper: Paper;
	/** Ids of all systems, in the order of the table. */
	readonly systems: readonly string[];
	/** Those trained from every seed; the others only from the preset's `ablationSeeds`. */
	readonly compared: readonly string[];
	/** Row of the published table by system id. */
	readonly rows: Readonly<Record<string, string>>;
	/** Column of the published table by attribute. */
	readonly columns: Readonly<Record<string, string>>;
	readonly preset: EditingPreset;
	open(data: string | undefined): Promise<Dataset>;
	build(system: string, attributes: number, seed: number): ConditionalGan;
}

/** One training with all that was found out about it. */
export interface Judged {
	readonly training: PoolResult;
	readonly scores: EditScores;
	/** What the system makes of each test picture when asked for no change. */
	readonly copies: PictureSet;
	readonly attention: Sheet | undefined;
	readonly belowFloor: string | undefined;
}

/** Values of one metric and edit over the trainings of a system. */
function valuesOf(judged: readonly Judged[], system: string, metric: string, edit: string): number[] {
	return judged
		.filter(({ training }) => training.system === system)
		.flatMap(({ scores }) =>
			scores.scores.filter((score) => score.metric === metric && score.protocol["edit"] === edit),
		)
		.map(({ value }) => value);
}

/** The paper's table: its numbers beside ours, mean over seeds ± their standard deviation where there are several. */
export function mainTable(
	{ paper, systems, rows, columns }: EditingExperiment,
	dataset: Dataset,
	judged: readonly Judged[],
): Table {
	const metrics = [
		{ id: "fid", printed: "FID", shown: "FID-lite", scale: 1, digits: 1 },
		{ id: "kid", printed: "KID", shown: "KID-lite × 100", scale: 100, digits: 2 },
	];
	const body = metrics.flatMap(({ id, printed, shown, scale, digits }) =>
		systems.flatMap((system) => {
			const row = rows[system] ?? system;
			const published = dataset.attributes.map((attribute) => {
				const cell = paper.published.find(
					(cell) => cell.metric === printed && cell.system === row && cell.column === columns[attribute],
				);
				if (cell === undefined) return "–";
				return cell.spread === undefined
					? cell.value.toFixed(2)
					: `${cell.value.toFixed(2)} ± ${cell.spread.toFixed(2)}`;
			});
			const measured = dataset.attributes.map((attribute) => {
				const values = valuesOf(judged, system, id, attribute).map((value) => value * scale);
				const centre = mean(values).toFixed(digits);
				return values.length < 2 ? centre : `${centre} ± ${deviation(values).toFixed(digits)}`;
			});
			return [
				[`${row}: ${printed}, published`, ...published],
				[`${row}: ${shown}, here`, ...measured],
			];
		}),
	);
	return {
		title: `${paper.published[0]?.table ?? "Table"} (published: FID / 100 and KID × 100 of Inception, 128 × 128; here: MobileNet features, lower is better)`,
		columns: ["", ...dataset.attributes.map((attribute) => columns[attribute] ?? editName(attribute))],
		rows: body,
	};
}

/** What the distances do not see: are the edits made, and is the rest kept? */
export function qualityTable(dataset: Dataset, judged: readonly Judged[]): Table {
	const find = (scores: EditScores, metric: string) => scores.scores.find((score) => score.metric === metric)?.value;
	const inMasks = (scores: EditScores, metric: string) => {
		const values = scores.scores.filter((score) => score.metric === metric).map(({ value }) => value);
		return values.length === 0 ? "–" : mean(values).toFixed(2);
	};
	return {
		title: "Edits: accuracy by the judge, what is kept, and where the true masks are known, what lies inside them",
		columns: [
			"training",
			...dataset.attributes.map(editName),
			...["FID-lite", "colour distance", "reconstruction L1", "unchanged L1"],
			...["change inside", "change IoU", "attention IoU"],
			...["minutes", "floor"],
		],
		rows: judged.map(({ training, scores, belowFloor }) => [
			`${training.system}, seed ${training.seed}`,
			...dataset.attributes.map((attribute) => {
				const own = scores.scores.find((score) => score.metric === "accuracy" && score.protocol["edit"] === attribute);
				return (own?.value ?? Number.NaN).toFixed(2);
			}),
			scores.means.fid.value.toFixed(1),
			scores.means["colour-distance"].value.toFixed(3),
			(find(scores, "reconstruction-l1") ?? Number.NaN).toFixed(3),
			(find(scores, "unchanged-l1") ?? Number.NaN).toFixed(3),
			...["change-inside", "change-iou", "attention-iou"].map((metric) => inMasks(scores, metric)),
			(training.result.seconds / 60).toFixed(1),
			belowFloor === undefined ? "cleared" : "below",
		]),
	};
}

/** Writes the sheets and curves of the report; returns what each shows. */
export async function draw(
	{ systems, rows }: EditingExperiment,
	out: string,
	test: EditTest,
	judged: readonly Judged[],
): Promise<Record<string, string>> {
	const shown: Record<string, string> = {};
	const firsts = systems.flatMap((system) => judged.filter(({ training }) => training.system === system).slice(0, 1));
	// Some twelve rows: more are not looked at.
	const shownFaces = Math.min(test.pictures.count, Math.max(1, Math.round(12 / firsts.length)));
	const faces = Array.from({ length: shownFaces }, (_, face) => face);
	const comparison = (first: string, pictureOf: (judged: Judged) => PictureSet) => ({
		columns: [first, ...test.attributes.map(editName)],
		rows: faces.flatMap((face) =>
			firsts.map((one) => ({
				label: rows[one.training.system] ?? one.training.system,
				tiles: [tileOf(pictureOf(one), face), ...one.scores.edits.map((edit) => tileOf(edit, face))],
			})),
		),
	});
	await writeSheet(join(out, "comparison.png"), {
		title: "The same edits by each system",
		...comparison("source", () => test.pictures),
	});
	shown["comparison.png"] = "Test pictures edited by each system (first seed)";
	await writeSheet(join(out, "generated.png"), {
		title: "The same edits by each system",
		subtitle: "All pictures are generated: the first column is the system's copy of its input, unedited.",
		...comparison("unedited copy", ({ copies }) => copies),
	});
	shown["generated.png"] = "The same, without pictures of the data set";
	await writeSheet(
		join(out, "colours.png"),
		colourSheet(
			test.attributes,
			test.pictures,
			Object.fromEntries(
				firsts.map(({ training, scores }) => [rows[training.system] ?? training.system, scores.edits]),
			),
		),
	);
	shown["colours.png"] = "Colours of all test pictures and of their edits by each system (first seed)";
	for (const { training, attention } of firsts) {
		if (attention === undefined) continue;
		const file = `attention-${training.system}.png`;
		await writeSheet(join(out, file), attention);
		shown[file] = `Attention of ${training.system} over its own copies of test pictures`;
	}
	await writeLossCurves(
		out,
		judged.map(({ training }) => training),
	);
	shown["losses.svg"] = "Losses of every training";
	return shown;
}
