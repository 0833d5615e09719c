import { existsSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../engine/random.ts";
import { parity } from "../../harness/parity.ts";
import { alexnet } from "../../models/alexnet.ts";
import { adaptiveAvgPool2d } from "../../models/layers/adaptive-pool.ts";
import { type Classifier, dropout } from "../../models/layers/classifier.ts";
import { evaluation, training } from "../../models/layers/layer.ts";
import { resnet } from "../../models/resnet.ts";
import { vggClassifier } from "../../models/vgg-classifier.ts";
import { onEngines } from "../helpers/engines.ts";

const build: Readonly<Record<string, () => Classifier>> = {
	resnet: () => resnet({ width: 4, blocks: [1, 1, 1, 1], classes: 3 }),
	"vgg-classifier": () => vggClassifier({ depth: 11, width: 4, headWidth: 16, classes: 3 }),
	alexnet: () => alexnet({ width: 4, headWidth: 16, classes: 3 }),
};

const pictures = (count: number, height: number, width: number) =>
	tf.tensor4d(Random.seed(1).uniforms(count * height * width * 3, -1, 1), [count, height, width, 3]);
const largest = (x: tf.Tensor) => tf.tidy(() => tf.max(tf.abs(x)).dataSync()[0] as number);

const folder = join(process.env["FOVEA_GOLDEN"] ?? "", "resnet18");
const goldens = existsSync(folder) ? test.serial : test.serial.skip;

// The file is large for fixtures/.
goldens("ResNet18 equals torchvision's: logits, gradients and running statistics", async (t) => {
	await onEngines(async (engine) => {
		const cases = parity(folder);
		let next = await cases.next();
		while (!next.done) next = await cases.next();
		t.is(next.value.failed + next.value.unsupported.length, 0, engine);
		t.true(next.value.passed > 0);
	});
});

for (const [id, make] of Object.entries(build)) {
	test.serial(`${id} judges the pictures of a batch apart, of any size, in evaluation`, async (t) => {
		await onEngines(() => {
			tf.tidy(() => {
				using network = make();
				t.is(network.id, id);
				for (const [height, width] of [
					[64, 64],
					[96, 70],
				] as const) {
					const x = pictures(3, height, width);
					const all = network.predict(x);
					t.deepEqual(all.shape, [3, 3]);
					const single = network.predict(tf.slice(x, [1], [1]));
					// The same sums, at most grouped otherwise by the size of a batch.
					t.true(largest(tf.sub(tf.slice(all, [1], [1]), single)) < 1e-5 * Math.max(1, largest(all)));
				}
			});
		});
	});
}

test.serial("the average pool to a grid has PyTorch's cells: whole, overlapping and repeated", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const column = (...values: number[]) => tf.tensor4d(values, [1, values.length, 1, 1]);
			const rows = (x: tf.Tensor4D, size: number) =>
				[...adaptiveAvgPool2d(x, size).slice([0, 0, 0, 0], [1, size, 1, 1]).dataSync()].map((value) =>
					Number(value.toFixed(5)),
				);
			t.deepEqual(rows(column(1, 2, 3, 4), 2), [1.5, 3.5]);
			// Cells of five pixels in three: 0–1, 1–3, 3–4.
			t.deepEqual(rows(column(1, 2, 3, 4, 5), 3), [1.5, 3, 4.5]);
			// Two pixels in three cells: 0, 0–1, 1.
			t.deepEqual(rows(column(1, 2), 3), [1, 1.5, 2]);
			const x = tf.tensor4d(Random.seed(1).normals(2 * 7 * 7 * 3), [2, 7, 7, 3]);
			t.is(largest(tf.sub(adaptiveAvgPool2d(x, 7), x)), 0);
			const whole = adaptiveAvgPool2d(pictures(2, 12, 8), 1).reshape([2, 3]);
			t.true(largest(tf.sub(whole, tf.mean(pictures(2, 12, 8), [1, 2]))) < 1e-6);
		});
	});
});

test.serial("a dropout keeps half of the values, doubled, by its numbers, and all in evaluation", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
			const drops = () => [0.1, 0.5, 0.9, 0.49];
			t.deepEqual([...dropout(x, 0, training, drops).dataSync()], [0, 4, 6, 0]);
			t.deepEqual([...dropout(x, 0, evaluation).dataSync()], [1, 2, 3, 4]);
			t.throws(() => dropout(x, 0, training, () => [1]), { message: "dropout: draws must hold 4 numbers, got 1" });
		});
	});
});

test("depths that the papers do not have are refused", (t) => {
	t.throws(() => vggClassifier({ depth: 12 }), { message: "vgg: depth must be 11, 13, 16, 19, got 12" });
});
