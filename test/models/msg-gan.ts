import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { type MsgGanOptions, msgDiscriminator, msgGan, msgGenerator } from "../../models/msg-gan.ts";
import { onEngines } from "../helpers/engines.ts";
import { facePictures, largest, learns, resumes } from "../helpers/training.ts";

const small: MsgGanOptions = { depth: 3, latentSize: 8, featureSize: 8 };

async function facesBatch() {
	const pictures = await facePictures(4, 16);
	const values = pictures.arraySync();
	pictures.dispose();
	return () => ({ images: tf.tensor4d(values) });
}

test("widths of the 256-pixel networks are those of the layer table", (t) => {
	const shapes = (build: (parameters: Parameters) => unknown, pattern: RegExp) => {
		using parameters = new Parameters(Random.seed(0));
		build(parameters);
		const weights = parameters.entries().filter(({ name }) => pattern.test(name));
		return weights.map(({ variable }) => variable.shape.slice(2));
	};
	// A sixteenth of the widths: 512, 512, 512, 512, 256, 128, 64.
	const narrow = { latentSize: 32, featureSize: 32 };
	const blocks = /^layers\.[1-9]\.conv_[12]\.weight$/;
	t.deepEqual(
		shapes((parameters) => msgGenerator(parameters, narrow), blocks),
		[32, 32, 32, 16, 8, 4].flatMap((width, index) => [
			[[32, 32, 32, 32, 16, 8][index] as number, width],
			[width, width],
		]),
	);
	t.deepEqual(
		shapes((parameters) => msgDiscriminator(parameters, narrow), /^layers\.\d\.conv_2\.weight$/),
		[
			[32, 16],
			[32, 16],
			[32, 16],
			[16, 16],
			[8, 8],
			[4, 4],
		],
	);
	t.deepEqual(
		shapes((parameters) => msgDiscriminator(parameters, narrow), /^(final_converter|rgb_to_features\.\d)\.weight$/),
		[
			[3, 16],
			[3, 16],
			[3, 16],
			[3, 8],
			[3, 4],
			[3, 4],
		].toSpliced(6, 0, [3, 16]),
	);
});

test.serial("learns, keeps an average, and is resumed to the bit", async (t) => {
	await onEngines(async () => {
		const learner = {
			// A slow G, so that D's loss can be seen to fall.
			build: () => msgGan({ ...small, gRate: 1e-4 }),
			batch: await facesBatch(),
			losses: ["D/loss_real", "D/loss_fake"],
		};
		learns(t, learner);
		await resumes(t, learner, 3);
	});
});

test.serial("makes a picture at every scale, whatever the batch", async (t) => {
	await onEngines(() => {
		using gan = msgGan({ ...small, normalizeLatent: true });
		tf.tidy(() => {
			const noise = tf.randomNormal([3, 8], 0, 1, "float32", 1) as tf.Tensor2D;
			const all = gan.generate(noise);
			t.deepEqual(
				all.map(({ shape }) => shape),
				[4, 8, 16].map((side) => [3, side, side, 3]),
			);
			const last = gan.generate(tf.slice(noise, [2, 0], [1, -1]));
			// The same sums, at most grouped otherwise.
			for (const [scale, picture] of all.entries()) {
				t.true(largest(tf.sub(tf.slice(picture, [2], [1]), last[scale] as tf.Tensor)) < 1e-6);
			}
			// A normalised latent has one length, whatever the noise's.
			const longer = gan.generate(tf.mul(noise, 3));
			t.true(largest(tf.sub(longer[2] as tf.Tensor, all[2] as tf.Tensor)) < 1e-5);
		});
	});
});

test.serial("a batch's scores do not depend on the order of its pictures", async (t) => {
	await onEngines(() => {
		using parameters = new Parameters(Random.seed(1));
		const discriminator = msgDiscriminator(parameters, small);
		tf.tidy(() => {
			const scales = [4, 8, 16].map(
				(side) => tf.randomUniform([3, side, side, 3], -1, 1, "float32", side) as tf.Tensor4D,
			);
			const order = tf.tensor1d([2, 0, 1], "int32");
			const permuted = discriminator(scales.map((pictures) => tf.gather(pictures, order)));
			t.true(largest(tf.sub(tf.gather(discriminator(scales), order), permuted)) < 1e-6);
		});
	});
});

test.serial("pictures of another size are refused in a line", async (t) => {
	await onEngines(() => {
		using gan = msgGan(small);
		const given = { images: tf.zeros([1, 8, 16, 3]) as tf.Tensor4D };
		t.throws(() => gan.step(given, gan.draw(Random.seed(1), given, 0), 0), {
			message: "msg-gan: pictures must be 16 by 16, got 8 by 16",
		});
		given.images.dispose();
	});
});
