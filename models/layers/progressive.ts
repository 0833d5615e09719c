/**
 * Networks that grow (see models/pggan.ts), under the names of akanimax/pro_gan_pytorch: generator blocks are `layers.0`
 * (4 × 4), `layers.1` …, discriminator blocks are counted from the largest pictures on.
 */
import * as tf from "@tensorflow/tfjs";
import { avgPool2d } from "../../engine/ops/avg-pool.ts";
import { leakyRelu as leaky } from "../../engine/ops/leaky-relu.ts";
import { upsampleNearest } from "../../engine/ops/upsample-nearest.ts";
import type { Parameters } from "../../engine/parameters.ts";
import { equalizedConvolution, equalizedStart } from "./equalized.ts";
import { evaluation, type Layer } from "./layer.ts";
import { minibatchDeviation } from "./minibatch-deviation.ts";
import { pixelNorm } from "./pixel-norm.ts";

export interface ProgressiveOptions {
	/** Levels: the largest pictures have 2^depth pixels a side. @default 8 */
	readonly depth?: number;
	/** Length of the noise. @default 512 */
	readonly latentSize?: number;
	/** Level ℓ has fmapBase / 2^(ℓ − 1) channels … @default 8192 */
	readonly fmapBase?: number;
	/** … but at most these. @default 512 */
	readonly fmapMax?: number;
	/** Of the pictures. @default 3 */
	readonly channels?: number;
	/** @default "official" */
	readonly form?: "official" | "community";
	/** Pictures among which deviations are taken. @default 4 */
	readonly groupSize?: number;
}

/** How much of the networks is in use. */
export interface Reached {
	/** The highest level, from 2 to depth. */
	readonly level: number;
	/** Its share; the rest is the level below. At level 2 there is none below. */
	readonly alpha: number;
}

const slope = 0.2;

function widths({ fmapBase = 8192, fmapMax = 512 }: ProgressiveOptions): (level: number) => number {
	return (level) => Math.max(1, Math.min(fmapMax, Math.floor(fmapBase / 2 ** (level - 1))));
}

/** Two convolutions on enlarged features: [N, H, W, input] → [N, 2H, 2W, output]. */
export function enlargingBlock(parameters: Parameters, input: number, output: number): (x: tf.Tensor4D) => tf.Tensor4D {
	const first = equalizedConvolution(input, output)(parameters.at("conv_1"));
	const second = equalizedConvolution(output, output)(parameters.at("conv_2"));
	const active = (layer: Layer, x: tf.Tensor4D) => pixelNorm(leaky(layer(x, evaluation), slope));
	return (x) => active(second, active(first, upsampleNearest(x, 2)));
}

/** Noise [N, input] → [N, 4, 4, output]; normalised behind each convolution (official) or once. */
export function startingBlock(
	parameters: Parameters,
	input: number,
	output: number,
	form: "official" | "community",
): (z: tf.Tensor2D) => tf.Tensor4D {
	const isOfficial = form === "official";
	const first = equalizedStart(input, output, isOfficial ? { gain: Math.SQRT2 / 4 } : {})(parameters.at("conv_1"));
	const second = equalizedConvolution(output, output)(parameters.at("conv_2"));
	return (z) => {
		const start = leaky(first(tf.reshape(z, [z.shape[0], 1, 1, input]), evaluation), slope);
		return pixelNorm(leaky(second(isOfficial ? pixelNorm(start) : start, evaluation), slope));
	};
}

/** Two convolutions, then half the size: [N, H, W, input] → [N, H/2, W/2, output]. */
export function shrinkingBlock(
	parameters: Parameters,
	input: number,
	inner: number,
	output: number,
): (x: tf.Tensor4D) => tf.Tensor4D {
	const first = equalizedConvolution(input, inner)(parameters.at("conv_1"));
	const second = equalizedConvolution(inner, output)(parameters.at("conv_2"));
	return (x) => avgPool2d(leaky(second(leaky(first(x, evaluation), slope), evaluation), slope), 2);
}

/** [N, 4, 4, input] → scores [N]; sees the deviation over groups of `groupSize`. `gain` is the last layer's. */
export function judgingBlock(
	parameters: Parameters,
	input: number,
	output: number,
	{ groupSize, gain }: { readonly groupSize: number; readonly gain: number },
): (x: tf.Tensor4D) => tf.Tensor1D {
	const first = equalizedConvolution(input + 1, input)(parameters.at("conv_1"));
	const second = equalizedConvolution(input, output, { kernel: 4, padding: 0 })(parameters.at("conv_2"));
	const third = equalizedConvolution(output, 1, { kernel: 1, gain })(parameters.at("conv_3"));
	return (x) => {
		const inner = leaky(first(minibatchDeviation(x, groupSize), evaluation), slope);
		return tf.reshape(third(leaky(second(inner, evaluation), slope), evaluation), [x.shape[0]]);
	};
}

/** Noise [N, latentSize] → pictures [N, 2^level, 2^level, channels], not confined to [-1, 1]. */
export function progressiveGenerator(
	parameters: Parameters,
	options: ProgressiveOptions = {},
): (z: tf.Tensor2D, reached: Reached) => tf.Tensor4D {
	const { depth = 8, latentSize = 512, channels = 3, form = "official" } = options;
	const width = widths(options);
	const at = (name: string, index: number) => parameters.at(name).at(index);
	const start = startingBlock(at("layers", 0), latentSize, width(2), form);
	const blocks = levels(3, depth).map((level) =>
		enlargingBlock(at("layers", level - 2), width(level - 1), width(level)),
	);
	const gain = form === "official" ? 1 : Math.SQRT2;
	const toPicture = levels(2, depth).map((level) =>
		equalizedConvolution(width(level), channels, { kernel: 1, gain })(at("rgb_converters", level - 2)),
	);
	return (z, { level, alpha }) =>
		tf.tidy(() => {
			requireLevel(level, depth);
			let features = start(pixelNorm(z));
			let below = features;
			for (const block of blocks.slice(0, level - 2)) [below, features] = [features, block(features)];
			const picture = (toPicture[level - 2] as Layer)(features, evaluation);
			if (level === 2 || alpha === 1) return picture;
			const old = upsampleNearest((toPicture[level - 3] as Layer)(below, evaluation), 2);
			return tf.add(tf.mul(picture, alpha), tf.mul(old, 1 - alpha));
		});
}

/** Pictures [N, 2^level, 2^level, channels] → scores [N]. */
export function progressiveDiscriminator(
	parameters: Parameters,
	options: ProgressiveOptions = {},
): (x: tf.Tensor4D, reached: Reached) => tf.Tensor1D {
	const { depth = 8, latentSize = 512, channels = 3, form = "official", groupSize = 4 } = options;
	const width = widths(options);
	const at = (name: string, level: number) => parameters.at(name).at(depth - level);
	const descending = levels(3, depth).reverse();
	const blocks = descending.map((level) =>
		shrinkingBlock(at("layers", level), width(level), width(level), width(level - 1)),
	);
	const gain = form === "official" ? 1 : Math.SQRT2;
	const judge = judgingBlock(at("layers", 2), width(2), latentSize, { groupSize, gain });
	const fromPicture = [...descending, 2].map((level) =>
		equalizedConvolution(channels, width(level), { kernel: 1 })(at("from_rgb", level).at(0)),
	);
	const entering = (x: tf.Tensor4D, level: number) =>
		leaky((fromPicture[depth - level] as Layer)(x, evaluation), slope);
	return (x, { level, alpha }) =>
		tf.tidy(() => {
			requireLevel(level, depth);
			const used = blocks.slice(depth - level);
			let features = entering(x, level);
			for (const [index, block] of used.entries()) {
				features = block(features);
				if (index > 0 || alpha === 1) continue;
				const old = entering(avgPool2d(x, 2), level - 1);
				features = tf.add(tf.mul(features, alpha), tf.mul(old, 1 - alpha));
			}
			return judge(features);
		});
}

/** `from` … `to`. */
function levels(from: number, to: number): number[] {
	return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function requireLevel(level: number, depth: number): void {
	if (!Number.isInteger(level) || level < 2 || level > depth) {
		throw new RangeError(`pggan: level must be a whole number from 2 to ${depth}, got ${level}`);
	}
}
