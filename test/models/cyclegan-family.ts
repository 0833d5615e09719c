import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { attentionGan, attentionGenerator, compose } from "../../models/attention-gan.ts";
import { cyclegan } from "../../models/cyclegan.ts";
import { ImagePool, PoolDraws } from "../../models/layers/image-pool.ts";
import { training } from "../../models/layers/layer.ts";
import { patchgan, spectralPatchgan } from "../../models/layers/patchgan.ts";
import { resnetGenerator } from "../../models/layers/resnet-generator.ts";
import type { UnpairedBatch } from "../../models/paper.ts";
import { onEngines } from "../helpers/engines.ts";

const small = { ngf: 2, ndf: 2, blocks: 1, dLayers: 1, poolSize: 2, rate: 1e-3 };
const systems = [
	["attention-gan", () => attentionGan(small)],
	["cyclegan", () => cyclegan(small)],
	["cyclegan", () => cyclegan({ ...small, discriminator: "spectral" }), " with spectral norm"],
] as const;

function batchOf(count: number): UnpairedBatch {
	const random = Random.seed(1);
	const pictures = () => tf.tensor4d(random.uniforms(count * 16 * 16 * 3, -1, 1), [count, 16, 16, 3]);
	return { a: pictures(), b: pictures() };
}

const largest = (x: tf.Tensor) => tf.tidy(() => tf.max(tf.abs(x)).dataSync()[0] as number);

for (const [id, build, form = ""] of systems) {
	test.serial(`${id}${form} leaks no tensor once its pools are full, and lowers its cycle loss`, async (t) => {
		await onEngines(() => {
			const start = tf.memory().numTensors;
			const gan = build();
			const batch = batchOf(1);
			const losses: number[] = [];
			const step = (index: number) => {
				const draws = gan.draw(Random.seed(index), batch, index);
				losses.push(gan.step(batch, draws, index)["cycle_A"] as number);
			};
			for (let index = 0; index < 3; index += 1) step(index);
			const before = tf.memory().numTensors;
			for (let index = 3; index < 5; index += 1) step(index);
			tf.dispose(gan.attention(batch));
			gan.translate(batch.a, "a-to-b").dispose();
			t.is(tf.memory().numTensors, before);
			t.true((losses.at(-1) as number) < (losses[0] as number), losses.join(" "));
			gan[Symbol.dispose]();
			tf.dispose([batch.a, batch.b]);
			t.is(tf.memory().numTensors, start);
		});
	});
}

test("parameter counts equal those of the papers' configurations", (t) => {
	t.is(
		Parameters.count((parameters) => attentionGenerator(parameters)),
		11_822_949,
	);
	t.is(
		Parameters.count((parameters) => attentionGenerator(parameters, { geo: true })),
		11_832_360,
	);
	t.is(Parameters.count(resnetGenerator()), 11_378_179);
	t.is(Parameters.count(resnetGenerator({ channels: 1 })), 11_365_633);
	t.is(Parameters.count(patchgan()), 2_764_737);
	t.is(Parameters.count(patchgan({ channels: 1 })), 2_762_689);
	// Instance norm has no parameters, and spectral norm's vectors do not train.
	t.is(Parameters.count(spectralPatchgan()), 2_764_737);
});

test.serial("the ten masks of AttentionGAN sum to one at every pixel", async (t) => {
	await onEngines(() => {
		using parameters = new Parameters(Random.seed(4));
		const generator = attentionGenerator(parameters, small);
		const { a, b } = batchOf(2);
		const { image, masks, content } = generator(a, training);
		t.deepEqual(masks.shape, [2, 16, 16, 10]);
		t.deepEqual(content.shape, [2, 16, 16, 27]);
		// A softmax in float32 over ten channels.
		t.true(largest(tf.sub(tf.sum(masks, 3), 1)) < 1e-6);
		t.true(largest(image) <= 1);
		tf.dispose([a, b, image, masks, content]);
	});
});

test.serial("a background mask of one returns the picture, one of zero what was generated", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const { a, b } = batchOf(1);
			const content = tf.concat([b, tf.zeros([1, 16, 16, 24])], 3) as tf.Tensor4D;
			const only = (mask: number) =>
				tf.tile(tf.oneHot(tf.tensor1d([mask], "int32"), 10).reshape([1, 1, 1, 10]), [1, 16, 16, 1]);
			const composed = (mask: number) => compose(a, content, tf.cast(only(mask), "float32") as tf.Tensor4D);
			t.is(largest(tf.sub(composed(9), a)), 0);
			t.is(largest(tf.sub(composed(0), b)), 0);
		});
	});
});

test.serial("without content and attention the result is a tenth of the picture", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const { a } = batchOf(1);
			const result = compose(a, tf.zeros([1, 16, 16, 27]), tf.fill([1, 16, 16, 10], 0.1) as tf.Tensor4D);
			t.true(largest(tf.sub(result, tf.mul(a, 0.1))) < 1e-7);
		});
	});
});

test.serial("a pool keeps what comes until it is full, then exchanges by the draws", async (t) => {
	await onEngines(() => {
		using pool = new ImagePool(2);
		const item = (value: number) => tf.fill([1, 1, 1, 1], value) as tf.Tensor4D;
		const draws = new PoolDraws([0.9, 0.2, 0.6], [1, 0, 1]);
		const shown = [1, 2, 3, 4, 5].map((value) => pool.query(item(value), draws).dataSync()[0]);
		// 3 takes the place of 2; 4 is returned and not kept; 5 takes the place of 3.
		t.deepEqual(shown, [1, 2, 2, 4, 3]);
		t.throws(() => pool.query(item(6), draws), { message: /draws must suffice/ });
	});
});

test("a U-Net of fewer than five levels is refused", (t) => {
	t.throws(() => cyclegan({ generator: "unet", downs: 4 }), { message: "unet: downs must be 5 or more, got 4" });
});
