import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { amse } from "../../models/layers/amse.ts";
import { type Layer, training } from "../../models/layers/layer.ts";
import { maskedTranslator } from "../../models/layers/masked-translation.ts";
import { networksOf } from "../../models/layers/networks.ts";
import { sagAttention, sagNetworks } from "../../models/layers/sag-networks.ts";
import { paper, type SagOptions, sagGan } from "../../models/sag-gan.ts";
import { onEngines } from "../helpers/engines.ts";

const small: SagOptions = { ngf: 3, blocks: 1, reduction: 4, ngfAttention: 3, ndf: 3, dLayers: 2, poolSize: 2 };

function pictures(count: number, channels = 1, size = 16, seed = 1): tf.Tensor4D {
	return tf.tensor4d(Random.seed(seed).uniforms(count * size * size * channels, -1, 1), [count, size, size, channels]);
}

const largest = (x: tf.Tensor) => tf.tidy(() => tf.max(tf.abs(x)).dataSync()[0] as number);

test.serial("a mask of zero returns the picture, a mask of one what was generated, bit for bit", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			const x = pictures(2, 3);
			const generator: Layer = () => pictures(2, 3, 16, 2);
			const through = (mask: number) =>
				maskedTranslator(generator, (given) => tf.fill([given.shape[0], 16, 16, 1], mask))(x, training).image;
			t.is(largest(tf.sub(through(0), x)), 0);
			t.is(largest(tf.sub(through(1), generator(x, training))), 0);
			const half = tf.sub(through(0.5), tf.div(tf.add(x, generator(x, training)), 2));
			t.true(largest(half) < 1e-6);
		});
	});
});

test.serial("masks lie in [0, 1] and have the picture's size, also where it is not square", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			using parameters = new Parameters(Random.seed(3));
			const attention = sagAttention({ channels: 3, ngfAttention: 4, reduction: 4 })(parameters);
			const mask = attention(tf.tensor4d(Random.seed(1).normals(2 * 24 * 16 * 3, 0, 3), [2, 24, 16, 3]), training);
			t.deepEqual(mask.shape, [2, 24, 16, 1]);
			const values = mask.dataSync();
			t.true(Math.min(...values) >= 0 && Math.max(...values) <= 1);
		});
	});
});

test.serial("the squeeze is average plus maximum, and without a shift in the norms the maximum alone", async (t) => {
	await onEngines(() => {
		for (const affine of [true, false]) {
			tf.tidy(() => {
				using parameters = new Parameters(Random.seed(3));
				const block = amse(parameters, 6, { reduction: 4, affine });
				const shift = parameters.get("conv_block.6.bias");
				shift?.variable.assign(tf.tensor1d([1, -2, 3, 0.5, 0, -1]));
				const { u, z, gate, feature } = block(
					tf.tensor4d(Random.seed(1).normals(2 * 8 * 8 * 6), [2, 8, 8, 6]),
					training,
				);
				const [average, maximum] = [tf.mean(u, [1, 2]), tf.max(u, [1, 2])];
				// Sums of 64 values in float32.
				t.true(largest(tf.sub(z, tf.add(average, maximum))) < 1e-5);
				if (affine) t.true(Math.abs((average.dataSync()[2] as number) - 3) < 1e-5);
				else t.true(largest(average) < 1e-6);
				t.true(Math.min(...gate.dataSync()) > 0 && Math.max(...gate.dataSync()) < 1);
				t.deepEqual(feature.shape, [2, 8, 8, 6]);
			});
		}
	});
});

test.serial("where a whole channel is alike, its pixels share the maximum's gradient", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			using parameters = new Parameters(Random.seed(3));
			const block = amse(parameters, 2, { reduction: 1 });
			// A flat picture leaves the norms as their shift: every pixel of U is a maximum.
			const given = tf.tensor4d(new Float32Array(64 * 2).fill(0.5), [1, 8, 8, 2]);
			const shift = parameters.get("conv_block.6.bias")?.variable as tf.Variable;
			const { grads } = tf.variableGrads(() => tf.sum(block(given, training).z), [shift]);
			// d(average + maximum)/d(shift) is 1 + 1, not 1 + 64.
			const slope = (grads[shift.name] as tf.Tensor).dataSync();
			for (const value of slope) t.true(Math.abs(value - 2) < 1e-5, `${value}`);
		});
	});
});

test.serial("pictures of a batch are treated apart, one by one as all at once, in evaluation", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			using gan = sagGan(small);
			const x = pictures(3);
			const all = gan.translate(x, "a-to-b");
			const order = tf.tensor1d([2, 0, 1], "int32");
			const permuted = gan.translate(tf.gather(x, order), "a-to-b");
			// The same sums, at most grouped otherwise by the size of a batch.
			t.true(largest(tf.sub(tf.gather(all, order), permuted)) < 1e-5);
			const single = gan.translate(tf.slice(x, [1], [1]), "a-to-b");
			t.true(largest(tf.sub(tf.slice(all, [1], [1]), single)) < 1e-5);
		});
	});
});

test.serial("the mask loss teaches A_T alone, and only while it has a weight", async (t) => {
	await onEngines(() => {
		const batch = { a: pictures(1), b: pictures(1, 1, 16, 2), masks: tf.fill([1, 16, 16, 1], 1) as tf.Tensor4D };
		const moved = (lambdaMask: number, masks: tf.Tensor4D) => {
			using gan = sagGan({ ...small, lambdaMask, lambdaGan: 0, lambdaCyc: 0, seed: 4 });
			const weights = () => gan.networks["A_N"]?.read("conv5.weight").data;
			const taught = () => gan.networks["A_T"]?.read("conv5.weight").data;
			const [before, beforeTaught] = [weights(), taught()];
			const losses = gan.step({ ...batch, masks }, gan.draw(Random.seed(0), batch, 0), 0);
			return { losses, other: String(weights()) !== String(before), own: String(taught()) !== String(beforeTaught) };
		};
		const { losses, other, own } = moved(1, batch.masks);
		// Adam takes a step of the rate for any gradient but zero.
		t.deepEqual([other, own], [false, true]);
		t.true((losses["mask"] as number) > 0);
		t.false("mask" in moved(0, batch.masks).losses);
		tf.dispose(batch);
	});
});

test.serial("a batch without masks is refused while the mask loss has a weight", async (t) => {
	await onEngines(() => {
		using gan = sagGan(small);
		const batch = { a: pictures(1), b: pictures(1) };
		const before = tf.memory().numTensors;
		t.throws(() => gan.step(batch, gan.draw(Random.seed(0), batch, 0), 0), {
			message: "sag-gan: batch must hold masks of its tumours unless lambdaMask is 0, got none",
		});
		t.is(tf.memory().numTensors, before);
		using other = sagGan({ ...small, lambdaMask: 0 });
		t.notThrows(() => other.step(batch, other.draw(Random.seed(0), batch, 0), 0));
		tf.dispose(batch);
	});
});

test.serial("a cycle through networks with closed masks costs nothing", async (t) => {
	await onEngines(() => {
		const batch = { a: pictures(1), b: pictures(1, 1, 16, 2), masks: tf.zeros([1, 16, 16, 1]) as tf.Tensor4D };
		using gan = sagGan(small);
		for (const name of ["A_N", "A_T"]) {
			// σ(−100) is zero in float32.
			gan.networks[name]?.get("conv5.bias")?.variable.assign(tf.tensor1d([-100]));
			gan.networks[name]?.get("conv5.weight")?.variable.assign(tf.zeros([1, 1, 3, 1]));
		}
		const losses = gan.step(batch, gan.draw(Random.seed(0), batch, 0), 0);
		t.true((losses["cycle_n"] as number) < 1e-6 && (losses["cycle_t"] as number) < 1e-6);
		t.true((losses["mask"] as number) < 1e-6);
		tf.dispose(batch);
	});
});

test("weights follow the seed and the network's name", (t) => {
	const read = (seed: number, name: "G_NT" | "G_TN") => {
		using gan = sagGan({ ...small, seed });
		return gan.networks[name]?.read("model.1.weight").data;
	};
	t.deepEqual(read(1, "G_NT"), read(1, "G_NT"));
	t.notDeepEqual(read(1, "G_NT"), read(2, "G_NT"));
	t.notDeepEqual(read(1, "G_NT"), read(1, "G_TN"));
});

test("gradients of plain AMSE norms have no scale to train", (t) => {
	const { networks } = networksOf(sagNetworks({ ...small, amseNorm: "plain" }), Random.seed(0));
	t.is(networks.G_NT.get("model.10.conv_block.2.weight"), undefined);
	t.not(networks.A_N.get("res.conv_block.2.weight"), undefined);
	for (const network of Object.values(networks)) network[Symbol.dispose]();
});

test("Table I is whole, and its relative improvements are the share of the error that is removed", (t) => {
	t.is(paper.published.length, 9 * 6);
	const value = (system: string, column: string, metric: string) =>
		paper.published.find((one) => one.system === system && one.column === column && one.metric === metric)?.value ?? 0;
	// As printed: they were computed from unrounded scores.
	const printed = { accuracy: [25.03, 25.51, 25.7], AUC: [21.91, 32.27, 17.33] };
	for (const [metric, values] of Object.entries(printed)) {
		for (const [index, expected] of values.entries()) {
			const column = ["BraTS", "BraTS_S", "UNS"][index] as string;
			const base = value("w/o DA", column, metric);
			const gain = (100 * (value("Ours", column, metric) - base)) / (1 - base);
			t.true(Math.abs(gain - expected) < 0.02, `${metric} ${column}: ${gain}`);
		}
	}
	// Eight rivals, two metrics, two sets that are described.
	t.is(paper.claims.filter(({ where }) => where === "Table I").length, 32);
	t.is(paper.claims.length, 35);
});
