import { existsSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { parity } from "../../harness/parity.ts";
import { uagganDiscriminator } from "../../models/layers/uaggan-networks.ts";
import { type UagganOptions, uaggan } from "../../models/uaggan.ts";
import { onEngines } from "../helpers/engines.ts";

const small: UagganOptions = { ngf: 2, blocks: 1, ndf: 2, poolSize: 2, rate: 1e-3, switchEpoch: 2, epochLength: 3 };

const pictures = (seed: number, count = 1) =>
	tf.tensor4d(Random.seed(seed).uniforms(count * 16 * 16 * 3, -1, 1), [count, 16, 16, 3]);
const largest = (x: tf.Tensor) => tf.tidy(() => tf.max(tf.abs(x)).dataSync()[0] as number);

const folder = join(process.env["FOVEA_GOLDEN"] ?? "", "uaggan");
const goldens = existsSync(folder) ? test.serial : test.serial.skip;

// Its pictures are of a research data set, so the files are not in fixtures/.
goldens("networks, losses and gradients equal the authors' code", async (t) => {
	await onEngines(async (engine) => {
		const cases = parity(folder);
		let next = await cases.next();
		while (!next.done) next = await cases.next();
		const { failed, passed, unsupported } = next.value;
		t.deepEqual({ failed, unsupported }, { failed: 0, unsupported: [] }, engine);
		t.true(passed >= 6);
	});
});

test.serial(
	"after the switch the attention networks stand still while generators and discriminators move",
	async (t) => {
		await onEngines(() => {
			const batch = { a: pictures(1), b: pictures(2) };
			using gan = uaggan(small);
			const read = (name: string) =>
				gan.networks[name]?.entries().map(({ name: key }) => [key, [...(gan.networks[name]?.read(key).data ?? [])]]);
			const step = (iteration: number) =>
				gan.step(batch, gan.draw(Random.seed(iteration), batch, iteration), iteration);
			const all = ["g_A_ae", "g_B_ae", "g_A", "g_B", "d_A", "d_B"];
			const movedBy = (iteration: number) => {
				const before = all.map(read);
				step(iteration);
				return all.filter((name, index) => JSON.stringify(read(name)) !== JSON.stringify(before[index]));
			};
			// Two epochs of three iterations come before the switch.
			t.deepEqual(movedBy(5), all);
			t.deepEqual(movedBy(6), all.slice(2));
			t.deepEqual(movedBy(7), all.slice(2));
			tf.dispose(batch);
		});
	},
);

test.serial("behind the switch D sees nothing of what lies under the threshold", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			using parameters = new Parameters(Random.seed(1));
			const judge = uagganDiscriminator({ ndf: 2 })(parameters);
			const mask = tf.tensor4d(
				Float32Array.from({ length: 256 }, (_, index) => (index % 16 < 8 ? 0.1 : 0.0999)),
				[1, 16, 16, 1],
			);
			const visible = tf.tensor4d(
				Float32Array.from({ length: 256 }, (_, index) => (index % 16 < 8 ? 1 : 0)),
				[1, 16, 16, 1],
			);
			const x = pictures(1);
			const other = tf.add<tf.Tensor4D>(tf.mul(x, visible), tf.mul(pictures(2), tf.sub(1, visible)));
			const after = { threshold: 0.1, normed: false };
			t.is(largest(tf.sub(judge(x, mask, after), judge(other, mask, after))), 0);
			const before = { threshold: 0, normed: true };
			t.true(largest(tf.sub(judge(x, mask, before), judge(other, mask, before))) > 0);
			// A threshold of zero shows the whole picture, whatever the mask.
			t.is(largest(tf.sub(judge(x, mask, before), judge(x, tf.zerosLike(mask), before))), 0);
		});
	});
});

test.serial("D's mask passes no gradient, so before the switch A learns through the fake alone", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			using parameters = new Parameters(Random.seed(1));
			const judge = uagganDiscriminator({ ndf: 2 })(parameters);
			const x = pictures(1);
			const slope = (of: (mask: tf.Tensor4D) => tf.Tensor) =>
				largest(tf.grad((mask) => tf.sum(of(mask as tf.Tensor4D)))(tf.fill([1, 16, 16, 1], 0.5)));
			const phase = { threshold: 0.1, normed: false };
			t.true(slope((mask) => judge(tf.mul(x, mask), mask, phase)) > 0);
			const alone = slope((mask) => tf.add(judge(x, mask, phase), tf.mul(0, tf.sum(mask))));
			t.is(alone, 0);
		});
	});
});

test.serial("pictures of a batch are treated apart in evaluation, and maps lie in [0, 1]", async (t) => {
	await onEngines(() => {
		tf.tidy(() => {
			using gan = uaggan(small);
			const x = pictures(3, 3);
			const all = gan.apply?.({ images: x, direction: "b-to-a" });
			const single = gan.apply?.({ images: tf.slice(x, [1], [1]), direction: "b-to-a" });
			// The same sums, at most grouped otherwise by the size of a batch.
			t.true(largest(tf.sub(tf.slice(all?.images as tf.Tensor4D, [1], [1]), single?.images as tf.Tensor)) < 1e-5);
			const mask = all?.maps["mask"] as tf.Tensor3D;
			t.deepEqual(mask.shape, [3, 16, 16]);
			const values = mask.dataSync();
			t.true(Math.min(...values) >= 0 && Math.max(...values) <= 1);
		});
	});
});
