/**
 * Scores of one trained attribute editor on test pictures: Fréchet and kernel distance of its edits, accuracy of the edits
 * by a judge, what it keeps of the picture, and, where true masks are known, where it changes it.
 */
import { Random } from "../engine/random.ts";
import { accuracy } from "../metrics/accuracy.ts";
import { colourDistance } from "../metrics/colour-distance.ts";
import { extractRows } from "../metrics/features/rows.ts";
import { fid } from "../metrics/fid.ts";
import { kid } from "../metrics/kid.ts";
import { type DistributionMetric, type Picture, type Score, score } from "../metrics/metric.ts";
import { bootstrapInterval } from "../metrics/statistics/bootstrap.ts";
import { quantile } from "../metrics/statistics/quantile.ts";
import type { ConditionalGan } from "../models/layers/stargan-training.ts";
import type { Resampled } from "./claims.ts";
import { editLabels } from "./edit-sheets.ts";
import { deviation, type EditTest, mean, picturesOf } from "./edit-test.ts";
import { absoluteDifferences, generateAll, type PictureSet } from "./edits.ts";
import { attentionInMasks, changeInMasks } from "./mask-scores.ts";

/** What claims about edits compare. */
export type EditMeasure = "fid" | "kid" | "colour-distance";

/** Scores of one system. Arrays per attribute are in the order of `attributes`. */
export interface EditScores {
	readonly scores: readonly Score[];
	/** Mean over the edits, on all test pictures and on each resample. */
	readonly means: Readonly<Record<EditMeasure, Resampled>>;
	readonly accuracy: number;
	/** Mean |x − G(G(x, edit), source)| over edits and pictures, in the signed range. */
	readonly reconstruction: number;
	readonly edits: readonly PictureSet[];
}

const colours = colourDistance();
const distances: readonly DistributionMetric[] = [fid(), kid({ sampling: "all" })];

/** Scores a system by its edits of every test picture. */
export async function scoreEdits(gan: ConditionalGan, test: EditTest): Promise<EditScores> {
	const { attributes, pictures, labels, extractor } = test;
	const scores: Score[] = [];
	const edits = attributes.map((_, index) => generateAll(gan, pictures, editLabels(labels, attributes, index)));
	const samples = { real: pictures.count, fake: pictures.count };
	const measured: Record<EditMeasure, Resampled[]> = { fid: [], kid: [], "colour-distance": [] };
	for (const [index, edited] of edits.entries()) {
		const { features, protocol: inputs } = await extractRows(extractor, picturesOf(edited));
		for (const metric of distances) {
			// The same draws for every edit and system, and for a source and its edit.
			const random = Random.seed(11).split("resamples of test pictures");
			const resampling = { resamples: test.resamples, random, paired: true };
			const {
				value,
				replicates = new Float64Array(),
				notes = [],
				method = "",
			} = await metric.measure(test.rows.features, features, resampling);
			measured[metric.id as "fid" | "kid"].push({ value, resamples: [...replicates] });
			const protocol = { ...inputs, edit: attributes[index] as string, real: "all test pictures" };
			const [low, high] = [quantile(replicates, 0.025), quantile(replicates, 0.975)];
			const interval = { low, high, level: 0.95, method };
			const label = `${metric.id.toUpperCase()}${test.extractor.label === "" ? "" : `-${test.extractor.label}`}`;
			scores.push(
				score(metric, value, { samples, label, interval, spread: deviation([...replicates]), notes }, protocol),
			);
		}
	}
	for (const [index, edited] of edits.entries()) {
		const moved = await colourDistances(pictures, edited);
		const { estimate, distribution, spread, low, high, level, method } = bootstrapInterval(moved, {
			...{ seed: 11, resamples: test.resamples },
		});
		measured["colour-distance"].push({ value: estimate, resamples: [...distribution] });
		const protocol = { edit: attributes[index] as string, reference: "each edit's source" };
		scores.push(score(colours, estimate, { samples, interval: { low, high, level, method }, spread }, protocol));
	}
	const accuracies = edits.map((edited, index) => {
		const [value, result] = judged(test, edited, index);
		scores.push(result);
		return value;
	});
	const differences = edits.map((edited) => mean(absoluteDifferences(generateAll(gan, edited, labels), pictures)));
	scores.push(
		keeps("reconstruction-l1", mean(differences), "mean |x − G(G(x, edit), source)|, range [-1, 1]", samples),
	);
	const kept = mean(absoluteDifferences(generateAll(gan, pictures, labels), pictures));
	scores.push(keeps("unchanged-l1", kept, "mean |x − G(x, source)|, range [-1, 1]", samples));
	if (test.masks !== undefined) {
		scores.push(...(await changeInMasks(test, test.masks, edits)), ...(await attentionInMasks(gan, test, test.masks)));
	}
	const means = {
		...{ fid: meanOf(measured.fid), kid: meanOf(measured.kid) },
		"colour-distance": meanOf(measured["colour-distance"]),
	};
	return { scores, means, accuracy: mean(accuracies), reconstruction: mean(differences), edits };
}

/** How far the colours of each edit lie from its source's. */
function colourDistances(sources: PictureSet, edited: PictureSet): Promise<number[]> {
	const from = [...picturesOf(sources)];
	return Promise.all([...picturesOf(edited)].map((picture, row) => colours.value(from[row] as Picture, picture)));
}

/** The mean over edits. */
function meanOf(edits: readonly Resampled[]): Resampled {
	const resamples = edits[0]?.resamples ?? [];
	return {
		value: mean(edits.map(({ value }) => value)),
		resamples: resamples.map((_, at) => mean(edits.map((edit) => edit.resamples[at] as number))),
	};
}

/** Accuracy of one edit: does the judge see the attribute as the target asks? */
function judged(test: EditTest, edited: PictureSet, index: number): [number, Score] {
	const { attributes, labels, judge, judgeProtocol } = test;
	const target = editLabels(labels, attributes, index);
	const seen = judge(edited);
	const at = (row: number) => row * attributes.length + index;
	const wanted = Int32Array.from({ length: edited.count }, (_, row) => target[at(row)] as number);
	const scores = Float64Array.from({ length: edited.count }, (_, row) => seen[at(row)] as number);
	const metric = accuracy();
	const value = metric.value(wanted, scores);
	const protocol = { ...judgeProtocol, edit: attributes[index] as string };
	return [value, score(metric, value, { samples: { pictures: edited.count } }, protocol)];
}

function keeps(id: string, value: number, what: string, samples: Score["samples"]): Score {
	return score({ id, better: "lower", protocol: { what } }, value, { samples });
}
