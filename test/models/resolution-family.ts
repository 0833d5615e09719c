import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { loadCheckpoint, saveCheckpoint } from "../../harness/checkpoint.ts";
import { esrgan, rrdbPsnr } from "../../models/esrgan.ts";
import { faFsSrgan } from "../../models/fa-fs-srgan.ts";
import { type FasrganOptions, fasrgan } from "../../models/fasrgan.ts";
import { type FsSrganOptions, fsSrgan, fsSrganPsnr } from "../../models/fs-srgan.ts";
import { training } from "../../models/layers/layer.ts";
import type { ResolutionGan } from "../../models/layers/resolution-training.ts";
import { rrdb, rrdbFeatures, rrdbNet } from "../../models/layers/rrdb.ts";
import { unetDiscriminator } from "../../models/layers/unet-discriminator.ts";
import { vggDiscriminator } from "../../models/layers/vgg-discriminator.ts";
import type { ResolutionBatch } from "../../models/paper.ts";
import { srgan, srresnetPsnr } from "../../models/srgan.ts";
import { onEngines } from "../helpers/engines.ts";
import { photographBatches } from "../helpers/photographs.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const small: FasrganOptions & FsSrganOptions = {
	...{ width: 8, blocks: 1, growth: 4, initScale: 0.5, size: 24, dWidth: 4, dHead: 8, dHalvings: 3 },
	...{ gRate: 2e-3, dRate: 1e-3 },
};
const systems: readonly (readonly [string, (options?: typeof small) => ResolutionGan])[] = [
	["fasrgan", fasrgan],
	["fs-srgan", fsSrgan],
	["fa-fs-srgan", (options) => faFsSrgan({ ...options, eBlocks: 2 })],
	["esrgan", esrgan],
	["srgan", srgan],
	["rrdb-psnr", rrdbPsnr],
	["fs-srgan-psnr", fsSrganPsnr],
	["srresnet", srresnetPsnr],
];

function batchOf(count: number, seed = 1): ResolutionBatch {
	const random = Random.seed(seed);
	const pictures = (side: number) =>
		tf.tensor4d(random.uniforms(count * side * side * 3, -1, 1), [count, side, side, 3]);
	return { low: pictures(6), high: pictures(24) };
}

const dispose = ({ low, high }: ResolutionBatch) => tf.dispose([low, high]);
const largest = (x: tf.Tensor) => tf.tidy(() => tf.max(tf.abs(x)).dataSync()[0] as number);
const step = (gan: ResolutionGan, batch: ResolutionBatch) => gan.step(batch, {}, 0);

/** Mean absolute error on real patches that are always the same. */
async function photographError(gan: ResolutionGan, cache: string): Promise<number> {
	const batches = await photographBatches(cache, { patch: 6, batchSize: 8, seed: 2 });
	const { value: batch } = await batches.next();
	await batches.return(undefined);
	const error = tf.tidy(() => tf.mean(tf.abs(tf.sub(gan.upscale(batch.low), batch.high))).dataSync()[0] as number);
	dispose(batch);
	return error;
}

for (const [id, build] of systems) {
	test.serial(`${id} trains 30 steps on photographs: losses finite, the error lower, no tensor left`, async (t) => {
		const cache = await temporaryFolder(t);
		await onEngines(async (engine) => {
			const start = tf.memory().numTensors;
			const gan = build(small);
			t.is(gan.id, id);
			const errors: number[] = [];
			let [steps, before] = [0, 0];
			for await (const batch of await photographBatches(cache, { patch: 6, batchSize: 2 })) {
				for (const [name, value] of Object.entries(step(gan, batch))) {
					t.true(Number.isFinite(value), `${engine} ${name}`);
				}
				dispose(batch);
				steps += 1;
				if (steps === 1) before = tf.memory().numTensors;
				if (steps === 1 || steps === 30) errors.push(await photographError(gan, cache));
				if (steps === 30) break;
			}
			t.is(tf.memory().numTensors, before, engine);
			t.true((errors[1] as number) < (errors[0] as number), `${engine}: ${errors.join(" to ")}`);
			gan[Symbol.dispose]();
			t.is(tf.memory().numTensors, start);
		});
	});

	test.serial(`${id} saved and read back takes the same next steps`, async (t) => {
		await onEngines(async (engine) => {
			const folder = await temporaryFolder(t);
			const header = { system: id, step: 3, seed: 0, settings: {} };
			using gan = build(small);
			using again = build({ ...small, seed: 9 });
			const batch = batchOf(2);
			for (let index = 0; index < 3; index += 1) step(gan, batch);
			await saveCheckpoint(folder, gan, header);
			await loadCheckpoint(folder, again, header);
			for (let index = 0; index < 2; index += 1) t.deepEqual(step(again, batch), step(gan, batch), engine);
			dispose(batch);
		});
	});

	test.serial(`${id} upscales each picture of a batch by itself, to [-1, 1], and shows it with its maps`, async (t) => {
		await onEngines(() => {
			using gan = build(small);
			const batch = batchOf(3);
			step(gan, batch);
			const before = tf.memory().numTensors;
			const { images, maps } = gan.apply?.({ images: batch.low }) ?? { images: batch.low, maps: {} };
			t.deepEqual(images.shape, [3, 24, 24, 3]);
			t.true(largest(images) <= 1);
			tf.tidy(() => {
				const order = tf.tensor1d([2, 0, 1], "int32");
				const permuted = gan.upscale(tf.gather(batch.low, order));
				const alone = gan.upscale(tf.slice(batch.low, [1], [1]));
				// The same sums, at most grouped otherwise by the size of a batch.
				t.true(largest(tf.sub(permuted, tf.gather(images, order))) < 1e-5);
				t.true(largest(tf.sub(alone, tf.slice(images, [1], [1]))) < 1e-5);
			});
			for (const map of Object.values(maps)) {
				t.deepEqual(map.shape, [3, 24, 24]);
				const values = map.dataSync();
				t.true(Math.min(...values) >= 0 && Math.max(...values) <= 1);
			}
			const shown = gan.attention(batch);
			t.deepEqual(Object.keys(shown), Object.keys(maps));
			for (const [name, map] of Object.entries(shown)) t.is(largest(tf.sub(map, maps[name] as tf.Tensor)), 0);
			tf.dispose([images, maps, shown]);
			t.true(tf.memory().numTensors <= before + Object.keys(maps).length);
			dispose(batch);
		});
	});
}

test.serial("without a weight on any of its terms G stands still while D learns", async (t) => {
	await onEngines(() => {
		const none = { pixelWeight: 0, perceptualWeight: 0, ganWeight: 0, mapWeight: 0, attentionWeight: 0 };
		using gan = fasrgan({ ...small, ...none });
		const batch = batchOf(2);
		const values = (name: string) =>
			gan.networks[name]?.entries().flatMap(({ name: key }) => [...(gan.networks[name]?.read(key).data ?? [])]);
		const before = { G: values("G"), D: values("D") };
		t.is(step(gan, batch)["G_total"], 0);
		t.deepEqual(values("G"), before.G);
		t.notDeepEqual(values("D"), before.D);
		dispose(batch);
	});
});

test("a perceptual term that alone has a weight, but no features, is refused", (t) => {
	const alone = { pixelWeight: 0, ganWeight: 0 };
	const message = "esrgan: a term of G must have a weight beside the perceptual one, which has no features";
	t.throws(() => esrgan({ ...small, ...alone }), { message });
});

for (const [id, build] of [
	["esrgan", () => [esrgan(small), rrdbPsnr({ ...small, gRate: 2e-3 })]],
	["fs-srgan", () => [fsSrgan(small), fsSrganPsnr({ ...small, gRate: 2e-3 })]],
] as const) {
	test.serial(`${id} warmed up has the weights of its generator trained on pixels alone`, async (t) => {
		await onEngines((engine) => {
			const [gan, alone] = build() as unknown as [ResolutionGan, ResolutionGan];
			for (let index = 0; index < 3; index += 1) {
				const batch = batchOf(2, index);
				t.deepEqual(gan.warmUp(batch), step(alone, batch), engine);
				dispose(batch);
			}
			for (const [name, network] of Object.entries(alone.networks)) {
				for (const { name: key } of network.entries()) t.deepEqual(gan.networks[name]?.read(key), network.read(key));
			}
			t.deepEqual(gan.optimizers["G"]?.state(), alone.optimizers["G"]?.state());
			gan[Symbol.dispose]();
			alone[Symbol.dispose]();
		});
	});
}

test.serial("the extractor takes two steps an iteration, one with each network, and G one", async (t) => {
	await onEngines(() => {
		using gan = fsSrgan(small);
		const batch = batchOf(2);
		const seen: string[][] = [];
		gan.step(batch, {}, 0, {
			gradients: (gradients) => seen.push([...new Set(gradients.map(({ network }) => network))]),
		});
		t.deepEqual(seen, [
			["E", "G"],
			["E", "D"],
		]);
		const steps = (name: string) => Object.values(gan.optimizers[name]?.state().moments ?? {}).map((one) => one.steps);
		t.deepEqual([new Set(steps("G")), new Set(steps("D"))], [new Set([1]), new Set([1])]);
		dispose(batch);
	});
});

test.serial("a feature function adds its term, and its absence is known", async (t) => {
	await onEngines(() => {
		const features = (x: tf.Tensor4D) => tf.avgPool(x, 4, 4, "valid");
		using gan = fasrgan({ ...small, perceptual: features });
		using without = fasrgan(small);
		const batch = batchOf(2);
		// At the first step the term is the mean difference of the features of G's picture and the true one.
		const expected = tf.tidy(() => {
			const unit = (x: tf.Tensor4D) => tf.mul<tf.Tensor4D>(tf.add(x, 1), 0.5);
			const generator = rrdbNet(small);
			using parameters = new Parameters(Random.seed(0).split("G"));
			const made = generator(parameters)(unit(batch.low), training);
			return tf.mean(tf.abs(tf.sub(features(made), features(unit(batch.high))))).dataSync()[0] as number;
		});
		const term = step(gan, batch)["G_perceptual_weighted"] as number;
		t.true(Math.abs(term - expected) < 1e-6 * Math.max(1, expected), `${term} and ${expected}`);
		t.false("G_perceptual_weighted" in step(without, batch));
		t.deepEqual([gan.isPerceptual, without.isPerceptual], [true, false]);
		dispose(batch);
	});
});

test.serial("SRGAN without features takes the squared error in their place, with them it does not", async (t) => {
	await onEngines(() => {
		using without = srgan(small);
		using gan = srgan({ ...small, perceptual: (x) => tf.avgPool(x, 4, 4, "valid") });
		const batch = batchOf(2);
		t.true("G_pixel_weighted" in step(without, batch));
		const losses = step(gan, batch);
		t.deepEqual(
			["G_pixel_weighted", "G_perceptual_weighted"].map((name) => name in losses),
			[false, true],
		);
		dispose(batch);
	});
});

test("one RRDB has 719,424 parameters, and an extractor of one names it without its number", (t) => {
	t.is(Parameters.count(rrdb()), 719_424);
	const names = (blocks: number) =>
		Parameters.describe(rrdbFeatures({ width: 4, growth: 2, blocks }))
			.map(({ name }) => name)
			.filter((name) => name.includes("RDB1.conv1"));
	t.deepEqual(names(1), ["model.1.sub.RDB1.conv1.0.weight", "model.1.sub.RDB1.conv1.0.bias"]);
	t.true(names(2).includes("model.1.sub.1.RDB1.conv1.0.weight"));
});

for (const scale of [1, 2, 3, 8]) {
	test.serial(`RRDBNet enlarges ${scale} times`, async (t) => {
		await onEngines(() => {
			using parameters = new Parameters(Random.seed(1));
			const layer = rrdbNet({ width: 4, growth: 2, blocks: 1, scale })(parameters);
			const x = tf.ones<tf.Rank.R4>([1, 5, 4, 3]);
			const y = layer(x, training);
			t.deepEqual(y.shape, [1, 5 * scale, 4 * scale, 3]);
			tf.dispose([x, y]);
		});
	});
}

for (const layout of ["code", "figure"] as const) {
	test.serial(`the U-Net of the ${layout} maps pictures of sides that it cannot halve evenly`, async (t) => {
		await onEngines(() => {
			using parameters = new Parameters(Random.seed(1));
			const { judge, map } = unetDiscriminator({ width: 2, head: 4, size: 19, layout })(parameters);
			tf.tidy(() => {
				const { score, map: whole } = judge(tf.ones([2, 19, 19, 3]), training);
				t.deepEqual(
					[score.shape, whole?.shape],
					[
						[2, 1],
						[2, 19, 19, 3],
					],
				);
				t.deepEqual(map?.(tf.ones([1, 13, 22, 3]), training).shape, [1, 13, 22, 3]);
			});
			t.throws(() => tf.tidy(() => judge(tf.ones([1, 20, 19, 3]), training).score), {
				message: "unet-discriminator: pictures must be 19×19, got 19×20",
			});
		});
	});
}

test("sizes that networks cannot have are refused", (t) => {
	t.throws(() => rrdbNet({ scale: 5 }), { message: "rrdb: scale must be a power of two, or 3, got 5" });
	t.throws(() => unetDiscriminator({ size: 7 }), { message: "unet-discriminator: size must be at least 8, got 7" });
	t.throws(() => vggDiscriminator({ size: 16 }), {
		message: "vgg-discriminator: size must be at least 2^halvings, got 16 and 5 halvings",
	});
	t.throws(() => srresnetPsnr({ scale: 3 }), { message: "srresnet: scale must be a power of two, got 3" });
});
