import type * as tf from "@tensorflow/tfjs";
import { upsampleNearest } from "../../../engine/ops/upsample-nearest.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("upsampleNearest", ({ x }, { factor }: { factor: number }) => upsampleNearest(x as tf.Tensor4D, factor));
