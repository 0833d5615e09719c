import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../../engine/random.ts";
import { relativisticAverage } from "../../../models/losses/adversarial.ts";
import { generatorTerms, relativisticEntropy, relativisticHinge } from "../../../models/losses/relativistic.ts";
import { onEngines } from "../../helpers/engines.ts";

const value = (x: tf.Tensor) => x.dataSync()[0] as number;
const close = (actual: number, expected: number) => Math.abs(actual - expected) < 1e-6;

test.serial("with equal scores every cross entropy is ln 2, every hinge 1", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const scores = tf.fill([4, 1], -3.25);
			for (const [form, expected] of [
				[relativisticEntropy, Math.LN2],
				[relativisticHinge, 1],
			] as const) {
				for (const terms of [form.discriminator(scores, scores), form.generator(scores, scores)]) {
					t.true(close(value(terms.real), expected) && close(value(terms.fake), expected));
				}
			}
			t.true(close(value(relativisticAverage.generator(scores, scores)), Math.LN2));
		});
	});
});

test.serial("the order of scores, and a constant added to all, change nothing", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const [real, fake] = [tf.tensor2d([[1], [-0.5], [2]]), tf.tensor2d([[0.25], [-1], [0.5]])];
			const turned = (x: tf.Tensor) => tf.reverse(x, 0);
			const moved = (x: tf.Tensor) => tf.add(x, 0.75);
			for (const form of [relativisticEntropy, relativisticHinge]) {
				const expected = form.discriminator(real, fake);
				for (const change of [turned, moved]) {
					const terms = form.discriminator(change(real), change(fake));
					t.true(close(value(terms.real), value(expected.real)) && close(value(terms.fake), value(expected.fake)));
				}
			}
		});
	});
});

test.serial("against sums in float64", async (t) => {
	await onEngines(() => {
		const [real, fake] = [
			[1, -0.5, 2],
			[0.25, -1, 0.5],
		] as const;
		const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
		const softplus = (x: number) => Math.log1p(Math.exp(x));
		tf.tidy(() => {
			const terms = relativisticEntropy.discriminator(tf.tensor1d([...real]), tf.tensor1d([...fake]));
			t.true(close(value(terms.real), mean(real.map((r) => softplus(mean(fake) - r)))));
			t.true(close(value(terms.fake), mean(fake.map((f) => softplus(f - mean(real))))));
			const hinge = relativisticHinge.generator(tf.tensor1d([...fake]), tf.tensor1d([...real]));
			t.true(close(value(hinge.real), mean(real.map((r) => Math.max(0, 1 + r - mean(fake))))));
			t.true(close(value(hinge.fake), mean(fake.map((f) => Math.max(0, 1 - f + mean(real))))));
		});
	});
});

test.serial("no gradient flows from G's loss into the scores of real pictures", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const real = tf.variable(tf.tensor2d([[1], [-0.5]]));
			const fake = tf.variable(tf.tensor2d([[0.25], [-1]]));
			const loss = () => {
				const terms = generatorTerms(relativisticEntropy, fake, real);
				return tf.add<tf.Scalar>(terms.real, terms.fake);
			};
			const { grads } = tf.variableGrads(loss, [fake]);
			t.true((tf.max(tf.abs(grads[fake.name] as tf.Tensor)).dataSync()[0] as number) > 0);
			t.throws(() => tf.variableGrads(loss, [real]), { message: /no variables|Cannot find a connection|depend/i });
			tf.dispose([real, fake]);
		});
	});
});

test.serial("gradients of all scores together cancel to the last bit", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const random = Random.seed(3);
			const scores = () => tf.tensor2d(random.normals(2), [2, 1]);
			for (let round = 0; round < 20; round += 1) {
				const loss = (real: tf.Tensor, fake: tf.Tensor) => {
					const terms = relativisticEntropy.discriminator(real, fake);
					return tf.mul(tf.add(terms.real, terms.fake), 0.5);
				};
				const [real, fake] = tf.grads(loss)([scores(), scores()]) as [tf.Tensor, tf.Tensor];
				t.is(value(tf.add(tf.sum(real), tf.sum(fake))), 0);
			}
		});
	});
});
