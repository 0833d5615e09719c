import * as tf from "@tensorflow/tfjs";
import { conv2d } from "./ops/conv2d.ts";

/**
 * Speed of the running engine in GFLOP/s: the best of some forward passes of a 3 × 3 convolution, 64 → 64 channels on
 * [4, 64, 64, 64], the shape that attention GANs spend their time in. Takes about a second.
 */
export async function measureGflops(): Promise<number> {
	const [batch, size, channels, kernel] = [4, 64, 64, 3];
	const operations = 2 * batch * size * size * channels * channels * kernel * kernel;
	const images = tf.ones<tf.Rank.R4>([batch, size, size, channels]);
	const filters = tf.ones<tf.Rank.R4>([kernel, kernel, channels, channels]);
	let best = Number.POSITIVE_INFINITY;
	const until = performance.now() + 800;
	for (let pass = 0; pass < 3 || (pass < 20 && performance.now() < until); pass += 1) {
		const started = performance.now();
		const result = conv2d(images, filters, { pad: 1 });
		// Reading one value waits for the result on every engine.
		const one = result.slice([0, 0, 0, 0], [1, 1, 1, 1]);
		await one.data();
		best = Math.min(best, performance.now() - started);
		tf.dispose([result, one]);
	}
	tf.dispose([images, filters]);
	return operations / (best * 1e6);
}
