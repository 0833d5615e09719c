import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { attentionGanMulti, multiGenerator } from "../../models/attention-gan-multi.ts";
import { evaluation } from "../../models/layers/layer.ts";
import type { StarganOptions } from "../../models/layers/stargan-training.ts";
import type { LabelledBatch } from "../../models/paper.ts";
import { onEngines } from "../helpers/engines.ts";

const small: StarganOptions = {
	...{ imageSize: 16, gConvDim: 4, dConvDim: 4, gRepeatNum: 1, dRepeatNum: 2, nCritic: 1 },
	...{ gRate: 1e-3, dRate: 1e-3 },
};

function batchOf(count: number): LabelledBatch {
	const random = Random.seed(1);
	const labels = Float32Array.from({ length: count * 5 }, () => random.integer(2));
	return {
		images: tf.tensor4d(random.uniforms(count * 16 * 16 * 3, -1, 1), [count, 16, 16, 3]),
		labels: tf.tensor2d(labels, [count, 5]),
	};
}

const largest = (x: tf.Tensor) => tf.tidy(() => tf.max(tf.abs(x)).dataSync()[0] as number);

test.serial("the result is the content where the mask is one and the picture where it is zero", async (t) => {
	await onEngines(() => {
		using parameters = new Parameters(Random.seed(2));
		const generator = multiGenerator(parameters, { convDim: 4, repeatNum: 1 });
		// Bias-free: a huge last convolution of the mask's channel drives every pixel to one end.
		const last = parameters.read("main.16.weight");
		for (let at = 0; at < last.data.length / 4; at += 1) last.data[at] = (last.data[at] as number) * 1e4;
		parameters.write("main.16.weight", last);
		tf.tidy(() => {
			const { images, labels } = batchOf(2);
			const { image, content, masks } = generator(images, labels, evaluation);
			const expected = tf.where(tf.greater(masks, 0.5), content, images);
			const decided = tf.logicalOr(tf.equal(masks, 0), tf.equal(masks, 1));
			t.true((tf.mean(tf.cast(decided, "float32")).dataSync()[0] as number) > 0.5);
			t.is(largest(tf.where(decided, tf.sub(image, expected), 0)), 0);
		});
	});
});

test.serial("its attention is the mask of the edit, in [0, 1] and not scaled", async (t) => {
	await onEngines(() => {
		using gan = attentionGanMulti(small);
		const batch = batchOf(3);
		const { mask } = gan.attention(batch) as { mask: tf.Tensor3D };
		t.deepEqual(mask.shape, [3, 16, 16]);
		const values = mask.dataSync();
		t.true(Math.min(...values) >= 0 && Math.max(...values) < 1);
		const made = gan.apply?.(batch) as { images: tf.Tensor4D; maps: { mask: tf.Tensor3D } };
		t.true(largest(made.images) <= 1);
		t.deepEqual(made.maps.mask.dataSync(), values);
		tf.dispose([mask, made.images, made.maps.mask, batch.images, batch.labels]);
	});
});

test.serial("in evaluation a permuted batch gives the permuted results, and each picture its own alone", async (t) => {
	await onEngines(() => {
		using gan = attentionGanMulti(small);
		const batch = batchOf(3);
		tf.tidy(() => {
			const order = tf.tensor1d([2, 0, 1], "int32");
			const all = gan.generate(batch.images, batch.labels);
			const permuted = gan.generate(tf.gather(batch.images, order), tf.gather(batch.labels, order));
			const alone = [0, 1, 2].map((index) =>
				gan.generate(batch.images.slice([index, 0, 0, 0], [1, -1, -1, -1]), batch.labels.slice([index, 0], [1, -1])),
			);
			// The same sums, at most grouped otherwise by the size of a batch.
			t.true(largest(tf.sub(tf.gather(all, order), permuted)) < 1e-5);
			t.true(largest(tf.sub(all, tf.concat(alone))) < 1e-5);
		});
		tf.dispose([batch.images, batch.labels]);
	});
});

test.serial(
	"faces of one expression each are told apart by a softmax: ln of their number where D knows nothing",
	async (t) => {
		await onEngines(() => {
			const classes = 8;
			using gan = attentionGanMulti({ ...small, cDim: classes, labelling: "class" });
			const head = gan.networks["D"]?.read("conv2.weight") as { shape: readonly number[]; data: Float32Array };
			gan.networks["D"]?.write("conv2.weight", { ...head, data: head.data.fill(0) });
			const images = tf.randomUniform([3, 16, 16, 3], -1, 1, "float32", 1) as tf.Tensor4D;
			const labels = tf.tidy(() =>
				tf.cast(tf.oneHot(tf.tensor1d([0, 5, 7], "int32"), classes), "float32"),
			) as tf.Tensor2D;
			const losses = gan.step({ images, labels }, { permutation: [1, 2, 0], gp_alpha: [0.1, 0.5, 0.9] }, 0);
			// A mean of three logarithms in float32.
			t.true(Math.abs((losses["D/loss_cls"] as number) - Math.log(classes)) < 1e-6);
			tf.dispose([images, labels]);
		});
	},
);
