import type * as tf from "@tensorflow/tfjs";
import { type DepthwiseConv2dOptions, depthwiseConv2d } from "../../../engine/ops/depthwise-conv2d.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("depthwiseConv2d", ({ x, filter, bias }, options: DepthwiseConv2dOptions) =>
	depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, { ...options, bias: bias as tf.Tensor1D | undefined }),
);
