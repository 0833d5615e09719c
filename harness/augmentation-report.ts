/** The report of an augmentation experiment: its tables and pictures. */
import { join } from "node:path";
import { relativeImprovement } from "../metrics/relative-improvement.ts";
import { paper } from "../models/sag-gan.ts";
import type { AugmenterScores, ClassifierScores } from "./augmentation-scores.ts";
import { type AugmentationId, augmentationIds, type Suffix } from "./augmentation-setup.ts";
import { type Translated, translateTest } from "./augmentation-sheets.ts";
import { type Augmenter, type AugmenterId, translatorIds } from "./augmenters.ts";
import { heat, overlay } from "./colours.ts";
import type { UnpairedDataset } from "./datasets/unpaired.ts";
import { deviation, mean } from "./edit-test.ts";
import { writeLossCurves } from "./experiment-report.ts";
import { type Sheet, type Tile, writeSheet } from "./sheet.ts";
import { tripled } from "./slices.ts";
import type { Table } from "./table.ts";
import type { PoolResult } from "./training-pool.ts";

/** One training of a classifier with what it scored. */
export interface JudgedClassifier {
	readonly augmentation: AugmentationId;
	readonly suffix: Suffix;
	readonly training: PoolResult;
	readonly scores: ClassifierScores;
	/** Why it may not be judged by either metric. */
	readonly belowFloor: Readonly<Record<"accuracy" | "auc", string | undefined>>;
}

/** One training of an augmenter with what it scored. */
export interface JudgedAugmenter {
	readonly id: AugmenterId;
	readonly suffix: Suffix;
	readonly training: PoolResult;
	readonly scores: AugmenterScores;
	/** Why the pictures may not be judged by what they do for a classifier, and why the masks may not. */
	readonly belowFloor: string | undefined;
	readonly masksBelowFloor: string | undefined;
}

/** Rows of Table I by augmentation. */
const rows: Readonly<Record<AugmentationId, string>> = {
	"without-augmentation": "w/o DA",
	"over-sampling": "OverSampling",
	"under-sampling": "UnderSampling",
	pggan: "PGGAN",
	"msg-gan": "MSG-GAN",
	cyclegan: "CycleGAN",
	uaggan: "UAGGAN",
	aggan: "AGGAN",
	"sag-gan": "Ours",
};

const columns = [
	{ metric: "accuracy", printed: "accuracy", suffix: "", column: "BraTS", title: "accuracy" },
	{ metric: "accuracy", printed: "accuracy", suffix: "-eighth", column: "BraTS_S", title: "accuracy, an eighth" },
	{ metric: "auc", printed: "AUC", suffix: "", column: "BraTS", title: "AUC" },
	{ metric: "auc", printed: "AUC", suffix: "-eighth", column: "BraTS_S", title: "AUC, an eighth" },
] as const;

type Column = (typeof columns)[number];

function measured(judged: readonly JudgedClassifier[], augmentation: AugmentationId, { metric, suffix }: Column) {
	return judged
		.filter((one) => one.augmentation === augmentation && one.suffix === suffix)
		.map(({ scores }) => scores.values[metric].value);
}

/** Table I: its numbers beside ours, mean over seeds ± their standard deviation, and the share of the error that is removed. */
export function mainTable(judged: readonly JudgedClassifier[], note: string): Table {
	const ordered = [...augmentationIds].sort((a, b) => place(a) - place(b));
	const body = ordered.flatMap((augmentation) => {
		const published = columns.map((column) => printed(augmentation, column).toFixed(4));
		const here = columns.map((column) => {
			const values = measured(judged, augmentation, column);
			const spread = values.length < 2 ? "" : ` ± ${deviation(values).toFixed(4)}`;
			return `${mean(values).toFixed(4)}${spread}`;
		});
		return [
			[`${rows[augmentation]}, published`, ...published],
			[`${rows[augmentation]}, here`, ...here],
		];
	});
	const gain = (ours: number, base: number) => (base < 1 ? (100 * relativeImprovement(ours, base)).toFixed(2) : "–");
	const publishedGain = columns.map((column) =>
		gain(printed("sag-gan", column), printed("without-augmentation", column)),
	);
	const ownGain = columns.map((column) =>
		gain(mean(measured(judged, "sag-gan", column)), mean(measured(judged, "without-augmentation", column))),
	);
	return {
		title: `Table I: ResNet18 on slices of other patients; trained on the whole training set, and on an eighth of it${note}`,
		columns: ["", ...columns.map(({ title }) => title)],
		rows: [
			...body,
			["relative improvement %, published", ...publishedGain],
			["relative improvement %, here", ...ownGain],
		],
	};
}

/** Order of the published rows. */
const order = Object.keys(rows);
const place = (id: AugmentationId) => order.indexOf(id);

function printed(augmentation: AugmentationId, { printed: metric, column }: Column): number {
	const found = paper.published.find(
		(one) => one.system === rows[augmentation] && one.metric === metric && one.column === column,
	);
	return found?.value ?? Number.NaN;
}

/** Every classifier: areas with DeLong's intervals, rates at the threshold one half. */
export function classifierTable(judged: readonly JudgedClassifier[]): Table {
	const cell = ({ scores }: JudgedClassifier, id: string) => {
		const found = scores.scores.find(({ metric }) => metric === id);
		if (found === undefined) return "–";
		const { value, interval } = found;
		return interval === undefined
			? value.toFixed(3)
			: `${value.toFixed(3)} [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`;
	};
	return {
		title: "Classifiers on the test slices, 95 % intervals: of the AUC DeLong's, of the others over patients",
		columns: ["training", "accuracy", "AUC", "TPR", "TNR", "minutes", "floor, accuracy", "floor, AUC"],
		rows: judged.map((one) => [
			`${one.augmentation}${one.suffix}, seed ${one.training.seed}`,
			...["accuracy", "auc", "tpr", "tnr"].map((id) => cell(one, id)),
			(one.training.result.seconds / 60).toFixed(1),
			...[one.belowFloor.accuracy, one.belowFloor.auc].map((why) => (why === undefined ? "cleared" : "below")),
		]),
	};
}

/** Every augmenter: how near its pictures are, what it leaves alone, and whether its mask finds the tumour. */
export function augmenterTable(judged: readonly JudgedAugmenter[]): Table {
	const value = ({ scores }: JudgedAugmenter, id: string, digits = 3) =>
		scores.scores.find(({ metric }) => metric === id)?.value.toFixed(digits) ?? "–";
	return {
		title: "Augmenters: their pictures of the training set, and their masks against the true ones on test slices",
		columns: [
			"training",
			"AUC as labelled",
			"FID-lite",
			"background L1",
			"mask Dice",
			"mask IoU",
			"pointing game",
			"minutes",
			"floor, pictures",
			"floor, masks",
		],
		rows: judged.map((one) => [
			`${one.id}${one.suffix}, seed ${one.training.seed}`,
			value(one, "auc"),
			value(one, "fid", 1),
			...["background-l1", "dice", "attention-iou", "pointing-game"].map((id) => value(one, id)),
			(one.training.result.seconds / 60).toFixed(1),
			one.belowFloor === undefined ? "cleared" : "below",
			one.scores.masks === undefined ? "–" : one.masksBelowFloor === undefined ? "cleared" : "below",
		]),
	};
}

/** Writes sheets and curves; `augmenters` are one of each system, trained. Returns what each file shows. */
export async function draw(
	out: string,
	dataset: UnpairedDataset,
	augmenters: readonly { readonly augmenter: Augmenter; readonly seed: number }[],
	trainings: readonly PoolResult[],
): Promise<Record<string, string>> {
	const shown: Record<string, string> = {};
	const put = async (file: string, what: string, sheet: Sheet) => {
		await writeSheet(join(out, file), sheet);
		shown[file] = what;
	};
	const made: { id: string; isTranslator: boolean; normal: Translated; tumour: Translated }[] = [];
	for (const { augmenter, seed } of augmenters) {
		const { id, isTranslator } = augmenter;
		const normal = await translateTest(augmenter, dataset, "a", 4, seed);
		made.push({ id, isTranslator, normal, tumour: await translateTest(augmenter, dataset, "b", 4, seed) });
	}
	const translators = made.filter(({ isTranslator }) => isTranslator);
	const [first] = translators;
	const masked = translators.filter(({ normal }) => normal.masks.length > 0);
	if (first !== undefined) {
		const both = (of: (one: Translated) => readonly Tile[], one: (typeof made)[number]) => [
			...of(one.normal),
			...of(one.tumour),
		];
		await put("comparison.png", "Test slices, and tumours put in and taken out by each system (first seed)", {
			title: "Tumours put in (left four) and taken out (right four)",
			subtitle: "Test slices of patients that no system was trained on.",
			columns: [],
			rows: [
				{ label: "slice", tiles: both(({ sources }) => sources, first) },
				...translators.map((one) => ({ label: one.id, tiles: both(({ results }) => results, one) })),
			],
		});
		const overlays = ({ sources, masks }: Translated) =>
			masks.map((mask, index) => overlay(sources[index] as Tile, mask));
		const truths = first.tumour.truths.every((truth) => truth !== undefined)
			? [
					{
						label: "true mask",
						tiles: [...first.normal.sources.map(black), ...(first.tumour.truths as readonly Tile[])],
					},
				]
			: [];
		await put("masks.png", "Masks of each system over test slices, and the true masks", {
			title: "Where each system replaces the slice",
			columns: [],
			rows: [
				{ label: "slice", tiles: both(({ sources }) => sources, first) },
				...truths,
				...masked.map((one) => ({ label: one.id, tiles: both(overlays, one) })),
			],
			scale: { low: "kept", high: "replaced", colours: heat },
		});
	}
	// Translated slices are the patients' own outside the tumour: what may be published shows none of their pixels.
	const changes = translators.map(({ id, normal, tumour }) => ({
		label: `${id}, change`,
		tiles: [...changesOf(normal), ...changesOf(tumour)],
	}));
	const fromNoise = made.filter(({ isTranslator }) => !isTranslator);
	const bare = ({ normal, tumour }: (typeof made)[number]) =>
		[normal, tumour].flatMap(({ sources, masks }) =>
			masks.map((mask, index) => {
				const { height, width } = sources[index] as Tile;
				return tripled(
					mask.map((value) => Math.round(255 * value)),
					height,
					width,
				);
			}),
		);
	const what = "Slices made from noise, what translations change, and their masks, without pictures of the data set";
	await put("generated.png", what, {
		title: "Slices from noise, the change that translations make, and where their masks lie",
		subtitle: "Left four: without a tumour, or one put in. Right four: with a tumour, or one taken out.",
		columns: [],
		rows: [
			...fromNoise.map(({ id, normal, tumour }) => ({ label: id, tiles: [...normal.results, ...tumour.results] })),
			...changes,
			...masked.map((one) => ({ label: `${one.id}, mask`, tiles: bare(one) })),
		],
	});
	await writeLossCurves(
		out,
		trainings.filter(({ system }) => translatorIds.some((id) => id === system)),
	);
	shown["losses.svg"] = "Losses of every translator on the whole training set";
	return shown;
}

/** An empty mask. */
const black = ({ pixels, ...size }: Tile): Tile => ({ ...size, pixels: new Uint8Array(pixels.length) });

/** |result − source| of each slice, four times enlarged. */
function changesOf({ sources, results }: Translated): Tile[] {
	return sources.map((source, index) => {
		const { pixels, height, width } = results[index] as Tile;
		const change = Uint8Array.from({ length: height * width }, (_, at) =>
			Math.min(255, 4 * Math.abs((pixels[3 * at] as number) - (source.pixels[3 * at] as number))),
		);
		return tripled(change, height, width);
	});
}
