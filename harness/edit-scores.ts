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
import { quantile } from "../metrics/statistics/quantile.ts";
import type { ConditionalGan } from "../models/layers/stargan-training.ts";
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
	readonly means: Readonly<Record<EditMeasure, { readonly value: number; readonly resamples: readonly number[] }>>;
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
	const sums = { fid: emptySum(test), kid: emptySum(test), "colour-distance": emptySum(test) };
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
			const sum = sums[metric.id as "fid" | "kid"];
			sum.value += value / attributes.length;
			for (const [at, replicate] of replicates.entries()) {
				sum.resamples[at] = (sum.resamples[at] as number) + replicate / attributes.length;
			}
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
		const { value, resamples } = await colourDistances(test, edited);
		const sum = sums["colour-distance"];
		sum.value += value / attributes.length;
		for (const [at, resample] of resamples.entries()) {
			sum.resamples[at] = (sum.resamples[at] as number) + resample / attributes.length;
		}
		const interval = {
			...{ low: quantile(resamples, 0.025), high: quantile(resamples, 0.975), level: 0.95 },
			method: `bootstrap over pictures, ${test.resamples} resamples`,
		};
		const protocol = { edit: attributes[index] as string, reference: "each edit's source" };
		scores.push(score(colours, value, { samples, interval, spread: deviation([...resamples]) }, protocol));
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
	return { scores, means: sums, accuracy: mean(accuracies), reconstruction: mean(differences), edits };
}

/** Mean distance between the colours of a source and of its edit; the same draws for every edit and system. */
async function colourDistances({ pictures, resamples }: EditTest, edited: PictureSet) {
	const sources = [...picturesOf(pictures)];
	const distances = await Promise.all(
		[...picturesOf(edited)].map((picture, row) => colours.value(sources[row] as Picture, picture)),
	);
	const random = Random.seed(11).split("resamples of test pictures for colours");
	const draw = () => mean(distances.map(() => distances[random.integer(distances.length)] as number));
	return { value: mean(distances), resamples: Float64Array.from({ length: resamples }, draw) };
}

function emptySum({ resamples }: EditTest) {
	return { value: 0, resamples: new Array<number>(resamples).fill(0) };
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
