import type * as tf from "@tensorflow/tfjs";
import { type PadMode, pad2d } from "../../../engine/ops/pad2d.ts";
import type { Sides } from "../../../engine/ops/padding.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("pad2d", ({ x }, { amount, mode }: { amount: Sides; mode: PadMode }) => pad2d(x as tf.Tensor4D, amount, mode));
