import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { type BatchNormOptions, batchNorm, batchNormRunning } from "../../../engine/ops/batch-norm.ts";
import { onEngines } from "../../helpers/engines.ts";
import { load, near, testOp } from "../../helpers/ops.ts";

testOp("batchNorm", ({ x, scale, shift }, options: BatchNormOptions) => {
	const affine = { scale: scale as tf.Tensor1D | undefined, shift: shift as tf.Tensor1D | undefined };
	return batchNorm(x as tf.Tensor, { ...options, ...affine }).y;
});

testOp("batchNormRunning", ({ x, mean, variance, scale, shift }, options: BatchNormOptions) =>
	batchNormRunning(x as tf.Tensor, mean as tf.Tensor1D, tf.abs(variance as tf.Tensor1D), {
		...options,
		scale: scale as tf.Tensor1D,
		shift: shift as tf.Tensor1D,
	}),
);

test.serial("gives the batch's mean and unbiased variance", (t) =>
	onEngines(() =>
		tf.tidy(() => {
			for (const name of ["pictures", "vectors", "plain"]) {
				const { mean, variance } = batchNorm(load(`batchNorm/${name}/x`));
				near(t, mean, `batchNorm/${name}/mean`);
				near(t, variance, `batchNorm/${name}/variance`);
			}
		}),
	),
);

test.serial("refuses a batch of one value per channel", (t) =>
	onEngines(() => {
		t.throws(() => batchNorm(tf.ones([1, 3])), {
			message: "batchNorm: must have at least 2 values per channel, got 1",
		});
	}),
);
