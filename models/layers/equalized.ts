/**
 * Convolutions with equalised learning rate (Karras, Aila, Laine, Lehtinen 2018): weights are drawn from N(0, 1) and scaled in
 * every pass by gain / √fan_in, so that Adam moves all layers at one relative speed. Biases start at 0 and are not scaled.
 */
import * as tf from "@tensorflow/tfjs";
import { convTranspose2d } from "../../engine/ops/conv-transpose.ts";
import { conv2d } from "../../engine/ops/conv2d.ts";
import { constantInit, normalInit } from "../../engine/parameters.ts";
import type { Block } from "./layer.ts";

export interface EqualizedOptions {
	/** Side of the square kernel. @default 3 */
	readonly kernel?: number;
	/** @default half the kernel: the size stays */
	readonly padding?: number;
	/** √2 in front of a rectifier, 1 in front of none. @default √2 */
	readonly gain?: number;
}

/** [N, H, W, input] → [N, H + 2·padding − kernel + 1, …, output]. */
export function equalizedConvolution(input: number, output: number, options: EqualizedOptions = {}): Block {
	const { kernel = 3, padding = Math.floor(kernel / 2), gain = Math.SQRT2 } = options;
	const scale = gain / Math.sqrt(kernel ** 2 * input);
	return (parameters) => {
		const shape = [kernel, kernel, input, output];
		const weight = parameters.create<tf.Rank.R4>("weight", shape, normalInit(1), { layout: "conv" });
		const bias = parameters.create<tf.Rank.R1>("bias", [output], constantInit(0));
		return (x) => tf.tidy(() => conv2d(x, tf.mul(weight, scale), { pad: padding, bias }));
	};
}

/** From one point to kernel × kernel pixels: [N, 1, 1, input] → [N, kernel, kernel, output]. Its fan_in is `input`. */
export function equalizedStart(
	input: number,
	output: number,
	{ kernel = 4, gain = Math.SQRT2 }: EqualizedOptions = {},
): Block {
	const scale = gain / Math.sqrt(input);
	return (parameters) => {
		const shape = [kernel, kernel, output, input];
		const weight = parameters.create<tf.Rank.R4>("weight", shape, normalInit(1), { layout: "conv-transpose" });
		const bias = parameters.create<tf.Rank.R1>("bias", [output], constantInit(0));
		return (x) => tf.tidy(() => convTranspose2d(x, tf.mul(weight, scale), { bias }));
	};
}
