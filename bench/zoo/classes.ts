/** Entries that say what a picture shows: the classifiers, on brain slices without and with a tumour; the judge of edits. */

import { brains } from "../../harness/datasets/brains.ts";
import { batches } from "../../harness/datasets/dataset.ts";
import { presets as editing } from "../../harness/experiments/cca-gan.ts";
import { presets } from "../../harness/experiments/sag-gan.ts";
import type { Applicable } from "../../harness/generate/apply.ts";
import { chancesOf, isPredicting } from "../../harness/generate/classes.ts";
import { picturesOf as readPictures } from "../../harness/scores.ts";
import type { Images } from "../../metrics/images.ts";
import type { LabelledBatch } from "../../models/paper.ts";
import type { Options } from "../../models/system.ts";
import { type Entry, named, ownTraining, picturesOf, signedTensor } from "./entry.ts";
import { drawnFaces, otherwiseHaired } from "./faces.ts";
import { judgeClasses } from "./judges.ts";

/** Chance of class `column` of each picture, 16 at a time. */
function chances(gan: Applicable, images: Images<"byte">, options: Options): Float64Array {
	if (!isPredicting(gan)) throw new TypeError(`${gan.id}: must be a classifier, got a system that makes pictures`);
	const parts: number[] = [];
	for (let start = 0; start < images.count; start += 16) {
		const part = signedTensor(images, start, Math.min(16, images.count - start));
		parts.push(...chancesOf(gan, part, options));
		part.dispose();
	}
	return Float64Array.from(parts);
}

const smoke = presets.smoke;

interface Sizes {
	readonly options: Options;
	/** Side of the slices. */
	readonly size: number;
	readonly steps: number;
	readonly rate: number;
}

const tumours = (system: string, { options: widths, size, steps, rate }: Sizes): Entry => {
	const data = brains({ size, count: smoke.pictures });
	const options = { ...widths, channels: 1, rate };
	const { batchSize } = smoke.classifier;
	return {
		...{ system, networks: named("C"), generate: {} },
		inputs: async () => picturesOf(await readPictures(data, "test", { count: 4 })),
		async judge(gan) {
			const test = await readPictures(data, "test");
			const labels = Int32Array.from({ length: test.count }, (_, row) => data.label("test", row)[0] as number);
			const scores = chances(gan, test, options).filter((_, at) => at % 2 === 1);
			return judgeClasses({ labels, scores, classes: [] });
		},
		...ownTraining<LabelledBatch>(system, () => ({
			...{ options, steps, batchSize, data: data.describe(), attributes: ["without", "tumour"] },
			batches: (stream) => batches(data, { split: "train", batchSize, flip: true, ...stream }),
		})),
	};
};

const judge = editing.smoke.judge;
const judgeOptions: Options = {
	...{ imageSize: editing.smoke.imageSize, attributes: drawnFaces.attributes.length, rate: 1e-3 },
	widths: (judge.widths ?? []).join(","),
};

export const classEntries: readonly Entry[] = [
	tumours("resnet", { options: { width: smoke.classifier.width }, size: 32, steps: 200, rate: smoke.classifier.rate }),
	tumours("vgg-classifier", { options: { width: 8, depth: 11, headWidth: 32 }, size: 32, steps: 300, rate: 1e-3 }),
	// Its first layers halve pictures five times: below 63 pixels nothing is left of them.
	tumours("alexnet", { options: { width: 8, headWidth: 32 }, size: 64, steps: 300, rate: 1e-3 }),
	{
		...{ system: "attribute-classifier", networks: named("C"), inputs: otherwiseHaired, generate: {} },
		// Every attribute of every face is one answer.
		async judge(gan) {
			const test = await readPictures(drawnFaces, "test");
			const labels = Array.from({ length: test.count }, (_, row) => [...drawnFaces.label("test", row)]);
			const scores = chances(gan, test, judgeOptions);
			return judgeClasses({ labels: Int32Array.from(labels.flat()), scores, classes: [] });
		},
		...ownTraining<LabelledBatch>("attribute-classifier", () => {
			const { steps, batchSize = 32 } = judge;
			return {
				...{ options: judgeOptions, steps, batchSize, attributes: drawnFaces.attributes, data: drawnFaces.describe() },
				batches: (stream) => batches(drawnFaces, { split: "train", batchSize, flip: true, ...stream }),
			};
		}),
	},
];
