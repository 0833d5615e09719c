import type * as tf from "@tensorflow/tfjs";
import { type Conv2dOptions, conv2d } from "../../../engine/ops/conv2d.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("conv2d", ({ x, filter, bias }, options: Conv2dOptions) =>
	conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, { ...options, bias: bias as tf.Tensor1D | undefined }),
);
