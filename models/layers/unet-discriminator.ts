/**
 * FASRGAN's discriminator: a U-Net with two heads, one score for the picture and a map of scores for its pixels and colours.
 * Two layouts, because the published code and the paper's figure 2 differ:
 *
 * - `code`: stages of two convolutions of w, 2w, 4w, 4w channels, halved between; the score is taken from the lowest stage; the map
 *   goes back up by three stages of 2w, w, w with skips, and a 1 × 1 convolution.
 * - `figure`: stages of (w, 2w), (2w, 4w), 4w channels, and one more of 4w behind a halving in the branch of the score alone; the
 *   map goes back up by two stages of (2w, 2w), (w, w), and a 3 × 3 convolution. Read off the drawing, which shows no norms:
 *   they are put as in the code.
 *
 * Names are those of the code: `inc`, `down1` …, `up2` …, `outc`, `classifier`; for the figure the same by position.
 */
import * as tf from "@tensorflow/tfjs";
import { maxPool2d } from "../../engine/ops/max-pool.ts";
import { pad2d } from "../../engine/ops/pad2d.ts";
import { resizeBilinear } from "../../engine/ops/resize-bilinear.ts";
import { constantInit, kaimingInit } from "../../engine/parameters.ts";
import { relu } from "./activation.ts";
import { batchNorm } from "./batch-norm.ts";
import { convolution } from "./convolution.ts";
import type { JudgeBlock } from "./judge.ts";
import { type Block, type Pass, sequence } from "./layer.ts";
import { scoreHead } from "./score-head.ts";

export interface UnetDiscriminatorOptions {
	/** Channels of the input. @default 3 */
	readonly channels?: number;
	/** Width w of the first stage. @default 64 */
	readonly width?: number;
	/** Units of the score's head. @default 1024 */
	readonly head?: number;
	/** Side of the pictures that are scored; the map is of any size. @default 128 */
	readonly size?: number;
	/** @default "code" */
	readonly layout?: "code" | "figure";
	/**
	 * Epsilon of the first batch norm of each stage: the code gives it the channel count (64 where 1e-5 was meant), which damps
	 * the signal. @default "channels"
	 */
	readonly normEpsilon?: "channels" | "standard";
}

/** Widths of the two (or one) convolutions of each stage. */
interface Plan {
	readonly first: readonly number[];
	/** Behind a halving each. */
	readonly down: readonly (readonly number[])[];
	/** Stages that belong to the score alone. */
	readonly scoreOnly: number;
	/** Behind a doubling each, joined with the skip. */
	readonly up: readonly (readonly number[])[];
	readonly mapKernel: number;
}

const plans: Readonly<Record<"code" | "figure", (w: number) => Plan>> = {
	code: (w) => ({
		first: [w, w],
		down: [
			[2 * w, 2 * w],
			[4 * w, 4 * w],
			[4 * w, 4 * w],
		],
		scoreOnly: 0,
		up: [
			[2 * w, 2 * w],
			[w, w],
			[w, w],
		],
		mapKernel: 1,
	}),
	figure: (w) => ({
		first: [w, 2 * w],
		down: [[2 * w, 4 * w], [4 * w], [4 * w]],
		scoreOnly: 1,
		up: [
			[2 * w, 2 * w],
			[w, w],
		],
		mapKernel: 3,
	}),
};

const init = { initializer: kaimingInit(), biasInitializer: constantInit(0) };

/** [N, H, W, channels] → logits: a score [N, 1] and a map [N, H, W, 3]. */
export function unetDiscriminator(options: UnetDiscriminatorOptions = {}): JudgeBlock {
	const { channels = 3, width = 64, head = 1024, size = 128, layout = "code", normEpsilon = "channels" } = options;
	const plan = plans[layout](width);
	const stages = [plan.first, ...plan.down].map((widths) => widths.at(-1) as number);
	const side = Math.floor(size / 2 ** plan.down.length);
	if (side < 1) throw new RangeError(`unet-discriminator: size must be at least ${2 ** plan.down.length}, got ${size}`);
	const stage = (input: number, widths: readonly number[]): Block =>
		sequence(
			...widths.flatMap((output, index) => [
				convolution(index === 0 ? input : (widths[index - 1] as number), output, { ...init, padding: 1 }),
				batchNorm(output, index === 0 && normEpsilon === "channels" ? { epsilon: output } : {}),
				relu(),
			]),
		);
	return (parameters) => {
		const first = stage(channels, plan.first)(parameters.at("inc.conv.conv"));
		const down = plan.down.map((widths, index) =>
			stage(stages[index] as number, widths)(parameters.at(`down${index + 1}.mpconv.1.conv`)),
		);
		const mapLevels = plan.down.length - plan.scoreOnly;
		const up = plan.up.map((widths, index) => {
			const below = index === 0 ? (stages[mapLevels] as number) : (plan.up[index - 1]?.at(-1) as number);
			const input = (stages[mapLevels - 1 - index] as number) + below;
			return stage(input, widths)(parameters.at(`up${index + 2}.conv.conv`));
		});
		const toMap = convolution(plan.up.at(-1)?.at(-1) as number, 3, {
			...{ ...init, kernel: plan.mapKernel, padding: (plan.mapKernel - 1) / 2 },
		})(parameters.at("outc.conv"));
		const toScore = scoreHead((stages.at(-1) as number) * side * side, head)(parameters.at("classifier"));

		/** Results of the first `count` stages below the top one, the top one first. */
		const descend = (x: tf.Tensor4D, count: number, pass: Pass): tf.Tensor4D[] => {
			const levels = [first(x, pass)];
			for (const layer of down.slice(0, count)) levels.push(layer(maxPool2d(levels.at(-1) as tf.Tensor4D, 2), pass));
			return levels;
		};
		const ascend = (levels: readonly tf.Tensor4D[], pass: Pass): tf.Tensor4D => {
			const top = up.reduce(
				(low, layer, index) => layer(joined(levels[mapLevels - 1 - index] as tf.Tensor4D, low), pass),
				levels[mapLevels] as tf.Tensor4D,
			);
			return toMap(top, pass);
		};
		return {
			judge(x, pass) {
				if (x.shape[1] !== size || x.shape[2] !== size) {
					throw new RangeError(`unet-discriminator: pictures must be ${size}×${size}, got ${x.shape[2]}×${x.shape[1]}`);
				}
				return tf.tidy(() => {
					const levels = descend(x, down.length, pass);
					const score = toScore(levels.at(-1) as tf.Tensor4D);
					return { score, map: ascend(levels, pass) };
				});
			},
			map: (x, pass) => tf.tidy(() => ascend(descend(x, mapLevels, pass), pass)),
		};
	};
}

/** The skip and the lower stage made twice as large, zeros where that is a pixel short. */
function joined(skip: tf.Tensor4D, low: tf.Tensor4D): tf.Tensor4D {
	return tf.tidy(() => {
		const [height, width] = [2 * low.shape[1], 2 * low.shape[2]];
		const large = resizeBilinear(low, [height, width], { alignCorners: true });
		const [rows, columns] = [skip.shape[1] - height, skip.shape[2] - width];
		const [top, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
		const padded = pad2d(large, [
			[top, rows - top],
			[left, columns - left],
		]);
		return tf.concat([skip, padded], 3) as tf.Tensor4D;
	});
}
