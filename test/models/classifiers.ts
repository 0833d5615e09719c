import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { type Parameters, type TorchArray, tensorToTorch } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { readNetwork } from "../../harness/checkpoint.ts";
import { importWeights } from "../../harness/import/import.ts";
import { readWeights } from "../../harness/import/read.ts";
import { parity } from "../../harness/parity.ts";
import { findSystem } from "../../harness/systems.ts";
import { alexnet } from "../../models/alexnet.ts";
import { adaptiveAvgPool2d } from "../../models/layers/adaptive-pool.ts";
import { type Classifier, dropout, type Logits } from "../../models/layers/classifier.ts";
import { evaluation, training } from "../../models/layers/layer.ts";
import { classEntropy } from "../../models/losses/labels.ts";
import { resnet } from "../../models/resnet.ts";
import { vggClassifier } from "../../models/vgg-classifier.ts";
import { onEngines } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

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

/** What write_classifiers.py keeps of one of torchvision's models, in PyTorch's layout. */
interface Torchvision {
	readonly shape: [number, number, number, number];
	readonly image: number[];
	readonly label: number[];
	readonly logits: number[];
	readonly loss: number;
	readonly gradients: Readonly<Record<string, number[]>>;
}

/** Largest difference over the largest wanted value. */
function apart(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
	if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
	const differences = Array.from(wanted, (value, at) => Math.abs(value - (got[at] as number)));
	const scale = Array.from(wanted, Math.abs).reduce((most, value) => Math.max(most, value), 1e-30);
	return differences.reduce((most, value) => (value <= most ? most : value), 0) / scale;
}

/** Logits and the gradients of their cross entropy in evaluation mode. */
function judged(network: Logits, parameters: Parameters, { shape, image, label }: Torchvision) {
	const gradients = new Map<string, TorchArray>();
	const logits = tf.tidy(() => {
		const pictures = tf.transpose(tf.tensor4d(image, shape), [0, 2, 3, 1]) as tf.Tensor4D;
		const entropy = () => classEntropy(network(pictures, evaluation), tf.tensor1d(label));
		const { grads } = tf.variableGrads(entropy, parameters.trainable());
		for (const { name, variable, layout } of parameters.entries()) {
			const gradient = grads[variable.name];
			if (gradient !== undefined) gradients.set(name, tensorToTorch(gradient, layout));
		}
		return network(pictures, evaluation).dataSync();
	});
	return { logits, gradients };
}

// Where FOVEA_TORCH names a Python with torchvision (.ci/run does): its own models, narrowed, by way of their .pth files.
const python = process.env["FOVEA_TORCH"];
if (python !== undefined && python !== "") {
	test.serial("VGG, AlexNet and ResNet imported from torchvision's .pth give its logits and gradients", async (t) => {
		t.timeout(240_000);
		const folder = await temporaryFolder(t);
		execFileSync(python, [join("test", "python", "write_classifiers.py"), folder], { stdio: "pipe" });
		const systems = { vgg: "vgg-classifier", alexnet: "alexnet", resnet: "resnet" } as const;
		await onEngines(async (engine) => {
			for (const model of ["vgg16", "vgg19", "alexnet", "resnet18", "resnet34"]) {
				const system = await findSystem(systems[model.replace(/\d+$/, "") as keyof typeof systems], "test");
				const file = await readWeights(join(folder, `${model}.pth`));
				const out = await temporaryFolder(t);
				const { options, checkpoint } = await importWeights([{ file }], system, { out });
				const depth = /\d+$/.exec(model)?.[0];
				if (depth !== undefined) t.is(options["depth"], Number(depth), model);
				let network: Logits | undefined;
				using parameters = await readNetwork(dirname(checkpoint), "C", (own) => {
					network = system.networks(options)["C"]?.(own) as Logits;
				});
				const wanted: Torchvision = JSON.parse(readFileSync(join(folder, `${model}.json`), "utf8"));
				const { logits, gradients } = judged(network as Logits, parameters, wanted);
				// The tolerances of the golden files, which PyTorch wrote too: float32 in another order of summation.
				t.true(apart(logits, wanted.logits) < 1e-4, `${engine} ${model}: logits ${apart(logits, wanted.logits)}`);
				t.deepEqual([...gradients.keys()].sort(), Object.keys(wanted.gradients).sort(), model);
				for (const [name, values] of Object.entries(wanted.gradients)) {
					const off = apart(gradients.get(name)?.data ?? [], values);
					t.true(off < 1e-3, `${engine} ${model}: gradient of ${name} ${off}`);
				}
			}
		});
	});
}

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
