import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Random } from "../../engine/random.ts";
import { loadCheckpoint, saveCheckpoint } from "../../harness/checkpoint.ts";
import { cyclegan } from "../../models/cyclegan.ts";
import { onEngines } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const small = { ngf: 2, ndf: 2, blocks: 1, dLayers: 1, poolSize: 2, rate: 1e-3 };
const header = { system: "cyclegan", step: 4, seed: 0, settings: {} };

test.serial("a checkpoint holds the pools, so that the next steps are those of a training that went on", async (t) => {
	await onEngines(async (engine) => {
		const folder = await temporaryFolder(t);
		using gan = cyclegan(small);
		const step = (system: typeof gan, iteration: number) => {
			const random = Random.seed(100 + iteration);
			const picture = () => tf.tensor4d(random.uniforms(16 * 16 * 3, -1, 1), [1, 16, 16, 3]);
			const batch = { a: picture(), b: picture() };
			// Every full pool exchanges: what it shows is what it was given in earlier steps.
			const losses = system.step(batch, { pool_uniform: [0.9, 0.9], pool_index: [0, 1] }, iteration);
			tf.dispose([batch.a, batch.b]);
			return losses;
		};
		for (let iteration = 0; iteration < 4; iteration += 1) step(gan, iteration);
		await saveCheckpoint(folder, gan, header);
		using again = cyclegan({ ...small, seed: 9 });
		await loadCheckpoint(folder, again, header);
		for (let iteration = 4; iteration < 7; iteration += 1) {
			t.deepEqual(step(again, iteration), step(gan, iteration), `${engine}, step ${iteration}`);
		}
	});
});

test.serial("a checkpoint written before the pools held anything empties them", async (t) => {
	await onEngines(async () => {
		const folder = await temporaryFolder(t);
		using gan = cyclegan(small);
		await saveCheckpoint(folder, gan, header);
		gan.memories?.["A"]?.write({ shape: [1, 1, 1, 1], data: Float32Array.of(1) });
		t.deepEqual(gan.memories?.["A"]?.read(), { shape: [1, 1, 1, 1], data: Float32Array.of(1) });
		await loadCheckpoint(folder, gan, header);
		t.is(gan.memories?.["A"]?.read(), undefined);
	});
});

test.serial("more pictures than a pool holds are refused", async (t) => {
	await onEngines(() => {
		using gan = cyclegan(small);
		const three = { shape: [3, 1, 1, 1], data: new Float32Array(3) };
		t.throws(() => gan.memories?.["A"]?.write(three), { message: "image pool: must hold at most 2 pictures, got 3" });
	});
});
