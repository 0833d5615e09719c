import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { moveAverage } from "../../engine/average.ts";
import { upsampleNearest } from "../../engine/ops/upsample-nearest.ts";
import { constantInit, Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { saveCheckpoint } from "../../harness/checkpoint.ts";
import { openModel } from "../../harness/generate/model.ts";
import { growth } from "../../models/layers/growth.ts";
import { progressiveDiscriminator, progressiveGenerator } from "../../models/layers/progressive.ts";
import type { Gan } from "../../models/paper.ts";
import { type PgganOptions, pggan } from "../../models/pggan.ts";
import { onEngines } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { facePictures, largest, learns, resumes } from "../helpers/training.ts";

const networks = { depth: 4, latentSize: 8, fmapBase: 32, fmapMax: 8 } as const;
const small = { ...networks, stableImages: 16, fadeImages: 16, minibatch: "4", rate: 5e-3 } satisfies PgganOptions;

async function facesBatch(size = 16) {
	const pictures = await facePictures(4, size);
	const values = pictures.arraySync();
	pictures.dispose();
	return () => ({ images: tf.tensor4d(values) });
}

test("a level is trained alone, then the next fades in, by the pictures shown", (t) => {
	const stage = growth({ depth: 4, stableImages: 8, fadeImages: 8, minibatch: "2" });
	const stages = Array.from({ length: 20 }, (_, iteration) => stage(iteration));
	t.deepEqual(
		stages.map(({ images }) => images),
		stages.map((_, iteration) => 2 * iteration),
	);
	// 8 pictures alone (at the very 8th nothing of the next is there yet), 8 fading in, and so on.
	t.deepEqual(
		stages.map(({ level, alpha }) => level - 1 + alpha),
		[2, 2, 2, 2, 2, 2.25, 2.5, 2.75, 3, 3, 3, 3, 3, 3.25, 3.5, 3.75, 4, 4, 4, 4],
	);
	const news = stages.flatMap(({ isNew }, iteration) => (isNew ? [iteration] : []));
	t.deepEqual(news, [5, 8, 13, 16]);
});

test("batches follow the size of the pictures, and the pictures shown add up", (t) => {
	const stage = growth({ depth: 5, stableImages: 100, fadeImages: 60, minibatch: "4:16,16:8" });
	let images = 0;
	for (let iteration = 0; iteration < 200; iteration += 1) {
		const { level, batch, images: shown } = stage(iteration);
		t.is(shown, images, `iteration ${iteration}`);
		t.is(batch, level < 4 ? 16 : 8);
		images += batch;
	}
	t.is(stage(200).level, 5);
});

test("without fading a level is whole at once", (t) => {
	const stage = growth({ depth: 3, stableImages: 4, fadeImages: 0, minibatch: "2" });
	const rows = [0, 1, 2, 3].map(stage).map(({ level, alpha, isNew }) => [level, alpha, isNew]);
	t.deepEqual(rows, [
		[2, 1, false],
		[2, 1, false],
		[3, 1, true],
		[3, 1, false],
	]);
});

test.serial("with alpha 0 a level shows the enlarged picture of the level below, with 1 its own", async (t) => {
	await onEngines(() => {
		for (const form of ["official", "community"] as const) {
			using parameters = new Parameters(Random.seed(1));
			const generator = progressiveGenerator(parameters, { ...networks, form });
			tf.tidy(() => {
				const z = tf.randomNormal([2, 8], 0, 1, "float32", 1) as tf.Tensor2D;
				for (const level of [3, 4]) {
					const below = generator(z, { level: level - 1, alpha: 1 });
					const none = generator(z, { level, alpha: 0 });
					const whole = generator(z, { level, alpha: 1 });
					const half = generator(z, { level, alpha: 0.5 });
					const old = upsampleNearest(below, 2);
					t.is(largest(tf.sub(none, old)), 0);
					// Two float32 halves against one mean.
					t.true(largest(tf.sub(half, tf.mul(tf.add(whole, old), 0.5))) < 1e-6);
					t.deepEqual(whole.shape, [2, 2 ** level, 2 ** level, 3]);
				}
			});
		}
	});
});

test.serial("with alpha 0 a discriminator judges the pooled picture as the level below does", async (t) => {
	await onEngines(() => {
		using parameters = new Parameters(Random.seed(1));
		const discriminator = progressiveDiscriminator(parameters, networks);
		tf.tidy(() => {
			const images = tf.randomUniform([4, 16, 16, 3], -1, 1, "float32", 1) as tf.Tensor4D;
			const pooled = tf.avgPool(images, 2, 2, "valid");
			const faded = discriminator(images, { level: 4, alpha: 0 });
			const below = discriminator(pooled, { level: 3, alpha: 1 });
			// Pooled by two routines.
			t.true(largest(tf.sub(faded, below)) < 1e-6);
			t.true(largest(tf.sub(discriminator(images, { level: 4, alpha: 1 }), below)) > 1e-4);
		});
	});
});

test.serial("a group's scores do not depend on the order of its pictures", async (t) => {
	await onEngines(() => {
		using parameters = new Parameters(Random.seed(1));
		const discriminator = progressiveDiscriminator(parameters, networks);
		tf.tidy(() => {
			const images = tf.randomUniform([4, 16, 16, 3], -1, 1, "float32", 1) as tf.Tensor4D;
			const order = tf.tensor1d([2, 0, 3, 1], "int32");
			const scores = discriminator(images, { level: 4, alpha: 1 });
			const permuted = discriminator(tf.gather(images, order), { level: 4, alpha: 1 });
			t.true(largest(tf.sub(tf.gather(scores, order), permuted)) < 1e-6);
		});
	});
});

test.serial("the average follows its closed form", async (t) => {
	await onEngines(() => {
		using average = new Parameters(Random.seed(1));
		using source = new Parameters(Random.seed(1));
		for (const parameters of [average, source]) parameters.create("w", [3], constantInit(1));
		const at = (value: number) => source.write("w", { shape: [3], data: new Float32Array(3).fill(value) });
		at(5);
		for (let update = 1; update <= 10; update += 1) moveAverage(average, source, 0.9);
		// a_n = θ + (a_0 − θ)·0.9ⁿ for a constant θ.
		const value = average.read("w").data[0] as number;
		t.true(Math.abs(value - (5 - 4 * 0.9 ** 10)) < 1e-5, `${value}`);
	});
});

test.serial("the optimisers are those of a new training where a level begins", async (t) => {
	await onEngines(async () => {
		const batch = await facesBatch();
		using gan = pggan(small);
		const first = Array.from({ length: 12 }, (_, index) => index).find((index) => gan.stage(index).isNew) as number;
		const given = batch();
		for (let index = 0; index <= first; index += 1) gan.step(given, gan.draw(Random.seed(index), given, index), index);
		const { moments } = (gan.optimizers["G"] as NonNullable<(typeof gan.optimizers)[string]>).state();
		// The parameters in use have taken one step since; those of higher levels none.
		t.deepEqual([...new Set(Object.values(moments).map(({ steps }) => steps))].sort(), [0, 1]);
		given.images.dispose();
	});
});

test.serial("grows through its levels, learns, and is resumed to the bit with level and average", async (t) => {
	await onEngines(async () => {
		const batch = await facesBatch();
		const growing = { build: () => pggan(small), batch, losses: ["G/loss_fake"] };
		// Seven steps are within the first fade.
		await resumes(t, growing, 7);
		using gan = pggan(small);
		const shapes = new Set<number>();
		for (let index = 0; index < 30; index += 1) {
			const given = batch();
			gan.step(given, gan.draw(Random.seed(index), given, index), index, {
				output: (_, fake) => shapes.add(fake.shape[1] as number),
			});
			given.images.dispose();
		}
		t.deepEqual([...shapes], [4, 8, 16]);
		const noise = tf.zeros([2, 8]) as tf.Tensor2D;
		const made = gan.generate(noise);
		t.deepEqual(made.shape, [2, 16, 16, 3]);
		tf.dispose([noise, made]);
		// One level long enough to see the distance to the real pictures grow.
		const staying = { ...small, startLevel: 3, stableImages: 10_000 };
		learns(t, { build: () => pggan(staying), batch, losses: ["D/loss_real", "D/loss_fake"] });
	});
});

test.serial(
	"a checkpoint is applied at the level that its training reached, an untrained system at its last",
	async (t) => {
		await onEngines(async () => {
			const folder = await temporaryFolder(t);
			const options = { ...small, stableImages: 4, fadeImages: 4 };
			using gan = pggan(options);
			const noise = tf.zeros([1, 8]) as tf.Tensor2D;
			const side = (system: Gan<never>) => {
				const made = system.apply?.({ noise });
				const size = made?.images.shape[1];
				made?.images.dispose();
				return size;
			};
			t.is(side(gan), 16);
			const given = (await facesBatch())();
			// The third iteration is the first of level 3 alone.
			for (let index = 0; index < 3; index += 1) gan.step(given, gan.draw(Random.seed(index), given, index), index);
			t.is(side(gan), 8);
			await saveCheckpoint(folder, gan as Gan<never>, { system: "pggan", step: 3, seed: 0, settings: {}, options });
			using model = await openModel(folder, "pggan");
			t.is(side(model.gan as Gan<never>), 8);
			tf.dispose([noise, given.images]);
		});
	},
);

test.serial("noise gives the same picture whatever the batch", async (t) => {
	await onEngines(() => {
		using gan = pggan(small);
		tf.tidy(() => {
			const noise = tf.randomNormal([3, 8], 0, 1, "float32", 1) as tf.Tensor2D;
			const all = gan.generate(noise);
			const last = gan.generate(tf.slice(noise, [2, 0], [1, -1]));
			// The same sums, at most grouped otherwise.
			t.true(largest(tf.sub(tf.slice(all, [2], [1]), last)) < 1e-6);
		});
	});
});

test("schedules, batches and levels that do not fit are refused in a line", async (t) => {
	t.throws(() => pggan({ ...small, minibatch: "4:8,x" }), {
		message: 'pggan: minibatch must be a number or like "4:128,32:64", got "4:8,x"',
	});
	t.throws(() => pggan({ ...small, depth: 1 }), { message: "pggan: depth must be 2 or more, got 1" });
	await onEngines(async () => {
		using gan = pggan({ ...small, minibatch: "8" });
		const given = { images: tf.zeros([4, 16, 16, 3]) as tf.Tensor4D };
		t.throws(() => gan.step(given, gan.draw(Random.seed(1), given, 0), 0), {
			message: "pggan: batch must hold 8 pictures of 16 by 16, got 4 of 16 by 16",
		});
		given.images.dispose();
	});
});
