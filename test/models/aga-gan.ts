import { existsSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { importWeights } from "../../harness/import/import.ts";
import { parity } from "../../harness/parity.ts";
import { readSafetensors } from "../../harness/safetensors.ts";
import { findSystem } from "../../harness/systems.ts";
import { type AgaGanOptions, agaGan } from "../../models/aga-gan.ts";
import { dualAttentionUnet } from "../../models/dual-attention-unet.ts";
import { agaDiscriminator } from "../../models/layers/aga-discriminator.ts";
import { agaGenerator, agaGeneratorLayers } from "../../models/layers/aga-generator.ts";
import { attributeAttention } from "../../models/layers/attribute-attention.ts";
import { residualDense } from "../../models/layers/residual-dense.ts";
import { softEntropy } from "../../models/losses/guided.ts";
import type { ResolutionBatch } from "../../models/paper.ts";
import { onEngines } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { facePictures, largest, learns, resumes } from "../helpers/training.ts";

const small: AgaGanOptions = { lowSize: 4, width: 2, attributes: 5, rate: 2e-3 };
const goldens = process.env["FOVEA_GOLDEN"];
const agagan = join(goldens ?? "", "agagan");
const there = goldens !== undefined && existsSync(agagan) ? test.serial : test.skip;

/** Two faces in two sizes, and attributes of which some are unknown. */
async function facesBatch(scale: number): Promise<() => ResolutionBatch> {
	const pictures = await facePictures(2, 4 * scale);
	const high = pictures.arraySync();
	pictures.dispose();
	const random = Random.seed(2);
	const labels = Float32Array.from({ length: 10 }, () => random.integer(3) - 1);
	return () => {
		const large = tf.tensor4d(high);
		return { high: large, low: tf.avgPool(large, scale, scale, "valid"), labels: tf.tensor2d(labels, [2, 5]) };
	};
}

there("equals the authors' Keras functions", async (t) => {
	await onEngines(async (engine) => {
		const cases = parity(agagan);
		let next = await cases.next();
		while (!next.done) {
			const { file, error, quantities } = next.value;
			const wrong = quantities.filter(({ pass }) => !pass).map(({ name, relativeError }) => `${name} ${relativeError}`);
			t.deepEqual([error, wrong], [undefined, []], `${engine}: ${file}`);
			next = await cases.next();
		}
		t.deepEqual([next.value.passed, next.value.unsupported], [8, []]);
	});
});

there("names the Keras layers of the generator as the code does", async (t) => {
	for (const [file, scale] of [
		["gen_x8", 8],
		["gen_x16_lr8", 16],
	] as const) {
		const { metadata } = await readSafetensors(join(agagan, `${file}.safetensors`));
		const theirs = JSON.parse(metadata["part_to_layer"] ?? "{}") as Record<string, string>;
		const plain = Object.entries(theirs).map(([part, layer]) => [part.replace(/\.up$|\(transposed\)$/, ""), layer]);
		t.deepEqual(agaGeneratorLayers(scale), Object.fromEntries(plain), file);
	}
});

test.serial("is imported from a file of Keras' names, its options found by the shapes", async (t) => {
	for (const options of [
		{ scale: 8, lowSize: 4 },
		{ scale: 16, lowSize: 4 },
		{ scale: 8, branch: "transposed", lowSize: 4 },
	]) {
		const card = await findSystem("aga-gan", "test");
		const complete = { ...card.options, ...options, width: 4, attributes: 5 };
		for (const [network, layers] of Object.entries(card.layers?.(complete) ?? {})) {
			using parameters = new Parameters(Random.seed(1).split(network));
			card.networks(complete)[network]?.(parameters);
			const theirs = parameters.entries().map(({ name }) => {
				const at = name.lastIndexOf(".");
				const array = parameters.read(name);
				const layer = layers[name.slice(0, at)] as string;
				return [`${layer}${name.slice(at)}`, { shape: array.shape, read: () => array }] as const;
			});
			const file = { path: "keras.h5", format: "Keras", sha256: "", tensors: new Map(theirs) };
			const out = await temporaryFolder(t);
			const { options: found } = await importWeights([{ file }], card, { options, out });
			t.deepEqual([found["width"], found["attributes"]], [4, 5], `${network} ${JSON.stringify(options)}`);
			const { tensors } = await readSafetensors(join(out, "checkpoint.safetensors"));
			const name = network === "G" ? "u1.weight" : "d1.weight";
			t.deepEqual(Float32Array.from(tensors.get(`${network}.${name}`)?.values ?? []), parameters.read(name).data);
		}
	}
});

test("its blocks have as many parameters as the layer table gives", (t) => {
	t.is(Parameters.count(residualDense(128, 64)), 958_848);
	const block = (maskKernel: number, maskChannels: number, isLast: boolean) =>
		Parameters.count((parameters) =>
			attributeAttention(parameters, 128, { maskKernel, maskChannels, isLast, form: "code" }),
		);
	t.deepEqual([block(1, 1, false), block(3, 1, false), block(3, 128, true)], [885_505, 886_529, 590_336]);
});

test.serial("enlarges four, eight and sixteen times, with masks in [0, 1]", async (t) => {
	await onEngines(() => {
		for (const scale of [4, 8, 16]) {
			using gan = agaGan({ ...small, scale });
			const images = tf.randomUniform([2, 4, 4, 3], -1, 1, "float32", 1) as tf.Tensor4D;
			const labels = tf.zeros([2, 5]) as tf.Tensor2D;
			const { images: made, maps } = gan.apply({ images, labels });
			t.deepEqual(made.shape, [2, 4 * scale, 4 * scale, 3]);
			t.true(largest(made) <= 1);
			t.deepEqual(Object.keys(maps), ["mask1", "mask2", "mask3"]);
			for (const map of Object.values(maps)) {
				t.deepEqual(map.shape, [2, 4 * scale, 4 * scale]);
				t.true(Math.min(...map.dataSync()) >= 0 && largest(map) <= 1);
			}
			tf.dispose([images, labels, made, maps]);
		}
	});
});

test.serial("with masks of zero a block gives its input back, and the figure's its first activation", async (t) => {
	await onEngines(() => {
		for (const form of ["code", "figure"] as const) {
			using parameters = new Parameters(Random.seed(3));
			const attend = attributeAttention(parameters, 4, { maskKernel: 3, maskChannels: 1, form });
			// A sigmoid of −100 is zero in float32.
			parameters.write("mask2.weight", { shape: [1, 4, 3, 3], data: new Float32Array(36) });
			parameters.write("mask2.bias", { shape: [1], data: Float32Array.of(-100) });
			tf.tidy(() => {
				const x = tf.randomNormal([1, 6, 6, 4], 0, 1, "float32", 1) as tf.Tensor4D;
				const guide = tf.randomNormal([1, 6, 6, 4], 0, 1, "float32", 2) as tf.Tensor4D;
				const { x: passed, mask } = attend(x, guide);
				t.true(largest(mask) < 1e-30);
				if (form === "code") t.true(largest(tf.sub(passed, x)) < 1e-6);
				else t.true((tf.min(passed).dataSync()[0] as number) >= 0);
			});
		}
	});
});

test.serial("unguided, attributes change nothing; guided, they do", async (t) => {
	await onEngines(() => {
		const images = tf.randomUniform([1, 4, 4, 3], -1, 1, "float32", 1) as tf.Tensor4D;
		const [yes, no] = [tf.ones([1, 5]) as tf.Tensor2D, tf.fill([1, 5], -1) as tf.Tensor2D];
		const apart = (guided: boolean) => {
			using gan = agaGan({ ...small, guided });
			return tf.tidy(() => largest(tf.sub(gan.generate(images, yes), gan.generate(images, no))));
		};
		t.is(apart(false), 0);
		t.true(apart(true) > 0);
		tf.dispose([images, yes, no]);
	});
});

test.serial("a picture's result does not depend on the others of its batch", async (t) => {
	await onEngines(() => {
		using gan = agaGan(small);
		tf.tidy(() => {
			const images = tf.randomUniform([3, 4, 4, 3], -1, 1, "float32", 1) as tf.Tensor4D;
			const labels = tf.randomUniform([3, 5], -1, 1, "float32", 2) as tf.Tensor2D;
			const all = gan.generate(images, labels);
			for (const index of [2, 0, 1]) {
				const one = gan.generate(tf.slice(images, [index], [1]), tf.slice(labels, [index], [1]));
				// The same sums, at most grouped otherwise.
				t.true(largest(tf.sub(one, tf.slice(all, [index], [1]))) < 1e-6);
			}
		});
	});
});

test.serial("its cross entropy is that of soft targets, and finite where a probability is 0 or 1", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const value = softEntropy(tf.tensor2d([[0.25], [0.5]]), [0.9, 0.1]).dataSync()[0] as number;
			const exact = -(0.9 * Math.log(0.25) + 0.1 * Math.log(0.75) + Math.log(0.5)) / 2;
			// A float32 logarithm.
			t.true(Math.abs(value - exact) < 1e-6, `${value} ${exact}`);
			const clipped = softEntropy(tf.tensor2d([[0]]), [1]).dataSync()[0] as number;
			t.true(Math.abs(clipped + Math.log(1e-7)) < 1e-4, `${clipped}`);
		});
	});
});

test("label smoothing draws real targets in (0.8, 1] and fake ones in [0, 0.2)", (t) => {
	using gan = agaGan(small);
	const batch = { low: tf.zeros([200, 4, 4, 3]), high: tf.zeros([200, 1, 1, 3]) } as ResolutionBatch;
	const { real, fake, deceive } = gan.draw(Random.seed(4), batch, 0) as Record<string, Float32Array>;
	for (const targets of [real, deceive]) {
		t.true(targets?.every((value) => value > 0.8 && value <= 1));
		t.is(targets?.length, 200);
	}
	t.true(fake?.every((value) => value >= 0 && value < 0.2));
	tf.dispose([batch.low, batch.high]);
});

for (const [name, options] of [
	["by the code", {}],
	[
		"by the figure, D's branch transposed, enlarged sixteen times",
		{ block: "figure", branch: "transposed", scale: 16 },
	],
] as const) {
	test.serial(`learns ${name}, and is resumed to the bit`, async (t) => {
		await onEngines(async () => {
			const batch = await facesBatch("scale" in options ? options.scale : 8);
			const learner = { build: () => agaGan({ ...small, ...options }), batch, losses: ["G/loss_pixel"] };
			learns(t, learner);
			await resumes(t, learner, 2);
		});
	});
}

test.serial("features add their term to the content loss", async (t) => {
	await onEngines(async () => {
		const batch = (await facesBatch(8))();
		using gan = agaGan({ ...small, features: (images) => tf.mul(images, 2) });
		const losses = gan.step(batch, gan.draw(Random.seed(1), batch, 0), 0);
		t.true((losses["G/loss_features"] as number) > 0);
		const { "G/loss_pixel": pixel = 0, "G/loss_features": features = 0, "G/loss_adv": adversarial = 0 } = losses;
		// Three float32 terms added.
		t.true(Math.abs((losses["G/loss"] as number) - (pixel + features + 0.003 * adversarial)) < 1e-6);
		tf.dispose(batch as unknown as tf.TensorContainer);
	});
});

test.serial("the U-Net learns behind a generator that stays as it is, and is resumed to the bit", async (t) => {
	await onEngines(async () => {
		const batch = await facesBatch(8);
		const build = () => dualAttentionUnet({ ...small, unetWidth: 4, reduction: 2 });
		const learner = { build, batch, losses: ["U/loss"] };
		learns(t, learner);
		await resumes(t, learner, 2);
		using unet = build();
		const before = unet.networks["G"]?.read("out.weight").data;
		const given = batch();
		unet.step(given, {}, 0);
		t.deepEqual(unet.networks["G"]?.read("out.weight").data, before);
		const maps = unet.attention(given);
		t.deepEqual(Object.keys(maps).sort(), ["mask1", "mask2", "mask3", "spatial_D1", "spatial_D2", "spatial_D3"]);
		for (const map of Object.values(maps)) t.deepEqual(map.shape, [2, 32, 32]);
		tf.dispose([maps, given as unknown as tf.TensorContainer]);
	});
});

test("pictures, attributes, scales and sizes that do not fit are refused in a line", async (t) => {
	await onEngines(() => {
		using gan = agaGan(small);
		const [low, labels] = [tf.zeros([1, 5, 4, 3]) as tf.Tensor4D, tf.zeros([1, 4]) as tf.Tensor2D];
		t.throws(() => gan.generate(low, labels), { message: "aga-gan: pictures must be 4 by 4 (lowSize), got 5 by 4" });
		const good = tf.zeros([1, 4, 4, 3]) as tf.Tensor4D;
		t.throws(() => gan.generate(good, labels), { message: "aga-gan: labels must hold 5 attributes, got 4" });
		t.throws(() => gan.generate(good), { message: "aga-gan: input must hold labels, got none" });
		tf.dispose([low, labels, good]);
	});
	t.throws(() => Parameters.count((parameters) => agaGenerator(parameters, { scale: 2 })), {
		message: "aga-gan: scale must be 4, 8 or 16, got 2",
	});
	t.throws(() => Parameters.count((parameters) => agaDiscriminator(parameters, { highSize: 40 })), {
		message: "aga-gan: highSize must be a multiple of 16 at ×8, got 40",
	});
});
