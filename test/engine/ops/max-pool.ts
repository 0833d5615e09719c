import type * as tf from "@tensorflow/tfjs";
import { maxPool2d } from "../../../engine/ops/max-pool.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("maxPool2d", ({ x }, { size, stride, pad }: { size: number; stride: number; pad: number }) =>
	maxPool2d(x as tf.Tensor4D, size, { stride, pad }),
);
