import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { leakyRelu } from "../../../engine/ops/leaky-relu.ts";
import { onEngines } from "../../helpers/engines.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("leakyRelu", ({ x }, { alpha }: { alpha: number }) => leakyRelu(x as tf.Tensor, alpha));

test.serial("has slope alpha at zero and refuses alpha 0", (t) =>
	onEngines(() =>
		tf.tidy(() => {
			const slope = tf.grad((x) => leakyRelu(x, 0.25))(tf.tensor1d([-1, 0, 1]));
			t.deepEqual([...slope.dataSync()], [0.25, 0.25, 1]);
			t.throws(() => leakyRelu(tf.ones([2]), 0), { message: "leakyRelu: alpha must be above 0, got 0" });
		}),
	),
);
