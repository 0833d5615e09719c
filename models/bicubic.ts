/**
 * Bicubic enlargement as MATLAB's imresize makes it, the baseline of every paper on super-resolution: cubic kernel with a = −0.5,
 * pixels are squares, beyond the edge stands the picture's mirror image. It has no parameters and nothing to train.
 *
 *     row of pixels → 4 nearest, weighted by the kernel at their distances → row of scale × as many; then columns
 *
 * Differs from MATLAB: on 8-bit pictures it rounds after rows and again after columns, this once, after both: a value may be
 * another by one level.
 */
import * as tf from "@tensorflow/tfjs";
import { fasrganPaper } from "./fasrgan-paper.ts";
import { enlargeCubic } from "./layers/cubic-enlargement.ts";
import { type Input, type Output, required } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface BicubicOptions {
	/** How many times larger the result is, a whole number. @default 4 */
	readonly scale?: number;
}

/** Pictures [N, H, W, C] in [-1, 1] → [N, H·scale, W·scale, C], clipped to [-1, 1]. */
export function bicubic({ scale = 4 }: BicubicOptions = {}): (input: Input) => Output {
	if (!Number.isInteger(scale) || scale < 1) {
		throw new RangeError(`bicubic: scale must be a whole number from 1, got ${scale}`);
	}
	return ({ images }) => {
		const low = required("bicubic", "images", images);
		const large = () => tf.clipByValue(enlargeCubic(low, scale, { a: -0.5, edges: "mirror" }), -1, 1);
		return { images: tf.tidy(large), maps: {} };
	};
}

export const systems: readonly System[] = [
	system({
		id: "bicubic",
		paper: fasrganPaper,
		role: "baseline",
		description: "Enlargement by MATLAB's cubic kernel, without parameters.",
		options: { scale: 4 },
		networks: () => ({}),
		apply: bicubic,
	}),
];
