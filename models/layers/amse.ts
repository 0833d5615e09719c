/**
 * AMSE residual block of SAG-GAN: squeeze and excitation by the sum of each channel's average and maximum.
 *
 *     U = reflect pad, conv3, norm, ReLU, reflect pad, conv3, norm of X
 *     Z = mean U + max U over height and width                             (Eq. 1)
 *     gate = σ(fc2(relu(fc1(Z)))), fc1 from C to max(1, ⌊C/r⌋) channels      (Eq. 2)
 *     X' = gate · U + X                                                    (Eq. 3)
 */
import * as tf from "@tensorflow/tfjs";
import { detach } from "../../engine/ops/detach.ts";
import { relu } from "../../engine/ops/relu.ts";
import type { Parameters } from "../../engine/parameters.ts";
import { instanceNorm } from "./instance-norm.ts";
import type { Block, Pass } from "./layer.ts";
import { linear } from "./linear.ts";
import { residualBranch } from "./resnet-generator.ts";

export interface AmseOptions {
	/** Channels for each one between the two fully connected layers. @default 16 */
	readonly reduction?: number;
	/** Scale and shift in the norms; without them every channel of U has the mean 0, and Z is the maximum alone. @default true */
	readonly affine?: boolean;
}

/** What the block computes on its way. */
export interface Amse {
	/** [N, H, W, C] */
	readonly feature: tf.Tensor4D;
	/** [N, H, W, C] */
	readonly u: tf.Tensor4D;
	/** [N, C] */
	readonly z: tf.Tensor2D;
	/** [N, C] in [0, 1] */
	readonly gate: tf.Tensor2D;
}

/** The block of `channels` as a layer. */
export function amseResidual(channels: number, options: AmseOptions = {}): Block {
	return (parameters) => {
		const block = amse(parameters, channels, options);
		return (x, pass) => tf.tidy(() => block(x, pass).feature);
	};
}

/** The block with all that it computes. */
export function amse(
	parameters: Parameters,
	channels: number,
	{ reduction = 16, affine = true }: AmseOptions = {},
): (x: tf.Tensor4D, pass: Pass) => Amse {
	const narrow = Math.max(1, Math.floor(channels / reduction));
	const branchOf = residualBranch(channels, () => instanceNorm(channels, { affine }), true);
	const branch = branchOf(parameters.at("conv_block"));
	const squeeze = linear(channels, narrow)(parameters.at("fc1"));
	const excite = linear(narrow, channels)(parameters.at("fc2"));
	return (x, pass) => {
		const u = branch(x, pass);
		const z = tf.add(tf.mean(u, [1, 2]), globalMax(u)) as tf.Tensor2D;
		const gate = tf.sigmoid(excite(relu(squeeze(z))));
		const scale = tf.reshape(gate, [u.shape[0], 1, 1, channels]);
		return { feature: tf.add(tf.mul(scale, u), x), u, z, gate };
	};
}

/**
 * Maximum over height and width, [N, H, W, C] → [N, C]. Equal maxima share the gradient, as in PyTorch's amax; tf.max would
 * give all of it to each of them, thousands in a picture's black border.
 */
function globalMax(u: tf.Tensor4D): tf.Tensor2D {
	const holds = tf.cast(detach(tf.equal(u, tf.max(u, [1, 2], true))), "float32");
	const share = detach(tf.div(holds, tf.sum(holds, [1, 2], true)));
	return tf.sum(tf.mul(u, share), [1, 2]);
}
