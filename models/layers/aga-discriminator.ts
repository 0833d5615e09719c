/**
 * Discriminator of AGA-GAN: pictures and attributes together, after NoviceMAn-prog/AGA-GAN@647a90c. w is `width`, 32 in the
 * paper; all convolutions end in a leaky ReLU of 0.25.
 *
 *     attributes: a1 (dense to side × side × 3) → a2 → a3 → a4 (twice as large)
 *     picture:    c1 c2↓ c3 c4↓ (c4b↓ at ×16) ++ a4 → c5 c6↓ c7 c8↓ c9 → d1 → leaky 0.2 → d2 → sigmoid
 */
import * as tf from "@tensorflow/tfjs";
import { leakyRelu as leaky } from "../../engine/ops/leaky-relu.ts";
import type { Parameters } from "../../engine/parameters.ts";
import { kerasNames } from "./aga-generator.ts";
import { dense, sameConvolution, sameTransposed, subPixel } from "./keras-layers.ts";
import { evaluation, type Layer } from "./layer.ts";

export interface AgaDiscriminatorOptions {
	/** 16 has one more strided convolution. @default 8 */
	readonly scale?: number;
	/** Side of the pictures that are judged, a multiple of 16 (of 32 at ×16). @default 128 */
	readonly highSize?: number;
	/** Length of the attribute vector. @default 38 */
	readonly attributes?: number;
	/** Width of the first layers. @default 32 */
	readonly width?: number;
	/** How the attributes' features are enlarged: the two scripts differ. @default "sub-pixel" */
	readonly branch?: "sub-pixel" | "transposed";
}

export interface Judged {
	/** [N, 1] */
	readonly probability: tf.Tensor2D;
	/** First dense layer in front of its activation, [N, 32·width]. */
	readonly dense: tf.Tensor2D;
}

/** Builds the discriminator: pictures [N, highSize, highSize, 3] and attributes [N, attributes] → probabilities of being real. */
export function agaDiscriminator(
	parameters: Parameters,
	options: AgaDiscriminatorOptions = {},
): (images: tf.Tensor4D, attributes: tf.Tensor2D) => Judged {
	const { scale = 8, highSize = 128, attributes: attributeCount = 38, width: w = 32, branch = "sub-pixel" } = options;
	const halvings = scale === 16 ? 3 : 2;
	const side = highSize / 2 ** (halvings + 1);
	if (side % 2 !== 0) {
		throw new RangeError(
			`aga-gan: highSize must be a multiple of ${2 ** (halvings + 2)} at ×${scale}, got ${highSize}`,
		);
	}
	const conv = (name: string, input: number, output: number, halve = false): Layer => {
		const layer = sameConvolution(input, output, halve ? { kernel: 4, stride: 2 } : {})(parameters.at(name));
		return (x, pass) => leaky(layer(x, pass), 0.25);
	};
	const a1 = dense(attributeCount, side ** 2 * 3)(parameters.at("a1"));
	const enlarge = (branch === "sub-pixel" ? subPixel(w, 2 * w) : sameTransposed(w, 2 * w, { kernel: 4, stride: 2 }))(
		parameters.at("a4"),
	);
	// Behind the sub-pixel step's ReLU the leaky ReLU does nothing.
	const guide = [
		conv("a2", 3, w),
		conv("a3", w, w),
		(x, pass) => leaky(enlarge(x, pass), 0.25),
	] as const satisfies Layer[];
	const before = [conv("c1", 3, w), conv("c2", w, w, true), conv("c3", w, w), conv("c4", w, 2 * w, true)];
	if (halvings === 3) before.push(conv("c4b", 2 * w, 2 * w, true));
	const after = [
		...[conv("c5", 4 * w, 2 * w), conv("c6", 2 * w, 4 * w, true), conv("c7", 4 * w, 4 * w)],
		...[conv("c8", 4 * w, 3 * w, true), conv("c9", 3 * w, 3 * w)],
	];
	const d1 = dense(3 * w * (side / 2) ** 2, 32 * w)(parameters.at("d1"));
	const d2 = dense(32 * w, 1)(parameters.at("d2"));
	const through = (layers: readonly Layer[], x: tf.Tensor4D) =>
		layers.reduce((value, layer) => layer(value, evaluation), x);
	return (images, attributes) =>
		tf.tidy(() => {
			const count = images.shape[0];
			const planes: tf.Tensor4D = tf.reshape(leaky(a1(attributes), 0.25), [count, side, side, 3]);
			const merged = tf.concat([through(before, images), through(guide, planes)], 3) as tf.Tensor4D;
			const first = d1(tf.reshape(through(after, merged), [count, -1]));
			return { probability: tf.sigmoid(d2(leaky(first, 0.2))) as tf.Tensor2D, dense: first };
		});
}

/** Names of the discriminator's layers in the Keras code, by the names of ours. */
export function agaDiscriminatorLayers(scale: number, branch: "sub-pixel" | "transposed"): Record<string, string> {
	const enlargement = branch === "sub-pixel" ? ["a4"] : [];
	const strided = scale === 16 ? ["c4b"] : [];
	const convolutions = ["a2", "a3", ...enlargement, "c1", "c2", "c3", "c4", ...strided, "c5", "c6", "c7", "c8", "c9"];
	return {
		...kerasNames("conv2d", convolutions),
		...kerasNames("dense", ["a1", "d1", "d2"]),
		...(branch === "transposed" ? { a4: "conv2d_transpose" } : {}),
	};
}
