/**
 * The VGG-like discriminators of SRGAN, ESRGAN and Fs-SRGAN: pairs of conv3 and conv4 stride 2, widths 1, 2, 4 and 8 times the
 * first, batch norm behind all but the first, leaky ReLU 0.2; then two linear layers to one score. Names are those of BasicSR's
 * code of 2019: `features.0` … and `classifier.0`, `classifier.2`.
 */
import * as tf from "@tensorflow/tfjs";
import { constantInit, kaimingInit } from "../../engine/parameters.ts";
import { leakyRelu } from "./activation.ts";
import { batchNorm } from "./batch-norm.ts";
import { convolution } from "./convolution.ts";
import type { JudgeBlock } from "./judge.ts";
import { sequence } from "./layer.ts";
import { scoreHead } from "./score-head.ts";

export interface VggDiscriminatorOptions {
	/** Channels of the input. @default 3 */
	readonly channels?: number;
	/** Width of the first convolution. @default 64 */
	readonly width?: number;
	/** Halvings: 5 make VGG-128, 6 VGG-192. @default 5 */
	readonly halvings?: number;
	/** Units of the head. @default 100 */
	readonly head?: number;
	/** Side of the input. @default 128 */
	readonly size?: number;
}

/** [N, size, size, channels] → a score [N, 1]. */
export function vggDiscriminator(options: VggDiscriminatorOptions = {}): JudgeBlock {
	const { channels = 3, width = 64, halvings = 5, head = 100, size = 128 } = options;
	const side = Math.floor(size / 2 ** halvings);
	if (!Number.isInteger(halvings) || halvings < 1 || side < 1) {
		throw new RangeError(`vgg-discriminator: size must be at least 2^halvings, got ${size} and ${halvings} halvings`);
	}
	const init = { initializer: kaimingInit(), biasInitializer: constantInit(0) };
	const widths = Array.from({ length: halvings }, (_, index) => width * Math.min(2 ** index, 8));
	const blocks = widths.flatMap((out, index) => {
		const input = index === 0 ? channels : (widths[index - 1] as number);
		const norm = index === 0 ? [] : [batchNorm(out)];
		return [
			...[convolution(input, out, { ...init, padding: 1 }), ...norm, leakyRelu(0.2)],
			...[convolution(out, out, { ...init, kernel: 4, stride: 2, padding: 1 }), batchNorm(out), leakyRelu(0.2)],
		];
	});
	return (parameters) => {
		const features = sequence(...blocks)(parameters.at("features"));
		const toScore = scoreHead((widths.at(-1) as number) * side * side, head)(parameters.at("classifier"));
		return {
			judge(x, pass) {
				if (x.shape[1] !== size || x.shape[2] !== size) {
					throw new RangeError(`vgg-discriminator: pictures must be ${size}×${size}, got ${x.shape[2]}×${x.shape[1]}`);
				}
				return tf.tidy(() => ({ score: toScore(features(x, pass)) }));
			},
		};
	};
}
