/** ReLU with a learned slope below zero, one for all channels (He, Zhang, Ren, Sun 2015). */
import * as tf from "@tensorflow/tfjs";
import { relu } from "../../engine/ops/relu.ts";
import { constantInit } from "../../engine/parameters.ts";
import type { Block } from "./layer.ts";

/** max(x, 0) + a·min(x, 0); a starts at 0.25, as in PyTorch. */
export function prelu(): Block {
	return (parameters) => {
		const slope = parameters.create<tf.Rank.R1>("weight", [1], constantInit(0.25));
		return (x) => tf.tidy(() => tf.sub(relu(x), tf.mul(relu(tf.neg(x)), slope)));
	};
}
