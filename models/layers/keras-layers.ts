/** Layers with Keras' geometry and initial values: "same" padding, Glorot-uniform weights, zero biases. */
import { depthToSpace } from "../../engine/ops/pixel-shuffle.ts";
import { relu } from "../../engine/ops/relu.ts";
import { constantInit, type Initializer, uniformInit } from "../../engine/parameters.ts";
import { convolution, transposedConvolution } from "./convolution.ts";
import type { Block } from "./layer.ts";
import { linear } from "./linear.ts";

export interface SameOptions {
	/** Side of the square kernel. @default 3 */
	readonly kernel?: number;
	/** @default 1 */
	readonly stride?: number;
}

const biasInitializer = constantInit(0);

/** [N, H, W, input] → [N, ⌈H / stride⌉, …, output]. */
export function sameConvolution(input: number, output: number, { kernel = 3, stride = 1 }: SameOptions = {}): Block {
	const initializer = glorot(kernel ** 2 * input, kernel ** 2 * output);
	return convolution(input, output, { kernel, stride, padding: "same", initializer, biasInitializer });
}

/** [N, H, W, input] → [N, H · stride, …, output]; `kernel − stride` must be even. */
export function sameTransposed(input: number, output: number, { kernel = 3, stride = 1 }: SameOptions = {}): Block {
	const initializer = glorot(kernel ** 2 * input, kernel ** 2 * output);
	const padding = (kernel - stride) / 2;
	return transposedConvolution(input, output, { kernel, stride, padding, initializer, biasInitializer });
}

/** [N, input] → [N, output]. */
export function dense(input: number, output: number): ReturnType<typeof linear> {
	return linear(input, output, { initializer: glorot(input, output), biasInitializer });
}

/** Sub-pixel enlargement: conv3 to 4·output channels, depth to space, ReLU. [N, H, W, input] → [N, 2H, 2W, output]. */
export function subPixel(input: number, output: number): Block {
	const block = sameConvolution(input, 4 * output);
	return (parameters) => {
		const widen = block(parameters);
		return (x, pass) => relu(depthToSpace(widen(x, pass), 2));
	};
}

/** Uniform in ±√(6 / (fan_in + fan_out)). */
function glorot(fanIn: number, fanOut: number): Initializer {
	return uniformInit(Math.sqrt(6 / (fanIn + fanOut)));
}
