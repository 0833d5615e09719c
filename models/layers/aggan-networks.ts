/**
 * Networks of AttentionGAN's first scheme, which is AGGAN (Ha0Tang/AttentionGAN@45da496, AttentionGAN-v1/models.py).
 * Parameters carry the names of the authors' state dict.
 */
import * as tf from "@tensorflow/tfjs";
import { pixelShuffle } from "../../engine/ops/pixel-shuffle.ts";
import type { Parameters } from "../../engine/parameters.ts";
import { leakyRelu, relu } from "./activation.ts";
import { convolution } from "./convolution.ts";
import { type Block, type Layer, type Pass, sequence } from "./layer.ts";
import { fuse } from "./mask.ts";
import { cycleganInit, normalization } from "./normalization.ts";
import { padded, plainResidual } from "./resnet-generator.ts";

export interface AgganGeneratorOptions {
	/** Channels of the pictures. @default 3 */
	readonly channels?: number;
	/** Width of the first layer. @default 64 */
	readonly ngf?: number;
	/** Residual blocks. @default 6 */
	readonly blocks?: number;
	/** Without a mask the content is the result. @default true */
	readonly masked?: boolean;
	/** Keeps the content in [-1, 1]; the code leaves it as it comes. @default false */
	readonly contentTanh?: boolean;
}

/** A generator's picture with what it was made of. */
export interface AgganPictures {
	/** [N, H, W, channels] */
	readonly image: tf.Tensor4D;
	/** [N, H, W, channels] */
	readonly content: tf.Tensor4D;
	/** [N, H, W, 1] in [0, 1]: where the content stands in for the input. Absent without a mask. */
	readonly masks?: tf.Tensor4D;
}

// The code leaves biases as its framework draws them.
const { initializer } = cycleganInit;

/** Pictures [N, H, W, channels] in [-1, 1], H and W multiples of 4, to pictures of the same size. */
export function agganGenerator(
	parameters: Parameters,
	{ channels = 3, ngf = 64, blocks = 6, masked = true, contentTanh = false }: AgganGeneratorOptions = {},
): (x: tf.Tensor4D, pass: Pass) => AgganPictures {
	const wide = ngf * 4;
	const normed = (width: number) => [normalization("batch", width), relu()];
	const down = (input: number, output: number) => convolution(input, output, { initializer, stride: 2, padding: 1 });
	const up = (input: number, output: number) => [
		...padded(input, output, 3, "drawn"),
		...normed(output),
		convolution(output, output * 4, { initializer, kernel: 1 }),
		shuffled,
		...normed(output),
	];
	const model = sequence(
		...padded(channels, ngf, 7, "drawn"),
		...normed(ngf),
		down(ngf, ngf * 2),
		...normed(ngf * 2),
		down(ngf * 2, wide),
		...normed(wide),
		...Array.from({ length: blocks }, () => plainResidual(wide, "batch", { bias: "drawn" })),
		...up(wide, ngf * 2),
		...up(ngf * 2, ngf),
		...padded(ngf, channels + (masked ? 1 : 0), 7, "drawn"),
	)(parameters.at("model"));
	return (x, pass) => {
		const raw = model(x, pass);
		const first = masked ? 1 : 0;
		const last = tf.slice(raw, [0, 0, 0, first], [-1, -1, -1, channels]);
		const content = contentTanh ? tf.tanh(last) : last;
		if (!masked) return { image: content, content };
		const masks = tf.sigmoid(tf.slice(raw, [0, 0, 0, 0], [-1, -1, -1, 1]));
		return { image: fuse(x, content, masks), content, masks };
	};
}

/** [N, H, W, 4·C] → [N, 2·H, 2·W, C]. */
const shuffled: Block = () => (x) => pixelShuffle(x, 2);

export interface AgganDiscriminatorOptions {
	/** Channels of what is judged: a picture's, and one more with a mask in front. @default 3 */
	readonly channels?: number;
	/** Width of the first layer. @default 64 */
	readonly ndf?: number;
	/** Strided layers, each twice as wide up to 8·ndf. Four need sides of 94 pixels or more. @default 4 */
	readonly layers?: number;
}

/** One score for each picture: [N, H, W, channels] → [N, 1, 1, 1]. Nothing is padded. Parameters are named `conv_tower.…`. */
export function agganDiscriminator({ channels = 3, ndf = 64, layers = 4 }: AgganDiscriminatorOptions = {}): Block {
	const widths = [channels, ...Array.from({ length: layers }, (_, index) => ndf * Math.min(2 ** index, 8))];
	const wide = widths[layers] as number;
	// Each strided layer makes ⌊side / 2⌋ − 1 of a side; the last convolution wants four.
	const least = Array.from({ length: layers }).reduce<number>((side) => 2 * side + 2, 4);
	const tower = sequence(
		...widths
			.slice(1)
			.flatMap((width, index) => [
				convolution(widths[index] as number, width, { initializer, kernel: 4, stride: 2 }),
				normalization("batch", width),
				leakyRelu(0.01),
			]),
		convolution(wide, wide, { initializer, kernel: 4 }),
		leakyRelu(0.01),
		averaged,
		convolution(wide, 1, { initializer, kernel: 1 }),
	);
	return (parameters): Layer => {
		const layer = tower(parameters.at("conv_tower"));
		return (x, pass) => {
			const side = Math.min(x.shape[1], x.shape[2]);
			if (side < least) {
				throw new RangeError(
					`discriminator: pictures must have sides of ${least} or more for ${layers} strided layers, got ${side}`,
				);
			}
			return layer(x, pass);
		};
	};
}

/** [N, H, W, C] → [N, 1, 1, C]. */
const averaged: Block = () => (x) => tf.mean(x, [1, 2], true) as tf.Tensor4D;
