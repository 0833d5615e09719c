import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../engine/random.ts";
import { classPair } from "../../harness/class-pair.ts";
import { msgGan } from "../../models/msg-gan.ts";
import { onEngines } from "../helpers/engines.ts";

const make = (seed: number) => msgGan({ depth: 3, latentSize: 4, featureSize: 4, channels: 1, seed });
const filled = (value: number, side: number) => tf.fill([2, side, side, 1], value) as tf.Tensor4D;

test.serial("each GAN of a pair learns from its own class as it does alone", async (t) => {
	await onEngines(() => {
		using pair = classPair("msg-gan", { a: make(1), b: make(2) }, 16);
		using alone = make(2);
		const batch = { a: filled(0.5, 16), b: filled(-0.5, 16) };
		const before = tf.memory().numTensors;
		const draws = pair.draw(Random.seed(3), batch, 0);
		const losses = pair.step(batch, draws, 0);
		const own = { z: draws["b.z"] as ArrayLike<number> };
		const expected = alone.step({ images: batch.b }, own, 0);
		t.is(losses["b.G/loss"], expected["G/loss"]);
		t.deepEqual(
			pair.networks["b.G"]?.read("layers.1.conv_1.weight"),
			alone.networks["G"]?.read("layers.1.conv_1.weight"),
		);
		// Adam makes its moments when it first steps, the pictures stay as they were.
		t.true(tf.memory().numTensors >= before);
		const settled = tf.memory().numTensors;
		pair.step(batch, pair.draw(Random.seed(4), batch, 1), 1);
		t.is(tf.memory().numTensors, settled);
		tf.dispose(batch);
	});
});

test.serial(
	"slices whose side is no power of two are bordered with black, and made ones cut to their side",
	async (t) => {
		await onEngines(() => {
			const seen: number[][] = [];
			const spy = (seed: number) => {
				const gan = make(seed);
				return {
					...gan,
					step: (...given: Parameters<typeof gan.step>) => {
						seen.push([...given[0].images.shape, ...given[0].images.slice([0, 0, 0, 0], [1, 1, 1, 1]).dataSync()]);
						return gan.step(...given);
					},
				};
			};
			using pair = classPair("msg-gan", { a: spy(1), b: spy(2) }, 12);
			const batch = { a: filled(0.5, 12), b: filled(0.5, 12) };
			pair.step(batch, pair.draw(Random.seed(3), batch, 0), 0);
			t.deepEqual(seen, [
				[2, 16, 16, 1, -1],
				[2, 16, 16, 1, -1],
			]);
			const made = pair.generate("b", tf.zeros([3, 4]));
			t.deepEqual(made.shape, [3, 12, 12, 1]);
			tf.dispose([batch.a, batch.b, made]);
		});
	},
);
