import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../../engine/random.ts";
import { fineGrainedAttention, mapEntropy } from "../../../models/losses/fine-grained-attention.ts";
import { meanAbsolute } from "../../../models/losses/reconstruction.ts";
import { onEngines } from "../../helpers/engines.ts";

const value = (x: tf.Tensor) => x.dataSync()[0] as number;

function pictures(): [tf.Tensor4D, tf.Tensor4D] {
	const random = Random.seed(1);
	const picture = () => tf.tensor4d(random.uniforms(2 * 5 * 4 * 3), [2, 5, 4, 3]);
	return [picture(), picture()];
}

test.serial("a map of −∞ gives the mean absolute error, one of +∞ zero, one of 0 half", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const [fake, real] = pictures();
			const plain = value(meanAbsolute(fake, real));
			const at = (logit: number) => value(fineGrainedAttention(fake, real, tf.fill([2, 5, 4, 3], logit)));
			t.is(at(Number.NEGATIVE_INFINITY), plain);
			t.is(at(Number.POSITIVE_INFINITY), 0);
			t.true(Math.abs(at(0) - plain / 2) < 1e-7);
		});
	});
});

test.serial("the map takes no gradient, the picture takes it where the map is low", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const [fake, real] = pictures();
			const map = tf.concat([tf.fill([2, 5, 2, 3], -50), tf.fill([2, 5, 2, 3], 50)], 2) as tf.Tensor4D;
			const picture = tf.grad((x) => fineGrainedAttention(x as tf.Tensor4D, real, map))(fake) as tf.Tensor4D;
			const half = (from: number) => tf.abs(tf.slice(picture, [0, 0, from, 0], [-1, -1, 2, -1]));
			// sign(error) over the number of values, where the attention is one.
			t.true(Math.abs(value(tf.min(half(0))) - 1 / 120) < 1e-8);
			t.true(value(tf.max(half(2))) < 1e-12);
			t.throws(() => tf.grad((m) => fineGrainedAttention(fake, real, m as tf.Tensor4D))(map));
		});
	});
});

test.serial("a map of zeros costs ln 2 whatever the answer, a sure one nothing or its size", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			for (const answer of ["real", "fake"] as const) {
				t.true(Math.abs(value(mapEntropy(tf.zeros([1, 2, 2, 3]), answer)) - Math.LN2) < 1e-7);
			}
			const sure = tf.fill([1, 2, 2, 3], 30) as tf.Tensor4D;
			t.true(value(mapEntropy(sure, "real")) < 1e-12);
			t.true(Math.abs(value(mapEntropy(sure, "fake")) - 30) < 1e-5);
		});
	});
});
