/**
 * The U-Net of AGA-GAN with its dual-attention blocks, as NoviceMAn-prog/AGA-GAN@647a90c builds it. w is `width`, 32 in the
 * paper; SE is squeeze and excitation, `up` a sub-pixel enlargement, L a leaky ReLU of 0.25.
 *
 *     E1 E2 E3: conv3, conv3, L, SE (w, 2w, 4w channels), each followed by a max-pooling; B: conv1, conv3, conv3, L, SE (8w)
 *     D3 D2 D1: dual attention on (skip, below); p = conv3, q = L(conv3(p)), p + q; D3 ends in a conv1
 *     dual attention: h = ReLU(conv3([skip, up(below)])); (m + 1) ⊙ SE(h), m = sigmoid(conv1(ReLU(conv1(h)))), one channel
 */
import * as tf from "@tensorflow/tfjs";
import { leakyRelu as leaky } from "../../engine/ops/leaky-relu.ts";
import { maxPool2d } from "../../engine/ops/max-pool.ts";
import { relu } from "../../engine/ops/relu.ts";
import type { Parameters } from "../../engine/parameters.ts";
import { kerasNames } from "./aga-generator.ts";
import { dense, sameConvolution, subPixel } from "./keras-layers.ts";
import type { Layer, Pass } from "./layer.ts";
import { squeezeExcitation } from "./squeeze-excitation.ts";

export interface DualAttentionOptions {
	/** Width of the first level. @default 32 */
	readonly width?: number;
	/** Of squeeze and excitation. @default 16 */
	readonly reduction?: number;
}

/** [N, H, W, 6] → [N, H, W, 3] in [-1, 1]; H and W multiples of 8. A pass observes gates `channel_E1` … and masks `spatial_D1` …. */
export function dualAttentionNetwork(
	parameters: Parameters,
	{ width: w = 32, reduction = 16 }: DualAttentionOptions = {},
): Layer {
	const conv = (at: Parameters, name: string, input: number, output: number, kernel = 3): Layer =>
		sameConvolution(input, output, { kernel })(at.at(name));
	const excitation = (at: Parameters, level: string, channels: number): Layer =>
		squeezeExcitation(channels, { reduction, dense, name: `channel_${level}` })(at.at("se"));
	const encoder = (name: string, channels: readonly number[], firstKernel = 3): Layer => {
		const at = parameters.at(name);
		const layers = channels
			.slice(1)
			.map((output, index) =>
				conv(at, `conv${index + 1}`, channels[index] as number, output, index === 0 ? firstKernel : 3),
			);
		const excite = excitation(at, name, channels.at(-1) as number);
		return (x, pass) =>
			excite(
				leaky(
					layers.reduce((value, layer) => layer(value, pass), x),
					0.25,
				),
				pass,
			);
	};
	const decoder = (name: string, below: number, channels: number) => {
		const at = parameters.at(name);
		const up = subPixel(below, channels)(at.at("up"));
		const merge = conv(at, "merge", 2 * channels, channels);
		const narrow = Math.max(1, Math.floor(channels / 4));
		const [spatial1, spatial2] = [conv(at, "spatial1", channels, narrow, 1), conv(at, "spatial2", narrow, 1, 1)];
		const excite = excitation(at, name, channels);
		const [p, q] = [conv(at, "p", channels, channels), conv(at, "q", channels, channels)];
		return (skip: tf.Tensor4D, low: tf.Tensor4D, pass: Pass): tf.Tensor4D => {
			const h = relu(merge(tf.concat([skip, up(low, pass)], 3), pass));
			const mask: tf.Tensor4D = tf.sigmoid(spatial2(relu(spatial1(h, pass)), pass));
			pass.observe?.(`spatial_${name}`, tf.squeeze(mask, [3]));
			const straight = p(tf.mul(tf.add(mask, 1), excite(h, pass)), pass);
			return tf.add(straight, leaky(q(straight, pass), 0.25));
		};
	};
	const [e1, e2, e3] = [
		encoder("E1", [6, w, w]),
		encoder("E2", [w, 2 * w, 2 * w]),
		encoder("E3", [2 * w, 4 * w, 4 * w]),
	];
	const bottom = encoder("B", [4 * w, 8 * w, 8 * w, 8 * w], 1);
	const [d3, d2, d1] = [decoder("D3", 8 * w, 4 * w), decoder("D2", 4 * w, 2 * w), decoder("D1", 2 * w, w)];
	const last = conv(parameters.at("D3"), "last", 4 * w, 4 * w, 1);
	const out = conv(parameters, "out", w, 3);
	return (x, pass) =>
		tf.tidy(() => {
			if (x.shape[1] % 8 !== 0 || x.shape[2] % 8 !== 0) {
				throw new RangeError(
					`dual-attention-unet: pictures must have sides that are multiples of 8, got ${x.shape[1]} by ${x.shape[2]}`,
				);
			}
			const skip1 = e1(x, pass);
			const skip2 = e2(maxPool2d(skip1, 2), pass);
			const skip3 = e3(maxPool2d(skip2, 2), pass);
			const third = last(d3(skip3, bottom(maxPool2d(skip3, 2), pass), pass), pass);
			return tf.tanh(out(d1(skip1, d2(skip2, third, pass), pass), pass));
		});
}

/** Names of the U-Net's layers in the Keras code, by the names of ours. */
export function dualAttentionLayers(): Record<string, string> {
	const encoders = ["E1", "E2", "E3"].flatMap((level) => [`${level}.conv1`, `${level}.conv2`]);
	const decoder = (level: string) =>
		["up", "merge", "spatial1", "spatial2", "p", "q"].map((part) => `${level}.${part}`);
	const bottom = ["B.conv1", "B.conv2", "B.conv3"];
	const levels = ["E1", "E2", "E3", "B", "D3", "D2", "D1"];
	return {
		...kerasNames("conv2d", [
			...[...encoders, ...bottom, ...decoder("D3"), "D3.last"],
			...[...decoder("D2"), ...decoder("D1"), "out"],
		]),
		...kerasNames(
			"dense",
			levels.flatMap((level) => [`${level}.se.fc1`, `${level}.se.fc2`]),
		),
	};
}
