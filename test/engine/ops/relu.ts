import type * as tf from "@tensorflow/tfjs";
import { relu } from "../../../engine/ops/relu.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("relu", ({ x }) => relu(x as tf.Tensor));
