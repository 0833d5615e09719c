/** What every system must do, whatever it computes: one table of small configurations, one row for each card. */
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../engine/random.ts";
import { loadCheckpoint, saveCheckpoint } from "../../harness/checkpoint.ts";
import { allSystems } from "../../harness/systems.ts";
import type { Gan, Input, Output } from "../../models/paper.ts";
import type { Options, System } from "../../models/system.ts";
import { onEngines } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { largest } from "../helpers/training.ts";

interface Row {
	readonly options: Options;
	/** Side of what goes in. */
	readonly side: number;
	/** Times that what comes out is larger. @default 1 */
	readonly scale?: number;
	/** @default 3 */
	readonly channels?: number;
	/** Attributes of each picture, of systems that are told. @default one, the class */
	readonly labels?: number;
	/** Length of the noise that it starts from. */
	readonly noise?: number;
	/** It gives answers instead of pictures. */
	readonly judges?: true;
	/** Its maps: of the picture made, of both directions, or none. */
	readonly maps?: true;
	/** Networks whose scalar `gamma` starts at zero, which hides what they attend to. */
	readonly gammas?: true;
}

const star = { imageSize: 16, gConvDim: 4, dConvDim: 4, gRepeatNum: 1, dRepeatNum: 2, nCritic: 1, cDim: 3 };
const cycle = { ngf: 2, ndf: 2, blocks: 1, dLayers: 2, poolSize: 2 };
const rrdb = { width: 6, blocks: 1, growth: 3, initScale: 1 };
const judged = { size: 24, dWidth: 3, dHead: 5 };
const guided = { lowSize: 4, width: 2, attributes: 5 };

const rows: Readonly<Record<string, Row>> = {
	"aga-gan": { options: guided, side: 4, scale: 8, labels: 5, maps: true },
	aggan: { options: { ...cycle, dLayers: 1 }, side: 16, maps: true },
	alexnet: { options: { width: 4, headWidth: 8, classes: 3 }, side: 64, judges: true },
	"attention-gan": { options: cycle, side: 16, maps: true },
	"attention-gan-geo": { options: { ...cycle, masks: 4 }, side: 16, maps: true },
	"attention-gan-multi": { options: star, side: 16, labels: 3, maps: true },
	"attribute-classifier": {
		options: { imageSize: 16, attributes: 3, widths: "4,6" },
		side: 16,
		labels: 3,
		judges: true,
	},
	bicubic: { options: { scale: 3 }, side: 7, scale: 3 },
	"cca-gan": { options: star, side: 16, labels: 3, maps: true, gammas: true },
	cyclegan: { options: cycle, side: 16 },
	"dual-attention-unet": {
		options: { ...guided, unetWidth: 4, reduction: 2 },
		...{ side: 4, scale: 8, labels: 5, maps: true },
	},
	esrgan: { options: { ...rrdb, ...judged, dHalvings: 3 }, side: 6, scale: 4 },
	"fa-fs-srgan": { options: { ...rrdb, ...judged }, side: 6, scale: 4, maps: true },
	fasrgan: { options: { ...rrdb, ...judged }, side: 6, scale: 4, maps: true },
	"fs-srgan": { options: { ...rrdb, ...judged, dHalvings: 3 }, side: 6, scale: 4 },
	"fs-srgan-psnr": { options: rrdb, side: 6, scale: 4 },
	"msg-gan": { options: { depth: 3, latentSize: 8, featureSize: 8 }, side: 16, noise: 8 },
	pggan: {
		options: { depth: 4, latentSize: 6, fmapBase: 32, fmapMax: 8, startLevel: 4, minibatch: "3", groupSize: 3 },
		...{ side: 16, noise: 6 },
	},
	resnet: { options: { width: 3, classes: 3 }, side: 32, judges: true },
	"rrdb-psnr": { options: rrdb, side: 6, scale: 4 },
	"sag-gan": {
		options: { ngf: 3, blocks: 1, reduction: 2, ngfAttention: 3, ndf: 3, dLayers: 2, poolSize: 2 },
		...{ side: 16, channels: 1, maps: true },
	},
	sagan: { options: { convDim: 2, zDim: 6 }, side: 64, noise: 6, maps: true, gammas: true },
	srgan: { options: { width: 6, blocks: 1, ...judged, dHalvings: 3 }, side: 6, scale: 4 },
	srresnet: { options: { width: 6, blocks: 1 }, side: 6, scale: 4 },
	stargan: { options: star, side: 16, labels: 3 },
	"stargan-sagan": { options: star, side: 16, labels: 3, maps: true, gammas: true },
	uaggan: { options: { ngf: 3, ndf: 3, blocks: 1, poolSize: 2 }, side: 16, maps: true },
	"vgg-classifier": { options: { depth: 11, width: 4, headWidth: 8, classes: 3 }, side: 32, judges: true },
};

const count = 3;
/** Three pictures, one after another in another order. */
const order = [2, 0, 1];

/** What the system is applied to: `count` pictures or noises, and the fields that it asks for. */
function inputOf({ side, channels = 3, labels, noise }: Row): Input {
	const random = Random.seed(4);
	if (noise !== undefined) return { noise: tf.tensor2d(random.normals(count * noise), [count, noise]) };
	const images = tf.tensor4d(random.uniforms(count * side * side * channels, -1, 1), [count, side, side, channels]);
	if (labels === undefined) return { images };
	return { images, labels: tf.tensor2d(bits(random, count * labels), [count, labels]) };
}

/** What it is trained on, with every field that a system of any kind reads. */
function batchOf(row: Row): object {
	const { side, scale = 1, channels = 3, labels = 1 } = row;
	const random = Random.seed(6);
	const pictures = (size: number) =>
		tf.tensor4d(random.uniforms(count * size * size * channels, -1, 1), [count, size, size, channels]);
	const shared = {
		labels: tf.tensor2d(bits(random, count * labels), [count, labels]),
		masks: tf.tensor4d(bits(random, count * side * side), [count, side, side, 1]),
	};
	return {
		...{ ...shared, images: pictures(side), a: pictures(side), b: pictures(side) },
		...{ low: pictures(side), high: pictures(side * scale) },
	};
}

const bits = (random: Random, length: number) => Float32Array.from({ length }, () => random.integer(2));

/** The examples `index` of every field. */
function pick(input: Input, index: readonly number[]): Input {
	const at = tf.tensor1d([...index], "int32");
	return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, tf.gather(value as tf.Tensor, at)]));
}

/** A step on the same batch. */
function step(gan: Gan<object>, batch: object, iteration: number) {
	return gan.step(batch, gan.draw(Random.seed(8).split(iteration), batch, iteration), iteration);
}

/** Built and trained a little: running statistics, moments and pools have something in them, and no gate is shut. */
function trained({ build }: System, { options, gammas }: Row, batch: object): Gan<object> {
	const gan = (build as NonNullable<System["build"]>)({ ...options, seed: 3 });
	for (let iteration = 0; iteration < 2; iteration += 1) step(gan, batch, iteration);
	for (const network of gammas === true ? Object.values(gan.networks) : []) {
		for (const { name } of network.entries().filter(({ name }) => name.endsWith("gamma"))) {
			network.write(name, { shape: [1], data: Float32Array.of(0.5) });
		}
	}
	return gan;
}

function apply({ system, gan, row }: { system: System; gan: Gan<object> | undefined; row: Row }, input: Input): Output {
	if (system.apply !== undefined) return system.apply(row.options)(input);
	// A classifier's answers stand for its pictures.
	const classifier = gan as unknown as { predict?(images: tf.Tensor4D): tf.Tensor };
	const answers = row.judges === true ? classifier.predict?.(input.images as tf.Tensor4D) : undefined;
	return answers === undefined
		? ((gan as Gan<object>).apply?.(input) as Output)
		: { images: answers as tf.Tensor4D, maps: {} };
}

test("every system has its row", async (t) => {
	const ids = (await allSystems()).filter(({ build, apply }) => build !== undefined || apply !== undefined);
	t.deepEqual(Object.keys(rows).sort(), ids.map(({ id }) => id).sort());
});

for (const [id, row] of Object.entries(rows)) {
	test.serial(
		`${id} treats examples apart in evaluation, and shows maps in [0, 1] of the size of its pictures`,
		async (t) => {
			const system = (await allSystems()).find((card) => card.id === id) as System;
			await onEngines((engine) => {
				const start = tf.memory().numTensors;
				const batch = batchOf(row);
				const gan = system.build === undefined ? undefined : trained(system, row, batch);
				const subject = { system, gan, row };
				tf.tidy(() => {
					const input = inputOf(row);
					const { images, maps } = apply(subject, input);
					const side = row.side * (row.scale ?? 1);
					if (row.judges !== true) t.deepEqual(images.shape.slice(0, 3), [count, side, side]);
					const { images: permuted, maps: permutedMaps } = apply(subject, pick(input, order));
					const index = tf.tensor1d(order, "int32");
					// The same sums, at most grouped otherwise by the size of a batch.
					const near = 1e-5 * Math.max(1, largest(images));
					t.true(largest(tf.sub(tf.gather(images, index), permuted)) < near, `${engine}: permuted`);
					for (const one of [0, 1, 2]) {
						const alone = apply(subject, pick(input, [one])).images;
						t.true(largest(tf.sub(tf.slice(images, [one], [1]), alone)) < near, `${engine}: ${one} alone`);
					}
					for (const [name, map] of Object.entries(maps)) {
						t.deepEqual(map.shape, [count, side, side], name);
						t.true(
							largest(tf.sub(tf.gather(map, index), permutedMaps[name] as tf.Tensor)) < 1e-5,
							`${engine}: ${name}`,
						);
					}
					const shown = Object.entries(gan?.attention(batch) ?? {});
					t.is(shown.length > 0, row.maps === true, "attention");
					for (const [name, map] of [...shown, ...Object.entries(maps)]) {
						t.deepEqual(map.shape, [count, side, side], name);
						const values = map.dataSync();
						t.true(Math.min(...values) >= 0 && Math.max(...values) <= 1, `${engine}: ${name}`);
						t.true(Math.max(...values) > 0, `${engine}: ${name} is empty`);
					}
				});
				gan?.[Symbol.dispose]();
				tf.dispose(batch as unknown as tf.TensorContainer);
				t.is(tf.memory().numTensors, start, engine);
			});
		},
	);

	if (id === "bicubic") continue;
	test.serial(
		`${id} keeps its tensors in number, and goes on from a checkpoint as if it had not stopped`,
		async (t) => {
			const system = (await allSystems()).find((card) => card.id === id) as System;
			await onEngines(async (engine) => {
				const folder = await temporaryFolder(t);
				const batch = batchOf(row);
				const gan = trained(system, row, batch);
				const held = tf.memory().numTensors;
				const losses = step(gan, batch, 2);
				t.is(tf.memory().numTensors, held, engine);
				t.true(Object.values(losses).every(Number.isFinite), `${engine}: ${JSON.stringify(losses)}`);
				const header = { system: id, step: 3, seed: 3, settings: {} };
				await saveCheckpoint(folder, gan as Gan<never>, header);
				const again = system.build?.({ ...row.options, seed: 5 }) as Gan<object>;
				await loadCheckpoint(folder, again as Gan<never>, header);
				for (const iteration of [3, 4]) t.deepEqual(step(again, batch, iteration), step(gan, batch, iteration), engine);
				for (const [name, network] of Object.entries(gan.networks)) {
					for (const { name: key } of network.entries()) {
						t.deepEqual(again.networks[name]?.read(key).data, network.read(key).data, `${engine}: ${name}.${key}`);
					}
				}
				gan[Symbol.dispose]();
				again[Symbol.dispose]();
				tf.dispose(batch as unknown as tf.TensorContainer);
			});
		},
	);
}
