/** What the discriminators of super-resolution give. */
import type * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../../engine/parameters.ts";
import type { Pass } from "./layer.ts";

/** Logits of pictures or of their features. */
export interface Judgement {
	/** One per picture, [N, 1]. */
	readonly score: tf.Tensor2D;
	/** One per pixel and colour, [N, H, W, 3], of discriminators that have a map. */
	readonly map?: tf.Tensor4D;
}

export interface Judge {
	/** Pictures of the one size that the scoring head is made for. */
	judge(x: tf.Tensor4D, pass: Pass): Judgement;
	/** The map alone, of pictures of any size. */
	readonly map?: (x: tf.Tensor4D, pass: Pass) => tf.Tensor4D;
}

/** A discriminator that waits for the place of its parameters. */
export type JudgeBlock = (parameters: Parameters) => Judge;
