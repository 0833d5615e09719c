import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../engine/random.ts";
import type { PictureBatch } from "../../models/paper.ts";
import { type Sagan, sagan } from "../../models/sagan.ts";
import { onEngines } from "../helpers/engines.ts";
import { facePictures, largest, learns, resumes } from "../helpers/training.ts";

const small = { convDim: 2, zDim: 8, gRate: 2e-3, dRate: 2e-3 };

async function facesBatch() {
	const pictures = await facePictures(2, 64);
	const values = pictures.arraySync();
	pictures.dispose();
	return () => ({ images: tf.tensor4d(values) });
}

/** Some steps on: the singular values that divide the weights are only estimated in training. */
function trained(gan: Sagan, batch: PictureBatch): Sagan {
	for (let iteration = 0; iteration < 4; iteration += 1) {
		gan.step(batch, gan.draw(Random.seed(iteration), batch, iteration), iteration);
	}
	return gan;
}

for (const [attention, adversarial, steps] of [
	["community", "hinge", 30],
	["official", "wgan-gp", 12],
] as const) {
	test.serial(`learns and is resumed to the bit: ${attention} attention, ${adversarial}`, async (t) => {
		await onEngines(async () => {
			const build = () => sagan({ ...small, attention, adversarial });
			const learner = { build, batch: await facesBatch(), losses: ["D/loss_real", "D/loss_fake"], steps };
			learns(t, learner);
			await resumes(t, learner, 2);
		});
	});
}

test.serial("shows what a chosen pixel pays attention to", async (t) => {
	await onEngines(async () => {
		const batch = (await facesBatch())();
		using gan = trained(sagan({ ...small, convDim: 8 }), batch);
		// Attention after a few steps is all but even; sharper queries show which pixel is asked.
		for (const network of Object.values(gan.networks)) {
			for (const name of ["attn1.query_conv.weight", "attn2.query_conv.weight"]) {
				const { shape, data } = network.read(name);
				network.write(name, { shape, data: data.map((value) => value * 1000) });
			}
		}
		const before = tf.memory().numTensors;
		const corner = gan.attention(batch, { query: [0, 0] });
		const other = gan.attention(batch, { query: [0.9, 0.2] });
		t.deepEqual(Object.keys(corner).sort(), ["D/attn1", "D/attn2", "G/attn1", "G/attn2"]);
		for (const [name, map] of Object.entries(corner)) {
			t.deepEqual(map.shape, [2, 64, 64]);
			t.true(Math.min(...map.dataSync()) >= 0);
			t.is(largest(map), 1);
			t.true(tf.tidy(() => largest(tf.sub(map, other[name] as tf.Tensor))) > 0.01, name);
		}
		t.throws(() => gan.attention(batch, { query: [0, 2] }), { message: "attention: query must lie in [0, 1], got 2" });
		tf.dispose([corner, other]);
		t.is(tf.memory().numTensors, before);
		tf.dispose(batch);
	});
});

test.serial("a trained generator gives noise the same picture whatever the batch, with its maps", async (t) => {
	await onEngines(async () => {
		const batch = (await facesBatch())();
		using gan = trained(sagan(small), batch);
		const noise = tf.randomNormal([3, 8], 0, 1, "float32", 1) as tf.Tensor2D;
		const made = gan.apply({ noise });
		const one = tf.tidy(() => gan.generate(tf.slice(noise, [2, 0], [1, -1])));
		// The same sums, at most grouped otherwise.
		t.true(tf.tidy(() => largest(tf.sub(tf.slice(made.images, [2], [1]), one))) < 1e-5);
		t.deepEqual(Object.keys(made.maps), ["attn1", "attn2"]);
		tf.dispose([batch, noise, one, made.images, made.maps]);
	});
});
