import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { startEngine } from "../../engine/engine.ts";
import { Random } from "../../engine/random.ts";
import { hasNativeKernels } from "../../engine/tensorflow/native.ts";
import { stargan } from "../../models/stargan.ts";
import { enginesHere, onEngines } from "../helpers/engines.ts";

/** Weights after `steps` iterations of a StarGAN of `width`. */
function train(steps: number, width: number): Float32Array[] {
	using gan = stargan({
		imageSize: 32,
		gConvDim: width,
		dConvDim: width,
		gRepeatNum: 2,
		dRepeatNum: 3,
		nCritic: 1,
		seed: 7,
	});
	const random = Random.seed(7).split("data");
	const images = tf.tensor4d(random.uniforms(4 * 32 * 32 * 3, -1, 1), [4, 32, 32, 3]);
	const labels = tf.tensor2d(
		Float32Array.from({ length: 20 }, () => random.integer(2)),
		[4, 5],
	);
	const batch = { images, labels };
	for (let step = 0; step < steps; step += 1) gan.step(batch, gan.draw(random, batch, step), step);
	tf.dispose([images, labels]);
	return Object.values(gan.networks).flatMap((network) =>
		network.trainable().map((variable) => Float32Array.from(variable.dataSync())),
	);
}

test.serial("the same seed gives the same bytes of weights after 20 steps", (t) =>
	onEngines((engine) => {
		// Wide enough on TensorFlow for its kernels to share work between threads; WASM has one.
		const width = engine === "tensorflow" ? 16 : 2;
		const [first, second] = [train(20, width), train(20, width)];
		for (const [index, values] of first.entries()) {
			t.true(
				Buffer.from(values.buffer).equals(Buffer.from((second[index] as Float32Array).buffer)),
				`${index} on ${engine}`,
			);
		}
	}),
);

// TensorFlow's own kernels, which are used where ours are not compiled, sum in an order that depends on the threads.
if (enginesHere().includes("tensorflow")) await startEngine({ engine: "tensorflow" });
const missing = enginesHere().includes("tensorflow") ? "fovea engine install has not compiled them" : "no TensorFlow";
const withKernels = hasNativeKernels() ? test.serial : test.skip;
const title = "our kernels on TensorFlow give the same bytes on one thread and on many";
withKernels(hasNativeKernels() ? title : `${title} (skipped: ${missing})`, async (t) => {
	const script = `
		import * as tf from "@tensorflow/tfjs";
		import { startEngine } from "./build/engine/engine.js";
		import { conv2d } from "./build/engine/ops/conv2d.js";
		import { instanceNorm } from "./build/engine/ops/instance-norm.js";
		import { Random } from "./build/engine/random.js";
		await startEngine({ engine: "tensorflow" });
		const x = tf.tensor4d(Random.seed(1).normals(3 * 64 * 64 * 37, 5, 2), [3, 64, 64, 37]);
		const gradient = tf.grad((x) => tf.sum(tf.mul(instanceNorm(x), x)))(x);
		const filter = tf.tensor4d(Random.seed(2).normals(9 * 37 * 37, 0, 1), [3, 3, 37, 37]);
		const bias = tf.tensor1d(Random.seed(3).normals(37, 0, 1));
		const convolve = (x, filter, bias) => conv2d(x, filter, { pad: 1, padMode: "reflect", bias });
		const gradients = tf.grads((...at) => tf.sum(tf.mul(convolve(...at), x)))([x, filter, bias]);
		const results = [instanceNorm(x), gradient, convolve(x, filter, bias), ...gradients];
		process.stdout.write(Buffer.concat(results.map((y) => Buffer.from(y.dataSync().buffer))));
	`;
	const bytes = async (threads: string) => {
		const env = { ...process.env, TF_NUM_INTRAOP_THREADS: threads };
		const options = { env, encoding: "buffer", maxBuffer: 2 ** 25 } as const;
		return (await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], options)).stdout;
	};
	const [one, many] = [await bytes("1"), await bytes("4")];
	t.is(one.length, 4 * (4 * 3 * 64 * 64 * 37 + 9 * 37 * 37 + 37));
	t.true(one.equals(many));
});
