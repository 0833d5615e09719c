import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import {
	augmenterTest,
	brightnessArea,
	commonerShare,
	maskResamples,
	patientResamples,
	scoreClassifier,
} from "../../harness/augmentation-scores.ts";
import {
	augmentationIds,
	augmenterSteps,
	buildPresetAugmenter,
	openSlices,
	seedsOf,
	trainedOn,
} from "../../harness/augmentation-setup.ts";
import { augmenterIds, syntheticExamples } from "../../harness/augmenters.ts";
import type { Dataset } from "../../harness/datasets/dataset.ts";
import { choosing, trainingClasses } from "../../harness/datasets/views.ts";
import { experimentOf, findExperiment } from "../../harness/experiments/find.ts";
import { experiment, presets } from "../../harness/experiments/sag-gan.ts";
import { writePng } from "../../harness/pictures.ts";
import type { Slices } from "../../harness/slices.ts";
import { stacked } from "../../harness/slices.ts";
import { runTraining } from "../../harness/training-run.ts";
import { onEngines } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const preset = presets.smoke;

const slices = (classes: readonly number[], patients: readonly string[], brightness: readonly number[]): Slices => ({
	shape: [classes.length, 1, 1, 1],
	pixels: Uint8Array.from(brightness),
	classes: Int32Array.from(classes),
	masks: classes.map(() => undefined),
	patients,
	signed: () => new Float32Array(classes.length),
});

test("resamples take patients whole, as many as there are, and always both classes", (t) => {
	const given = slices([0, 1, 0, 0, 1], ["x", "x", "y", "y", "z"], [0, 0, 0, 0, 0]);
	const members = { x: [0, 1], y: [2, 3], z: [4] };
	for (const rows of patientResamples(given, 50, 3)) {
		const patients = [...rows].map((row) => given.patients[row] as keyof typeof members);
		const drawn = Object.entries(members).map(
			([name, own]) => patients.filter((one) => one === name).length / own.length,
		);
		t.true(drawn.every(Number.isInteger));
		t.is(
			drawn.reduce((sum, count) => sum + count, 0),
			3,
		);
		t.is(new Set([...rows].map((row) => given.classes[row])).size, 2);
	}
	t.deepEqual(patientResamples(given, 5, 3), patientResamples(given, 5, 3));
});

test("a classifier's scores are those of its chances, with DeLong's interval for the area", (t) => {
	const given = slices([0, 0, 1, 1, 1], ["a", "b", "c", "d", "e"], [0, 0, 0, 0, 0]);
	const { scores, values } = scoreClassifier(
		Float64Array.of(0.1, 0.6, 0.4, 0.7, 0.9),
		given,
		patientResamples(given, 20, 1),
	);
	const of = (id: string) => scores.find(({ metric }) => metric === id);
	// Right: 0.1, 0.7, 0.9; of six pairs 0.6 is ranked over 0.4.
	t.is(of("accuracy")?.value, 0.6);
	t.true(Math.abs((of("auc")?.value as number) - 5 / 6) < 1e-12);
	t.is(of("auc")?.interval?.method, "DeLong");
	t.true(Math.abs((of("tpr")?.value as number) - 2 / 3) < 1e-12);
	t.is(of("tnr")?.value, 0.5);
	t.is(values.accuracy.resamples.length, 20);
});

test("the floor is what mean brightness alone reaches, whichever way it points", (t) => {
	t.is(brightnessArea(slices([0, 0, 1, 1], ["a", "b", "c", "d"], [1, 2, 3, 4])), 1);
	t.is(brightnessArea(slices([0, 0, 1, 1], ["a", "b", "c", "d"], [4, 3, 2, 1])), 1);
	t.is(brightnessArea(slices([0, 1, 0, 1], ["a", "b", "c", "d"], [1, 2, 3, 4])), 0.75);
});

test("accuracy has the floor of naming every slice the commoner class", (t) => {
	t.is(commonerShare(slices([0, 1, 1, 1], ["a", "b", "c", "d"], [1, 2, 3, 4])), 0.75);
	t.is(commonerShare(slices([0, 0, 0, 1], ["a", "b", "c", "d"], [1, 2, 3, 4])), 0.75);
});

test("masks are drawn again by patient and then by slice, and one patient leaves his slices to chance", (t) => {
	const given = slices([1, 0, 1, 1, 1], ["x", "x", "x", "y", "y"], [0, 0, 0, 0, 0]);
	const rows = [0, 2, 3, 4];
	// Places in `rows`: 0 and 1 are of patient x, 2 and 3 of y; patients are as long, so that every resample has four.
	const drawn = maskResamples(given, rows, 200, 3);
	for (const places of drawn) {
		t.is(places.length, 4);
		const ofFirst = [...places].map((place) => place < 2);
		t.true(ofFirst[0] === ofFirst[1] && ofFirst[2] === ofFirst[3]);
	}
	const share = drawn.flatMap((places) => [...places]).filter((place) => place === 0).length / 800;
	// A quarter in expectation; the standard deviation of the share is below 0.02.
	t.true(Math.abs(share - 0.25) < 0.08, String(share));
	const alone = maskResamples(given, [0, 2], 50, 3).map((places) => String(places));
	t.true(new Set(alone).size > 1);
	t.deepEqual(maskResamples(given, rows, 5, 3), drawn.slice(0, 5));
});

test.serial("the floors of masks are the average place of a tumour and the brightness of a slice", async (t) => {
	await onEngines(async () => {
		// Tumours of 8 × 8 of 32 × 32 pixels: in training at the top left, in test beside it, and bright in every slice.
		const size = 32;
		const square = (left: number) =>
			Uint8Array.from({ length: size * size }, (_, at) => {
				const column = at % size;
				return at < 8 * size && column >= left && column < left + 8 ? 255 : 0;
			});
		const lefts = { train: 0, validation: 0, test: 4 };
		const tumours: Dataset = {
			...{ name: "squares", size: [size, size], channels: 1, attributes: ["Tumour"] },
			count: () => 4,
			label: (_, index) => Float32Array.of(index % 2),
			read: async (split, index) => ({
				id: `${split} ${index}`,
				pixels: square(lefts[split]).map((value) => (index % 2 === 1 && value > 0 ? 200 : 20 + index)),
				label: Float32Array.of(index % 2),
				masks: { Tumour: index % 2 === 1 ? square(lefts[split]) : new Uint8Array(size * size) },
			}),
			describe: () => "squares",
		};
		const { maps, resamples } = await augmenterTest(tumours, await stacked(tumours, "test"), 7);
		// 32 of 64 pixels in common, 96 in either.
		t.true(Math.abs((maps?.prior as number) - 1 / 3) < 1e-12);
		t.is(maps?.brightness, 1);
		t.is(resamples.length, 7);
	});
});

test("the main pair has all seeds, rivals the first of them; an eighth is trained for as many epochs", (t) => {
	const { laptop } = presets;
	t.deepEqual(seedsOf("sag-gan", "", [4, 5, 6], laptop), [4, 5, 6]);
	t.deepEqual(seedsOf("sag-gan-without-labels", "", [4, 5, 6], laptop), [4, 5, 6]);
	t.deepEqual(seedsOf("pggan", "", [4, 5, 6], laptop), [4]);
	t.deepEqual(seedsOf("sag-gan", "-eighth", [4, 5, 6], laptop), [4]);
	t.is(augmenterSteps("sag-gan", laptop, "-eighth"), Math.ceil(augmenterSteps("sag-gan", laptop, "") / 8));
	t.is(augmenterSteps("pggan", laptop, ""), laptop.noise.steps);
	t.true(trainedOn("", true).includes("sag-gan-without-labels"));
	t.false(trainedOn("", false).includes("sag-gan-without-labels"));
	t.false(trainedOn("-eighth", true).includes("sag-gan-without-labels"));
});

test.serial("without labels no true mask reaches SAG-GAN, with them they teach it", async (t) => {
	const folders = await temporaryFolder(t);
	for (let index = 0; index < 20; index += 1) {
		const pixels = Uint8Array.from({ length: 32 * 32 }, (_, at) => (at * (index + 3)) % 251);
		for (const side of ["no", "yes"]) {
			await mkdir(join(folders, side), { recursive: true });
			await writePng(join(folders, side, `${index}.png`), pixels, { height: 32, width: 32, channels: 1 });
		}
	}
	await onEngines(async () => {
		for (const [system, data, isTaught] of [
			["sag-gan", "brains", true],
			["sag-gan-without-labels", "brains", false],
			["sag-gan", `classes:${folders}`, false],
		] as const) {
			const training = await experiment.training(system, { preset: "smoke", data, seed: 1, steps: 1 });
			const run = runTraining(training, { out: await temporaryFolder(t), seed: 1 });
			let losses: Readonly<Record<string, number>> = {};
			let next = await run.next();
			while (!next.done) {
				if ("losses" in next.value) losses = next.value.losses;
				next = await run.next();
			}
			training.gan[Symbol.dispose]();
			t.true("cycle_n" in losses, system);
			t.is("mask" in losses, isTaught, system);
			t.is((training.settings["lambdaMask"] ?? 0) !== 0, isTaught, system);
		}
	});
});

test("the eighth holds an eighth of each class, the same for everybody", async (t) => {
	const eighth = await openSlices(preset, "brains", "-eighth");
	const whole = await openSlices(preset, "brains");
	t.is(eighth.count("train"), whole.count("train") / 8);
	t.is(
		trainingClasses(eighth).reduce((sum, label) => sum + label, 0),
		whole.count("train") / 16,
	);
	const again = await openSlices(preset, "brains", "-eighth");
	t.deepEqual(await eighth.read("train", 3), await again.read("train", 3));
	await t.throwsAsync(openSlices(preset, "faces"), {
		message: /^--data: must have the label Tumour and one channel, got /,
	});
});

test("no patient of the test split is among the others", async (t) => {
	const dataset = await openSlices(preset, "brains");
	const [train, held] = [await stacked(dataset, "train"), await stacked(dataset, "test")];
	// Drawn patients are numbered within their split; what tells them apart is their pictures.
	const first = (given: Slices, index: number) => String(given.pixels.subarray(index * 1024, (index + 1) * 1024));
	const seen = new Set(Array.from({ length: train.shape[0] }, (_, index) => first(train, index)));
	t.false(Array.from({ length: held.shape[0] }, (_, index) => first(held, index)).some((picture) => seen.has(picture)));
});

for (const id of augmenterIds) {
	test.serial(`${id} makes one picture for each of the training set, of the class that it is labelled`, async (t) => {
		await onEngines(async () => {
			const dataset = choosing(await openSlices(preset, "brains"), [0, 1, 2, 3], "a few");
			const augmenter = buildPresetAugmenter(id, preset, 1);
			const made = await syntheticExamples(augmenter, dataset, 1, { batchSize: 3 });
			const labels = made.map(({ label }) => label[0]);
			// A translator turns each class into the other; what starts from noise makes more of the same.
			t.deepEqual(labels, augmenter.isTranslator ? [1, 0, 1, 0] : [0, 1, 0, 1]);
			for (const { pixels } of made) t.is(pixels.length, 32 * 32);
			t.deepEqual(await syntheticExamples(augmenter, dataset, 1, { batchSize: 3 }), made);
			augmenter.gan[Symbol.dispose]();
		});
	});
}

test.serial(
	"a classifier trains on what an augmenter made, and is refused without the augmenter's folder",
	async (t) => {
		await onEngines(async () => {
			const folder = await temporaryFolder(t);
			const options = { preset: "smoke", data: "brains", seed: 1, steps: 2 } as const;
			const finish = async (system: string, out: string, from?: string) => {
				const training = await experiment.training(system, { ...options, from });
				const run = runTraining(training, { out, seed: 1 });
				let next = await run.next();
				while (!next.done) next = await run.next();
				training.gan[Symbol.dispose]();
				return { result: next.value, settings: training.settings };
			};
			await finish("sag-gan-eighth", `${folder}/sag-gan`);
			const { result, settings } = await finish("resnet-sag-gan-eighth", `${folder}/resnet`, `${folder}/sag-gan`);
			t.is(result.steps, 2);
			t.regex(String(settings["data"]), /24 to train; pictures of sag-gan: 24 more to train$/);
			await t.throwsAsync(experiment.training("resnet-sag-gan-eighth", options), {
				message: "--from: must be the folder of a training of sag-gan, got none",
			});
		});
	},
);

test("every augmentation has a classifier on either training set, and SAG-GAN's own experiment trains it", async (t) => {
	for (const suffix of ["", "-eighth"]) {
		for (const id of augmentationIds) t.true(experiment.systems.includes(`resnet-${id}${suffix}`), id);
	}
	t.is(experiment.systems[0], "sag-gan");
	t.is((await findExperiment("sag-gan")).paper.id, "sag-gan");
	t.is((await experimentOf("sag-gan")).paper.id, "sag-gan");
});
