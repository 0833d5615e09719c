/**
 * Squeeze and excitation (Hu, Shen, Sun, "Squeeze-and-Excitation Networks", CVPR 2018): each channel is scaled by a gate that
 * two dense layers make of all channels' means.
 *
 *     z = mean of x over positions [N, C]
 *     gate = sigmoid(fc2(ReLU(fc1(z)))), fc1: C → C / reduction
 */
import * as tf from "@tensorflow/tfjs";
import { relu } from "../../engine/ops/relu.ts";
import type { Block } from "./layer.ts";
import { linear } from "./linear.ts";

export interface SqueezeExcitationOptions {
	/** By how much the hidden layer is narrower than the channels. @default 16 */
	readonly reduction?: number;
	/** Makes the two layers. @default PyTorch's linear layer */
	readonly dense?: typeof linear;
	/** Name under which a pass observes the gate [N, 1, channels]. @default "gate" */
	readonly name?: string;
}

/** [N, H, W, channels] → the same. Parameters `fc1` and `fc2`. */
export function squeezeExcitation(channels: number, options: SqueezeExcitationOptions = {}): Block {
	const { reduction = 16, dense = linear, name = "gate" } = options;
	const hidden = Math.max(1, Math.floor(channels / reduction));
	return (parameters) => {
		const squeeze = dense(channels, hidden)(parameters.at("fc1"));
		const excite = dense(hidden, channels)(parameters.at("fc2"));
		return (x, pass) =>
			tf.tidy(() => {
				const count = x.shape[0];
				const gate = tf.sigmoid(excite(relu(squeeze(tf.mean(x, [1, 2])))));
				pass.observe?.(name, tf.reshape(gate, [count, 1, channels]));
				return tf.mul(x, tf.reshape(gate, [count, 1, 1, channels]));
			});
	};
}
