import type * as tf from "@tensorflow/tfjs";
import { avgPool2d } from "../../../engine/ops/avg-pool.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("avgPool2d", ({ x }, { size, stride, pad }: { size: number; stride: number; pad: number }) =>
	avgPool2d(x as tf.Tensor4D, size, { stride, pad }),
);
