/** Trains the classifier that judges edits, once per report, and predicts with it. */
import * as tf from "@tensorflow/tfjs";
import { valuesOf } from "../engine/values.ts";
import type { Protocol } from "../metrics/metric.ts";
import { type AttributeClassifierOptions, attributeClassifier } from "../models/attribute-classifier.ts";
import { hasCheckpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { batches, type Dataset } from "./datasets/dataset.ts";
import { testPictures } from "./edit-sheets.ts";
import { type PictureSet, toSigned } from "./edits.ts";
import type { ReproduceEvent } from "./reproduce.ts";
import { linearDecay, train } from "./train.ts";

export interface JudgeOptions extends AttributeClassifierOptions {
	readonly steps: number;
	/** @default 64 */
	readonly batchSize?: number;
	readonly seed: number;
	/** Where its checkpoint is kept and found again. */
	readonly folder: string;
	readonly signal?: AbortSignal | undefined;
}

export interface Judge {
	/** Predicted attributes, [count, attributes] of 0 and 1. */
	judge(pictures: PictureSet): Uint8Array;
	/** What its accuracy depends on, its own accuracy on real test pictures included. */
	readonly judgeProtocol: Protocol;
}

/** Trains on the train split with flips, Adam 1e-3 falling to 0; yields progress. The folder's checkpoint is used where it fits. */
export async function* trainJudge(
	dataset: Dataset,
	{ steps, seed, folder, signal, batchSize = 64, ...options }: JudgeOptions,
): AsyncGenerator<ReproduceEvent, Judge> {
	const settings = { data: dataset.describe(), steps, batchSize };
	const imageSize = dataset.size[0];
	const classifier = attributeClassifier({ ...options, imageSize, attributes: dataset.attributes.length, seed });
	const header = { system: classifier.id, step: steps, seed, settings };
	if (hasCheckpoint(folder)) {
		await loadCheckpoint(folder, classifier, header);
	} else {
		const data = batches(dataset, {
			...{ split: "train", batchSize, seed, flip: true },
			...(signal === undefined ? {} : { signal }),
		});
		const rate = linearDecay(steps, 0.5);
		for await (const { step } of train(classifier, {
			data,
			steps,
			seed,
			rate,
			...(signal === undefined ? {} : { signal }),
		})) {
			yield { what: "training the judge", done: step, total: steps };
		}
		await saveCheckpoint(folder, classifier, header);
	}
	const judge = (pictures: PictureSet) => predictAll(classifier, pictures);
	const test = await testPictures(dataset, dataset.count("test"));
	const seen = judge(test.pictures);
	const rates = dataset.attributes.map((name, attribute) => {
		let right = 0;
		for (let row = 0; row < test.pictures.count; row += 1) {
			const at = row * dataset.attributes.length + attribute;
			if (seen[at] === test.labels[at]) right += 1;
		}
		return `${name} ${(right / test.pictures.count).toFixed(3)}`;
	});
	return {
		judge,
		judgeProtocol: { judge: "attribute-classifier", judgeSteps: steps, judgeAccuracy: rates.join(", ") },
	};
}

/** Pictures in one pass. */
const chunk = 64;

function predictAll(classifier: ReturnType<typeof attributeClassifier>, pictures: PictureSet): Uint8Array {
	const { count, height, width, data } = pictures;
	const size = height * width * 3;
	const predicted: number[] = [];
	for (let start = 0; start < count; start += chunk) {
		const rows = Math.min(chunk, count - start);
		const logits = valuesOf(() =>
			classifier.predict(
				tf.tensor4d(toSigned(data.subarray(start * size, (start + rows) * size)), [rows, height, width, 3]),
			),
		);
		for (const logit of logits) predicted.push(logit > 0 ? 1 : 0);
	}
	return Uint8Array.from(predicted);
}
