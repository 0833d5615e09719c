import type * as tf from "@tensorflow/tfjs";
import { type InstanceNormOptions, instanceNorm } from "../../../engine/ops/instance-norm.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("instanceNorm", ({ x, scale, shift }, options: InstanceNormOptions) =>
	instanceNorm(x as tf.Tensor4D, {
		...options,
		scale: scale as tf.Tensor1D | undefined,
		shift: shift as tf.Tensor1D | undefined,
	}),
);
