import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { type AgganOptions, aggan, curriculum } from "../../models/aggan.ts";
import { agganDiscriminator, agganGenerator } from "../../models/layers/aggan-networks.ts";
import { evaluation, training } from "../../models/layers/layer.ts";
import type { UnpairedBatch } from "../../models/paper.ts";
import { onEngines } from "../helpers/engines.ts";

const small: AgganOptions = { ngf: 2, ndf: 2, blocks: 1, dLayers: 1, poolSize: 2, rate: 1e-3 };

function batchOf(count: number, channels = 3): UnpairedBatch {
	const random = Random.seed(1);
	const shape: [number, number, number, number] = [count, 16, 16, channels];
	const pictures = () => tf.tensor4d(random.uniforms(count * 256 * channels, -1, 1), shape);
	return { a: pictures(), b: pictures() };
}

const largest = (x: tf.Tensor) => tf.tidy(() => tf.max(tf.abs(x)).dataSync()[0] as number);
const step = (gan: ReturnType<typeof aggan>, batch: UnpairedBatch, index: number) =>
	gan.step(batch, gan.draw(Random.seed(index), batch, index), index);

/** A generator whose mask is the sigmoid of `logit` everywhere, and what it makes of `a`. */
function withMask(logit: number, body: (a: tf.Tensor4D, made: ReturnType<ReturnType<typeof agganGenerator>>) => void) {
	using parameters = new Parameters(Random.seed(4));
	const generator = agganGenerator(parameters, small);
	const last = parameters.read("model.28.weight");
	last.data.fill(0, 0, last.data.length / 4);
	parameters.write("model.28.weight", last);
	const bias = parameters.read("model.28.bias");
	bias.data[0] = logit;
	parameters.write("model.28.bias", bias);
	tf.tidy(() => {
		const { a } = batchOf(2);
		body(a, generator(a, training));
	});
}

test.serial("a mask of zero returns the picture to the bit, one of one the raw content", async (t) => {
	await onEngines(() => {
		withMask(-200, (a, { image, masks }) => {
			t.is(largest(masks as tf.Tensor4D), 0);
			t.is(largest(tf.sub(image, a)), 0);
		});
		withMask(200, (_, { image, content, masks }) => {
			t.is(largest(tf.sub(1, masks as tf.Tensor4D)), 0);
			t.is(largest(tf.sub(image, content)), 0);
		});
	});
});

test.serial(
	"masks lie in [0, 1], one for all channels, and content goes beyond [-1, 1] unless it has a tanh",
	async (t) => {
		await onEngines(() => {
			const contentOf = (contentTanh: boolean) => {
				using parameters = new Parameters(Random.seed(4));
				const generator = agganGenerator(parameters, { ...small, contentTanh });
				const last = parameters.read("model.28.weight");
				parameters.write("model.28.weight", { ...last, data: last.data.map((value) => value * 1000) });
				return tf.tidy(() => {
					const { content, masks } = generator(batchOf(2).a, training);
					t.deepEqual(masks?.shape, [2, 16, 16, 1]);
					const values = (masks as tf.Tensor4D).dataSync();
					t.true(Math.min(...values) >= 0 && Math.max(...values) <= 1);
					return largest(content);
				});
			};
			t.true(contentOf(false) > 1);
			t.true(contentOf(true) <= 1);
		});
	},
);

test.serial("in evaluation a permuted batch gives the permuted results, and each picture its own alone", async (t) => {
	await onEngines(() => {
		using gan = aggan(small);
		const batch = batchOf(3);
		// Running statistics that are not those of the start.
		step(gan, batch, 0);
		tf.tidy(() => {
			const order = tf.tensor1d([2, 0, 1], "int32");
			const all = gan.translate(batch.a, "a-to-b");
			const permuted = gan.translate(tf.gather(batch.a, order), "a-to-b");
			const alone = tf.concat(
				[0, 1, 2].map((index) => gan.translate(batch.a.slice([index, 0, 0, 0], [1, -1, -1, -1]), "a-to-b")),
			);
			// The same sums, at most grouped otherwise by the size of a batch.
			t.true(largest(tf.sub(tf.gather(all, order), permuted)) < 1e-5);
			t.true(largest(tf.sub(all, alone)) < 1e-5);
		});
		tf.dispose([batch.a, batch.b]);
	});
});

test.serial("identity passes move the running statistics and nothing else", async (t) => {
	await onEngines(() => {
		const run = (identityPasses: boolean) => {
			using gan = aggan({ ...small, identityPasses });
			const batch = batchOf(1);
			const losses = step(gan, batch, 0);
			const read = (network: string, name: string) => gan.networks[network]?.read(name).data as Float32Array;
			const result = {
				losses,
				weight: read("G_A2B", "model.1.weight"),
				passes: read("G_A2B", "model.2.num_batches_tracked")[0],
				judged: read("D_A", "conv_tower.1.num_batches_tracked")[0],
				mean: read("G_A2B", "model.2.running_mean"),
			};
			tf.dispose([batch.a, batch.b]);
			return result;
		};
		const [without, coded] = [run(false), run(true)];
		t.deepEqual(coded.losses, without.losses);
		t.deepEqual(coded.weight, without.weight);
		t.notDeepEqual(coded.mean, without.mean);
		// G sees its own set's picture and a generated one, and before them one of the other set.
		t.deepEqual([without.passes, coded.passes], [2, 3]);
		// D sees the fake in G's step, then a real picture and a fake.
		t.deepEqual([without.judged, coded.judged], [3, 3]);
	});
});

test.serial("the share of cycle and pixel terms follows the curriculum", async (t) => {
	const share = curriculum({ iterations: 2, early: 0.25, late: 0.5 });
	t.deepEqual([0, 1, 2, 100].map(share), [0.25, 0.25, 0.5, 0.5]);
	t.deepEqual([0, 13_339, 13_340].map(curriculum()), [0.01, 0.01, 0.5]);
	await onEngines(() => {
		for (const iteration of [0, 2]) {
			using gan = aggan({ ...small, share, lambdaGan: 0.5, lambdaTv: 1e-3 });
			const batch = batchOf(2);
			const losses = step(gan, batch, iteration) as Record<string, number>;
			const r = share(iteration);
			const of = (...names: string[]) => names.reduce((sum, name) => sum + (losses[name] as number), 0);
			const expected =
				(1 - r) * (0.5 * of("GAN_A2B", "GAN_B2A") + of("reg_A", "reg_B")) +
				r * (10 * of("cycle_ABA", "cycle_BAB") + of("pix_A", "pix_B"));
			// Ten float32 terms.
			t.true(Math.abs((losses["G"] as number) - expected) < 1e-5 * expected, `${losses["G"]}, not ${expected}`);
			tf.dispose([batch.a, batch.b]);
		}
	});
});

test.serial("a term of weight zero is left out, and without a mask there is none to show", async (t) => {
	await onEngines(() => {
		using gan = aggan({ ...small, masked: false, lambdaPixel: 0 });
		const batch = batchOf(1);
		const losses = step(gan, batch, 0);
		t.deepEqual(Object.keys(losses).sort(), ["D", "G", "GAN_A2B", "GAN_B2A", "cycle_ABA", "cycle_BAB"]);
		const made = gan.apply?.({ images: batch.a });
		t.deepEqual(made?.maps, {});
		t.deepEqual(gan.attention(batch), {});
		t.true(largest(made?.images as tf.Tensor4D) <= 1);
		tf.dispose([batch.a, batch.b, made?.images as tf.Tensor4D]);
	});
});

test.serial("discriminators that are shown the mask train with the rest, and leave no tensor behind", async (t) => {
	await onEngines(() => {
		const start = tf.memory().numTensors;
		const gan = aggan({ ...small, attentionDiscriminators: true });
		t.deepEqual(Object.keys(gan.networks), ["G_A2B", "G_B2A", "D_A", "D_B", "D_A_mask", "D_B_mask"]);
		t.deepEqual(gan.networks["D_A_mask"]?.read("conv_tower.0.weight").shape, [2, 4, 4, 4]);
		const batch = batchOf(2);
		const before = gan.networks["D_A_mask"]?.read("conv_tower.0.weight").data;
		for (let index = 0; index < 3; index += 1) {
			const losses = step(gan, batch, index);
			t.true(["AGAN_A2B", "AGAN_B2A", "GAN_A2B", "GAN_B2A"].every((name) => Number.isFinite(losses[name])));
		}
		t.notDeepEqual(gan.networks["D_A_mask"]?.read("conv_tower.0.weight").data, before);
		t.deepEqual(gan.memories?.["D_B_mask"]?.read()?.shape, [2, 16, 16, 4]);
		const steady = tf.memory().numTensors;
		step(gan, batch, 3);
		tf.dispose(gan.attention(batch));
		tf.dispose(gan.apply?.({ images: batch.a, direction: "b-to-a" }) as unknown as tf.TensorContainer);
		t.is(tf.memory().numTensors, steady);
		gan[Symbol.dispose]();
		tf.dispose([batch.a, batch.b]);
		t.is(tf.memory().numTensors, start);
	});
});

test.serial("through the discriminators of the mask the mask itself is trained", async (t) => {
	await onEngines(() => {
		using gan = aggan({ ...small, attentionDiscriminators: true, lambdaCycle: 0, lambdaPixel: 0, lambdaTv: 0 });
		const blind = (network: string, name: string, from: number, to: number) => {
			const weight = gan.networks[network]?.read(name) as { shape: readonly number[]; data: Float32Array };
			const perChannel = 16;
			const channels = weight.shape[1] as number;
			const data = weight.data.map((value, at) => {
				const channel = Math.floor(at / perChannel) % channels;
				return channel >= from && channel < to ? 0 : value;
			});
			gan.networks[network]?.write(name, { ...weight, data });
		};
		// The plain discriminator sees nothing, the other one the mask alone: what reaches G comes through the mask.
		blind("D_B", "conv_tower.0.weight", 0, 3);
		blind("D_B_mask", "conv_tower.0.weight", 1, 4);
		const batch = batchOf(1);
		const sizes: Record<string, number> = {};
		gan.step(batch, gan.draw(Random.seed(0), batch, 0), 0, {
			gradients: (all) => {
				const last = all.find(({ network, parameter }) => network === "G_A2B" && parameter.name === "model.28.bias");
				if (last === undefined) return;
				sizes["mask"] = largest(last.value.slice([0], [1]));
				sizes["content"] = largest(last.value.slice([1], [3]));
			},
		});
		t.true((sizes["mask"] as number) > 0);
		t.is(sizes["content"], 0);
		tf.dispose([batch.a, batch.b]);
	});
});

test.serial("grey pictures train as coloured ones do, and their masks count once", async (t) => {
	await onEngines(() => {
		using gan = aggan({ ...small, channels: 1, lambdaTv: 1e-3 });
		const batch = batchOf(1, 1);
		let variation = 0;
		const losses = gan.step(batch, gan.draw(Random.seed(0), batch, 0), 0, {
			output: (name, mask) => {
				if (name !== "mask_B") return;
				const values = mask.dataSync();
				for (let at = 0; at < 256; at += 1) {
					if (at % 16 < 15) variation += Math.abs((values[at + 1] as number) - (values[at] as number));
					if (at < 240) variation += Math.abs((values[at + 16] as number) - (values[at] as number));
				}
			},
		});
		// 480 differences in float32.
		t.true(Math.abs((losses["reg_B"] as number) - 1e-3 * variation) < 1e-5 * variation);
		t.deepEqual(gan.translate(batch.a, "a-to-b").shape, [1, 16, 16, 1]);
		tf.dispose([batch.a, batch.b]);
	});
});

test.serial("pictures too small for the discriminator are refused with the side it needs", async (t) => {
	await onEngines(() => {
		using parameters = new Parameters(Random.seed(1));
		const layer = agganDiscriminator({ ndf: 1, layers: 4 })(parameters);
		const score = (side: number) => tf.tidy(() => layer(tf.zeros([1, side, side, 3]), evaluation).shape);
		t.deepEqual(score(94), [1, 1, 1, 1]);
		t.throws(() => score(93), {
			message: "discriminator: pictures must have sides of 94 or more for 4 strided layers, got 93",
		});
	});
});

test("discriminators of a mask that is not there are refused", (t) => {
	t.throws(() => aggan({ ...small, masked: false, attentionDiscriminators: true }), {
		message: "aggan: attentionDiscriminators must have a mask to show, got masked false",
	});
});
