/** The tables and pictures of a face enlargement experiment. */
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import type { Gan, ResolutionBatch } from "../models/paper.ts";
import { attentionOf, writeAttention } from "./attention-file.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { tileOf } from "./edit-sheets.ts";
import { deviation, mean } from "./edit-test.ts";
import { type PictureSet, toSigned } from "./edits.ts";
import { type EnlargementScores, enlargementMetrics } from "./enlargement-scores.ts";
import { type EnlargementTest, maskSheet } from "./enlargement-sheets.ts";
import { writeLossCurves } from "./experiment-report.ts";
import type { Enlargement, EnlargementExperiment } from "./face-enlargement.ts";
import { writeSheet } from "./sheet.ts";
import type { Table } from "./table.ts";

/** What tables and sheets call the systems and conditions. */
const names: Readonly<Record<string, string>> = {
	"aga-gan": "AGA-GAN",
	"aga-gan-partial": "AGA-GAN, 29 of 38 attributes unknown",
	"aga-gan-unknown": "AGA-GAN, all attributes unknown",
	"aga-gan-wrong": "AGA-GAN, attributes of another face",
	"aga-gan-unguided": "AGA-GAN trained without attributes",
	"dual-attention-unet": "AGA-GAN with the U-Net",
};

/** Attributes of which the authors' scripts judge faces apart. */
const localAttributes = [
	...["Big_Nose", "Eyeglasses", "Goatee", "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes", "Smiling"],
];

const digits = (metric: string) => (metric === "ssim" || metric === "fsim" || metric === "uiq" ? 4 : 2);

const namesIn = (judged: readonly Enlargement[]) => [...new Set(judged.map(({ name }) => name))];

/** Every metric of every system and condition: mean over seeds ± their standard deviation. */
export function conditionTable(judged: readonly Enlargement[], bicubic: EnlargementScores): Table {
	const metrics = Object.keys(enlargementMetrics);
	const row = (values: (metric: string) => readonly number[]) =>
		metrics.map((metric) => {
			const found = values(metric);
			const spread = found.length > 1 ? ` ± ${deviation(found).toFixed(digits(metric))}` : "";
			return `${mean(found).toFixed(digits(metric))}${spread}`;
		});
	return {
		title: "Enlarged test faces against the true ones (the paper's own tables could not be read)",
		columns: ["", ...metrics.map((metric) => enlargementMetrics[metric] as string), "floor"],
		rows: [
			["bicubic", ...row((metric) => [mean(bicubic.perPicture[metric] ?? [])]), ""],
			...namesIn(judged).map((name) => {
				const own = judged.filter((one) => one.name === name);
				const isBelow = own.some(({ belowFloor }) => belowFloor !== undefined);
				const values = (metric: string) => own.map(({ scores }) => mean(scores.perPicture[metric] ?? []));
				return [names[name] ?? name, ...row(values), isBelow ? "below" : "cleared"];
			}),
		],
	};
}

/** PSNR on the faces that have one attribute, for those attributes that the set knows. */
export function localTable(
	judged: readonly Enlargement[],
	{ labels, attributes, low }: EnlargementTest,
	bicubic: EnlargementScores,
): Table {
	const facesWith = (attribute: string) =>
		Array.from({ length: low.count }, (_, face) => face).filter(
			(face) => labels[face * attributes.length + attributes.indexOf(attribute)] === 1,
		);
	const columns = localAttributes
		.map((name) => ({ name, faces: facesWith(name) }))
		.filter(({ faces }) => faces.length > 0);
	const row = (sets: readonly EnlargementScores[]) =>
		columns.map(({ faces }) =>
			mean(sets.map(({ perPicture }) => mean(faces.map((face) => perPicture["psnr"]?.[face] as number)))).toFixed(2),
		);
	return {
		title: "PSNR of the test faces that have one attribute, mean over seeds",
		columns: ["", ...columns.map(({ name, faces }) => `${name.replaceAll("_", " ").toLowerCase()} (${faces.length})`)],
		rows: [
			["bicubic", ...row([bicubic])],
			...namesIn(judged).map((name) => {
				const own = judged.filter((one) => one.name === name).map(({ scores }) => scores);
				return [names[name] ?? name, ...row(own)];
			}),
		],
	};
}

/** Writes the sheets, maps and curves of the report; returns what each shows. */
export async function drawEnlargements(
	{ build }: EnlargementExperiment,
	out: string,
	test: EnlargementTest,
	judged: readonly Enlargement[],
): Promise<Record<string, string>> {
	const firsts = namesIn(judged).map((name) => judged.find((one) => one.name === name) as Enlargement);
	const faces = Array.from({ length: Math.min(8, test.low.count) }, (_, face) => face);
	const rowsOf = (sets: readonly PictureSet[]) =>
		faces.map((face) => ({ label: "", tiles: sets.map((set) => tileOf(set, face)) }));
	const made = firsts.map((one) => one.made);
	const columns = firsts.map(({ name }) => short(name));
	await writeSheet(join(out, "comparison.png"), {
		title: "Test faces enlarged by each system (first seed)",
		columns: ["low", "bicubic", ...columns, "true"],
		rows: rowsOf([test.low, test.bicubic, ...made, test.high]),
	});
	await writeSheet(join(out, "generated.png"), {
		title: "Test faces enlarged by each system (first seed)",
		subtitle: "All pictures are generated.",
		columns,
		rows: rowsOf(made),
	});
	const shown: Record<string, string> = {
		"comparison.png": "Test faces in low resolution, enlarged by each system, and in truth (first seed)",
		"generated.png": "The same, without pictures of the data set",
	};
	for (const { name, training, made: own } of firsts) {
		if (name !== training.system) continue;
		using gan = build(training.system, training.seed);
		await loadCheckpoint(training.out, gan);
		const file = `attention-${name}.png`;
		await writeSheet(join(out, file), maskSheet(gan, test));
		shown[file] = `Masks of ${names[name] ?? name} over the faces it made`;
		await writeAttention(join(out, `attention-${name}.json`), await mapsOf(gan, test, own, training.seed));
	}
	const trainings = [...new Set(judged.map(({ training }) => training))];
	await writeLossCurves(out, trainings);
	shown["losses.svg"] = "Losses of every training";
	return shown;
}

/** The masks of the first faces as numbers, over what the system made of them. */
async function mapsOf(
	gan: Gan<ResolutionBatch>,
	{ low, labels, attributes }: EnlargementTest,
	made: PictureSet,
	seed: number,
) {
	const count = Math.min(4, low.count);
	const size = low.height * low.width * 3;
	const batch = {
		low: tf.tensor4d(toSigned(low.data.subarray(0, count * size)), [count, low.height, low.width, 3]),
		labels: tf.tensor2d(labels.slice(0, count * attributes.length), [count, attributes.length]),
	};
	const tiles = Array.from({ length: count }, (_, index) => tileOf(made, index));
	const file = await attentionOf(gan, batch, { seed, under: { tiles, name: "the face that it made" } });
	tf.dispose(batch);
	return file;
}

const short = (name: string) =>
	({
		"aga-gan": "AGA-GAN",
		"aga-gan-partial": "29 unknown",
		"aga-gan-unknown": "all unknown",
		"aga-gan-wrong": "wrong",
		"aga-gan-unguided": "unguided",
		"dual-attention-unet": "with U-Net",
	})[name] ?? name;
