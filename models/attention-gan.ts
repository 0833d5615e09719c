/**
 * AttentionGAN, scheme II: Tang, Liu, Xu, Torr, Sebe, "AttentionGAN: Unpaired Image-to-Image Translation using
 * Attention-Guided Generative Adversarial Networks", TNNLS 2021; follows the code Ha0Tang/AttentionGAN@45da496.
 *
 *     picture → encoder (conv7, 2 × down, residual blocks) → content decoder: 9 pictures, tanh
 *                                                          → attention decoder: 10 masks, softmax per pixel
 *     result = Σ content_f · mask_f + picture · mask_10, judged by a PatchGAN
 *
 * `geo` (selfie2anime): ten content pictures, the tenth mask multiplies a generated one. Training is CycleGAN's with
 * identity terms. Differs from the paper's first scheme: no attention-guided discriminator, as in the code.
 */
import * as tf from "@tensorflow/tfjs";
import { softmax } from "../engine/ops/softmax.ts";
import type { Parameters } from "../engine/parameters.ts";
import { relu } from "./layers/activation.ts";
import { convolution, transposedConvolution } from "./layers/convolution.ts";
import { type CycleOptions, cycleTraining } from "./layers/cycle-training.ts";
import { instanceNorm } from "./layers/instance-norm.ts";
import type { Block, Layer, Pass } from "./layers/layer.ts";
import { cycleganInit } from "./layers/normalization.ts";
import { patchgan } from "./layers/patchgan.ts";
import type { TwoDomainGan } from "./layers/two-domain.ts";
import type { Paper, Published } from "./paper.ts";

export interface AttentionGeneratorOptions {
	/** Width of the first layer. @default 64 */
	readonly ngf?: number;
	/** Residual blocks. @default 9 */
	readonly blocks?: number;
	/** Ten generated pictures, and none of the input. @default false */
	readonly geo?: boolean;
}

export interface AttentionGanOptions extends AttentionGeneratorOptions, CycleOptions {
	/** Width of the discriminators' first layer. @default 64 */
	readonly ndf?: number;
	/** Strided layers of the discriminators. @default 3 */
	readonly dLayers?: number;
}

/** A generator's picture with what it was made of. */
export interface AttentionPictures {
	/** [N, H, W, 3] */
	readonly image: tf.Tensor4D;
	/** [N, H, W, 10], sums to 1; the last one is the background's. */
	readonly masks: tf.Tensor4D;
	/** [N, H, W, 27], nine pictures side by side in the channels; 30 for `geo`. */
	readonly content: tf.Tensor4D;
}

const masks = 10;

/** Pictures [N, H, W, 3] in [-1, 1], H and W multiples of 4, to pictures of the same size. */
export function attentionGenerator(
	parameters: Parameters,
	{ ngf = 64, blocks = 9, geo = false }: AttentionGeneratorOptions = {},
): (x: tf.Tensor4D, pass: Pass) => AttentionPictures {
	const contents = geo ? masks : masks - 1;
	const normed = (name: string, block: Block, channels: number): Layer => {
		const [layer, norm, activation] = [
			block(parameters.at(name)),
			instanceNorm(channels)(parameters),
			relu()(parameters),
		];
		return (x, pass) => activation(norm(layer(x, pass), pass), pass);
	};
	const wide = ngf * 4;
	const down = { ...cycleganInit, stride: 2, padding: 1 };
	const up = { ...cycleganInit, stride: 2, padding: 1, outputPadding: 1 };
	const encoder: Layer[] = [
		normed("conv1", convolution(3, ngf, { ...cycleganInit, kernel: 7, reflect: 3 }), ngf),
		normed("conv2", convolution(ngf, ngf * 2, down), ngf * 2),
		normed("conv3", convolution(ngf * 2, wide, down), wide),
	];
	for (let index = 0; index < blocks; index += 1) {
		const same = convolution(wide, wide, { ...cycleganInit, reflect: 1 });
		const first = normed(`resnet_blocks.${index}.conv1`, same, wide);
		const second = same(parameters.at(`resnet_blocks.${index}.conv2`));
		const norm = instanceNorm(wide)(parameters);
		encoder.push((x, pass) => tf.add(x, norm(second(first(x, pass), pass), pass)));
	}
	const decoder = (part: string, head: Block): Layer[] => [
		normed(`deconv1_${part}`, transposedConvolution(wide, ngf * 2, up), ngf * 2),
		normed(`deconv2_${part}`, transposedConvolution(ngf * 2, ngf, up), ngf),
		head(parameters.at(`deconv3_${part}`)),
	];
	const toContent = decoder("content", convolution(ngf, contents * 3, { ...cycleganInit, kernel: 7, reflect: 3 }));
	const toMasks = decoder("attention", convolution(ngf, masks, { ...cycleganInit, kernel: 1 }));

	return (x, pass) => {
		const run = (layers: readonly Layer[], start: tf.Tensor4D) =>
			layers.reduce((value, layer) => layer(value, pass), start);
		const features = run(encoder, x);
		const content = tf.tanh(run(toContent, features));
		const attention = softmax(run(toMasks, features));
		return { image: compose(x, content, attention), masks: attention, content };
	};
}

/** Σ content_f · mask_f; where there is one mask more than there are contents, it keeps the input. */
export function compose(x: tf.Tensor4D, content: tf.Tensor4D, attention: tf.Tensor4D): tf.Tensor4D {
	return tf.tidy(() => {
		const [count, height, width, channels] = content.shape;
		const all = channels / 3 < attention.shape[3] ? tf.concat([content, x], 3) : content;
		const pictures = tf.reshape(all, [count, height, width, attention.shape[3], 3]);
		return tf.sum(tf.mul(pictures, tf.expandDims(attention, 4)), 3) as tf.Tensor4D;
	});
}

/** Builds AttentionGAN; the defaults are the paper's. */
export function attentionGan(options: AttentionGanOptions = {}): TwoDomainGan {
	const { ndf = 64, dLayers = 3, geo = false } = options;
	return cycleTraining(
		{
			id: "attention-gan",
			generator: (parameters) => attentionGenerator(parameters, options),
			discriminator: patchgan({ ndf, layers: dLayers }),
			maps: (attention) => maskMaps(attention, geo),
		},
		options,
	);
}

/** `mask1` … `mask10`, and `foreground`, what the background mask leaves. */
function maskMaps(attention: tf.Tensor4D, geo: boolean): Record<string, tf.Tensor3D> {
	const each = tf.unstack(attention, 3) as tf.Tensor3D[];
	const named = each.map((mask, index) => [`mask${index + 1}`, mask] as const);
	const background = each.at(-1) as tf.Tensor3D;
	return { ...Object.fromEntries(named), ...(geo ? {} : { foreground: tf.sub(1, background) as tf.Tensor3D }) };
}

const published = (table: string, system: string, column: string, metric: string, value: number): Published => ({
	table,
	system,
	column,
	metric,
	value,
	unverified: true,
});

/** Numbers by second hand: the paper's own tables were not read. */
export const paper: Paper = {
	id: "attention-gan",
	title: "AttentionGAN: Unpaired Image-to-Image Translation using Attention-Guided Generative Adversarial Networks",
	year: 2021,
	citation: "H. Tang, H. Liu, D. Xu, P. H. S. Torr, N. Sebe. IEEE TNNLS 2021.",
	url: "https://arxiv.org/abs/1911.11897",
	published: [
		published("second hand", "AttentionGAN", "horse to zebra", "FID", 68.55),
		published("second hand", "CycleGAN", "horse to zebra", "FID", 109.36),
		published("second hand", "AttentionGAN", "horse to zebra", "KID x 100", 2.03),
		published("second hand", "AttentionGAN", "zebra to horse", "KID x 100", 6.48),
		published("second hand", "AttentionGAN", "apple to orange", "KID x 100", 10.03),
		published("second hand", "AttentionGAN", "orange to apple", "KID x 100", 4.38),
	],
	claims: [
		{
			text: "AttentionGAN has a lower FID than CycleGAN on horse to zebra",
			where: "second hand",
			better: "attention-gan",
			worse: "cyclegan",
			metric: "fid",
			direction: "lower",
			published: "68.55 against 109.36",
		},
	],
};
