/**
 * A classifier that keeps its best weights: every so many steps it is tried on pictures it does not learn from, and the
 * weights with the largest area under the ROC curve are kept beside those that go on learning.
 */
import type * as tf from "@tensorflow/tfjs";
import { rocArea } from "../metrics/roc.ts";
import type { Classifier } from "../models/layers/classifier.ts";
import type { Memory } from "../models/paper.ts";

export interface SelectedClassifierOptions {
	/** Makes the classifier, the same every time. */
	readonly build: () => Classifier;
	/** Steps between trials. */
	readonly every: number;
	/** Pictures to try it on and their classes, 0 and 1; disposed with the classifier. */
	readonly images: tf.Tensor4D;
	readonly classes: Int32Array;
}

/** Trains like `build()`'s classifier, and predicts with the weights that were best. */
export function selectedClassifier({ build, every, images, classes }: SelectedClassifierOptions): Classifier {
	const [learning, best] = [build(), build()];
	const [current, kept] = [learning.networks["C"], best.networks["C"]];
	if (current === undefined || kept === undefined) throw new TypeError("classifier: must have a network C, got none");
	let area = 0;
	const memory: Memory = {
		read: () => ({ shape: [1], data: Float32Array.of(area) }),
		write(stored) {
			area = stored?.data[0] ?? 0;
		},
	};
	const trial = () => {
		const scores = tumourScores(learning, images);
		// Rounded as the memory keeps it, so that a resumed training decides alike; of equals the later one is kept.
		const reached = Math.fround(rocArea(classes, scores));
		if (reached < area) return;
		area = reached;
		for (const { name } of current.entries()) kept.write(name, current.read(name));
	};
	return {
		...learning,
		networks: { C: current, best: kept },
		memories: { best: memory },
		step(batch, draws, iteration, watch) {
			const losses = learning.step(batch, draws, iteration, watch);
			if ((iteration + 1) % every === 0) trial();
			return losses;
		},
		predict: (given) => best.predict(given),
		[Symbol.dispose]() {
			learning[Symbol.dispose]();
			best[Symbol.dispose]();
			images.dispose();
		},
	};
}

/** The chance of class 1 of each picture [N, H, W, C]. */
export function tumourScores(classifier: Classifier, images: tf.Tensor4D, batchSize = 32): Float64Array {
	const count = images.shape[0];
	const scores = new Float64Array(count);
	for (let start = 0; start < count; start += batchSize) {
		const rows = Math.min(batchSize, count - start);
		const part = images.slice([start, 0, 0, 0], [rows, -1, -1, -1]);
		const logits = classifier.predict(part);
		const values = logits.dataSync();
		for (let row = 0; row < rows; row += 1) {
			const [other, own] = [values[2 * row] as number, values[2 * row + 1] as number];
			scores[start + row] = 1 / (1 + Math.exp(other - own));
		}
		part.dispose();
		logits.dispose();
	}
	return scores;
}
