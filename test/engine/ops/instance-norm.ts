import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { type InstanceNormOptions, instanceNorm } from "../../../engine/ops/instance-norm.ts";
import { Random } from "../../../engine/random.ts";
import { onEngines } from "../../helpers/engines.ts";
import { testOp } from "../../helpers/ops.ts";
import { close, normals, on, startWasm, tensor } from "../../helpers/wasm.ts";

testOp("instanceNorm", ({ x, scale, shift }, options: InstanceNormOptions) =>
	instanceNorm(x as tf.Tensor4D, {
		...options,
		scale: scale as tf.Tensor1D | undefined,
		shift: shift as tf.Tensor1D | undefined,
	}),
);

// Sums over 2^17 signed products that mostly cancel, each side in
// its own order: 2^17 · 2^-24 relative to the terms, some 5e-4 of what is left.
const tolerance = 5e-4;

test.serial("large samples equal the definition, gradients included", (t) =>
	onEngines(() =>
		tf.tidy(() => {
			const shape: [number, number, number, number] = [2, 256, 256, 4];
			const [x, dy] = ["x", "dy"].map((label) =>
				tf.tensor4d(
					Random.seed(1)
						.split(label)
						.normals(2 * 256 * 256 * 4, 0.5, 2),
					shape,
				),
			) as [tf.Tensor4D, tf.Tensor4D];
			const scale = tf.tensor1d([1, -2, 0.5, 3]);
			const shift = tf.tensor1d([0, 1, 2, -1]);
			const definition = (at: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) => {
				const centred = tf.sub(at, tf.mean(at, [1, 2], true));
				const variance = tf.mean(tf.square(centred), [1, 2], true);
				return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), scale), shift);
			};
			const ours = (at: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) =>
				instanceNorm(at as tf.Tensor4D, { scale: scale as tf.Tensor1D, shift: shift as tf.Tensor1D });
			const all = (norm: typeof ours | typeof definition) => {
				const gradient = tf.grads((...inputs: tf.Tensor[]) => {
					const [at, by, plus] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
					return tf.sum(tf.mul(norm(at, by, plus), dy));
				});
				return [norm(x, scale, shift), ...gradient([x, scale, shift])];
			};
			const [actual, expected] = [all(ours), all(definition)];
			for (const [index, tensor] of actual.entries()) {
				const other = expected[index] as tf.Tensor;
				const size = Math.max(1, tf.max(tf.abs(other)).dataSync()[0] as number);
				const error = (tf.max(tf.abs(tf.sub(tensor, other))).dataSync()[0] as number) / size;
				t.true(error < tolerance, `output ${index} is off by ${error}`);
			}
		}),
	),
);

// A deep sum in float32 on both sides: 1e-5 of the largest value.
test.serial("engines without a kernel of ours compute the same", async (t) => {
	await startWasm();
	const compute = () => {
		const [x, dy] = ["x", "dy"].map((label) => tensor(normals(label, [3, 9, 7, 6]))) as [tf.Tensor4D, tf.Tensor4D];
		const [scale, shift] = ["scale", "shift"].map((label) => tensor(normals(label, [6]))) as [tf.Tensor1D, tf.Tensor1D];
		const gradients = tf.grads((...inputs: tf.Tensor[]) => {
			const [at, by, plus] = inputs as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];
			return tf.sum(tf.mul(instanceNorm(at, { scale: by, shift: plus }), dy));
		})([x, scale, shift]);
		return tf.concat([instanceNorm(x, { scale, shift }), ...gradients].map((each) => each.flatten()));
	};
	close(t, on("wasm", compute).values, on("cpu", compute).values, 1e-5, "instance norm");
});
