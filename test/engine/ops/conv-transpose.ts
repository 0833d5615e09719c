import type * as tf from "@tensorflow/tfjs";
import { type ConvTransposeOptions, convTranspose2d } from "../../../engine/ops/conv-transpose.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("convTranspose2d", ({ x, filter, bias }, options: ConvTransposeOptions) =>
	convTranspose2d(x as tf.Tensor4D, filter as tf.Tensor4D, { ...options, bias: bias as tf.Tensor1D | undefined }),
);
