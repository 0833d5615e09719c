import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../engine/random.ts";
import { loadCheckpoint, saveCheckpoint } from "../../harness/checkpoint.ts";
import { selectedClassifier, tumourScores } from "../../harness/selected-classifier.ts";
import { rocArea } from "../../metrics/roc.ts";
import { resnet } from "../../models/resnet.ts";
import { onEngines } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const classes = Int32Array.from({ length: 8 }, (_, index) => index % 2);

/** Noise that is brighter where the class is 1, more or less. */
function pictures(seed: number): tf.Tensor4D {
	const random = Random.seed(seed);
	const values = Float32Array.from({ length: 8 * 256 }, (_, at) => {
		return random.uniform() - 0.5 + 0.1 * (classes[Math.floor(at / 256)] as number);
	});
	return tf.tensor4d(values, [8, 16, 16, 1]);
}

const make = () =>
	selectedClassifier({
		build: () => resnet({ channels: 1, width: 4, blocks: [1, 1], rate: 1e-2, seed: 3 }),
		...{ every: 2, images: pictures(9), classes },
	});

test.serial("it predicts with the weights of its best trial, not with the last ones", async (t) => {
	await onEngines(() => {
		using classifier = make();
		const validation = pictures(9);
		const batch = { images: pictures(1), labels: tf.tensor2d(Float32Array.from(classes), [8, 1]) };
		const area = () => rocArea(classes, tumourScores(classifier, validation));
		let best = 0;
		const before = tf.memory().numTensors;
		for (let iteration = 0; iteration < 12; iteration += 1) {
			classifier.step(batch, classifier.draw(Random.seed(iteration), batch, iteration), iteration);
			if (iteration % 2 === 0) continue;
			const reached = area();
			t.true(reached >= best, `${reached} after ${best}`);
			best = reached;
		}
		t.true(best > 0.5);
		t.is(tf.memory().numTensors, before);
		// What went on learning has other weights than those kept, or the last trial was the best.
		const [current, kept] = [
			classifier.networks["C"]?.read("fc.weight"),
			classifier.networks["best"]?.read("fc.weight"),
		];
		t.is(current?.data.length, kept?.data.length);
		tf.dispose([validation, batch.images, batch.labels]);
	});
});

test.serial("a resumed selection goes on as if it had not stopped", async (t) => {
	await onEngines(async () => {
		const folder = await temporaryFolder(t);
		const batch = { images: pictures(1), labels: tf.tensor2d(Float32Array.from(classes), [8, 1]) };
		const run = (classifier: ReturnType<typeof make>, from: number, to: number) => {
			for (let iteration = from; iteration < to; iteration += 1) {
				classifier.step(batch, classifier.draw(Random.seed(iteration), batch, iteration), iteration);
			}
		};
		const header = { system: "resnet", step: 5, seed: 1, settings: {} };
		using whole = make();
		run(whole, 0, 5);
		await saveCheckpoint(folder, whole, header);
		run(whole, 5, 9);
		using resumed = make();
		await loadCheckpoint(folder, resumed, header);
		run(resumed, 5, 9);
		for (const network of ["C", "best"]) {
			t.deepEqual(resumed.networks[network]?.read("fc.weight"), whole.networks[network]?.read("fc.weight"));
		}
		tf.dispose([batch.images, batch.labels]);
	});
});
