import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { sigmoidCrossEntropy, softmaxCrossEntropy, softplus } from "../../../engine/ops/cross-entropy.ts";
import { onEngines } from "../../helpers/engines.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("softplus", ({ x }) => softplus(x as tf.Tensor));
testOp("sigmoidCrossEntropy", ({ x, targets }) => sigmoidCrossEntropy(x as tf.Tensor, targets as tf.Tensor));
testOp("softmaxCrossEntropy", ({ x, targets }) => softmaxCrossEntropy(x as tf.Tensor2D, targets as tf.Tensor2D));

test.serial("stays finite and exact at logits of ±1000", (t) =>
	onEngines(() =>
		tf.tidy(() => {
			const logits = tf.tensor1d([-1000, 1000, -1000, 1000]);
			const targets = tf.tensor1d([0, 1, 1, 0]);
			t.deepEqual([...sigmoidCrossEntropy(logits, targets).dataSync()], [0, 0, 1000, 1000]);
			const slope = tf.grad((x) => sigmoidCrossEntropy(x, targets))(logits);
			t.deepEqual([...slope.dataSync()], [0, 0, -1, 1]);
			const rows = softmaxCrossEntropy(tf.tensor2d([[1000, -1000]]), tf.tensor2d([[0, 1]]));
			t.deepEqual([...rows.dataSync()], [2000]);
		}),
	),
);
