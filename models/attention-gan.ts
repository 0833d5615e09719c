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
import { type CycleAdversarial, type CycleOptions, cycleTraining } from "./layers/cycle-training.ts";
import { instanceNorm } from "./layers/instance-norm.ts";
import { type Block, type Layer, type Pass, through } from "./layers/layer.ts";
import { cycleganInit } from "./layers/normalization.ts";
import { cycleDiscriminator, type Judge } from "./layers/patchgan.ts";
import type { TwoDomainGan } from "./layers/two-domain.ts";
import type { Paper, Published } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface AttentionGeneratorOptions {
	/** Channels of the pictures. @default 3 */
	readonly channels?: number;
	/** Width of the first layer. @default 64 */
	readonly ngf?: number;
	/** Residual blocks. @default 9 */
	readonly blocks?: number;
	/** Masks n, the background's among them. @default 10 */
	readonly masks?: number;
	/** As many generated pictures as masks, and none of the input. @default false */
	readonly geo?: boolean;
}

export interface AttentionGanOptions extends AttentionGeneratorOptions, CycleOptions {
	/** Width of the discriminators' first layer. @default 64 */
	readonly ndf?: number;
	/** Strided layers of a PatchGAN. @default 3 */
	readonly dLayers?: number;
	/** The code takes the first only. @default "patch" */
	readonly discriminator?: Judge;
}

/** A generator's picture with what it was made of. */
export interface AttentionPictures {
	/** [N, H, W, channels] */
	readonly image: tf.Tensor4D;
	/** [N, H, W, masks], sums to 1; the last one is the background's. */
	readonly masks: tf.Tensor4D;
	/** [N, H, W, (masks − 1)·channels], pictures side by side in the channels; one more for `geo`. */
	readonly content: tf.Tensor4D;
}

/** Pictures [N, H, W, channels] in [-1, 1], H and W multiples of 4, to pictures of the same size. */
export function attentionGenerator(
	parameters: Parameters,
	{ channels = 3, ngf = 64, blocks = 9, masks = 10, geo = false }: AttentionGeneratorOptions = {},
): (x: tf.Tensor4D, pass: Pass) => AttentionPictures {
	if (!Number.isInteger(masks) || masks < 2) {
		throw new RangeError(`attention-gan: masks must be 2 or more, got ${masks}`);
	}
	const contents = geo ? masks : masks - 1;
	const normed = (name: string, block: Block, width: number): Layer => {
		const [layer, norm, activation] = [block(parameters.at(name)), instanceNorm(width)(parameters), relu()(parameters)];
		return (x, pass) => tf.tidy(() => activation(norm(layer(x, pass), pass), pass));
	};
	const wide = ngf * 4;
	const down = { ...cycleganInit, stride: 2, padding: 1 };
	const up = { ...cycleganInit, stride: 2, padding: 1, outputPadding: 1 };
	const encoder: Layer[] = [
		normed("conv1", convolution(channels, ngf, { ...cycleganInit, kernel: 7, reflect: 3 }), ngf),
		normed("conv2", convolution(ngf, ngf * 2, down), ngf * 2),
		normed("conv3", convolution(ngf * 2, wide, down), wide),
	];
	for (let index = 0; index < blocks; index += 1) {
		const same = convolution(wide, wide, { ...cycleganInit, reflect: 1 });
		const first = normed(`resnet_blocks.${index}.conv1`, same, wide);
		const second = same(parameters.at(`resnet_blocks.${index}.conv2`));
		const norm = instanceNorm(wide)(parameters);
		encoder.push((x, pass) => tf.tidy(() => tf.add(x, norm(second(first(x, pass), pass), pass))));
	}
	const decoder = (part: string, head: Block): Layer[] => [
		normed(`deconv1_${part}`, transposedConvolution(wide, ngf * 2, up), ngf * 2),
		normed(`deconv2_${part}`, transposedConvolution(ngf * 2, ngf, up), ngf),
		head(parameters.at(`deconv3_${part}`)),
	];
	const toContent = decoder(
		"content",
		convolution(ngf, contents * channels, { ...cycleganInit, kernel: 7, reflect: 3 }),
	);
	const toMasks = decoder("attention", convolution(ngf, masks, { ...cycleganInit, kernel: 1 }));

	return (x, pass) =>
		tf.tidy(() => {
			const features = through(encoder, x, pass);
			const content = tf.tidy(() => tf.tanh(through(toContent, features, pass)));
			const attention = tf.tidy(() => softmax(through(toMasks, features, pass)));
			return { image: compose(x, content, attention), masks: attention, content };
		});
}

/** Σ content_f · mask_f; where there is one mask more than there are contents, it keeps the input. */
export function compose(x: tf.Tensor4D, content: tf.Tensor4D, attention: tf.Tensor4D): tf.Tensor4D {
	return tf.tidy(() => {
		const [count, height, width, channels] = x.shape;
		const all = content.shape[3] / channels < attention.shape[3] ? tf.concat([content, x], 3) : content;
		const pictures = tf.reshape(all, [count, height, width, attention.shape[3], channels]);
		return tf.sum(tf.mul(pictures, tf.expandDims(attention, 4)), 3) as tf.Tensor4D;
	});
}

/** Builds AttentionGAN; the defaults are the paper's. */
export function attentionGan(options: AttentionGanOptions = {}): TwoDomainGan {
	const { geo = false } = options;
	return cycleTraining(
		{
			id: geo ? "attention-gan-geo" : "attention-gan",
			generator: (parameters) => attentionGenerator(parameters, options),
			discriminator: discriminatorOf(options),
			maps: (attention) => maskMaps(attention, geo),
		},
		options,
	);
}

function discriminatorOf({ discriminator = "patch", channels = 3, ndf = 64, dLayers = 3 }: AttentionGanOptions): Block {
	return cycleDiscriminator(discriminator, { channels, ndf, layers: dLayers });
}

/** `mask1` … in order, and `foreground`, what the background mask leaves. */
function maskMaps(attention: tf.Tensor4D, geo: boolean): Record<string, tf.Tensor3D> {
	const each = tf.unstack(attention, 3) as tf.Tensor3D[];
	const named = each.map((mask, index) => [`mask${index + 1}`, mask] as const);
	const background = each.at(-1) as tf.Tensor3D;
	return { ...Object.fromEntries(named), ...(geo ? {} : { foreground: tf.sub(1, background) as tf.Tensor3D }) };
}

const secondHand = (system: string, column: string, metric: string, value: number): Published => ({
	...{ table: "second hand", system, column, metric, value },
	unverified: true,
});

/** KID × 100 of other systems by the same code (U-GAT-IT, Kim et al., ICLR 2020, Table 3). */
// biome-ignore format: one printed row, one line
const kidOfOthers: Readonly<Record<string, readonly (readonly [value: number, spread: number])[]>> = {
	"U-GAT-IT": [[11.61, 0.57], [7.06, 0.8], [11.52, 0.57], [7.47, 0.71]],
	CycleGAN: [[13.08, 0.49], [8.05, 0.72], [11.84, 0.74], [8.0, 0.66]],
	UNIT: [[14.71, 0.59], [10.44, 0.67], [26.32, 0.92], [14.93, 0.75]],
	MUNIT: [[13.85, 0.41], [11.41, 0.83], [13.94, 0.72], [16.47, 1.04]],
	DRIT: [[15.08, 0.62], [9.79, 0.62], [14.85, 0.6], [10.98, 0.55]],
	"AGGAN of Mejjati et al. (most likely)": [[14.63, 0.55], [7.58, 0.71], [12.72, 1.03], [8.8, 0.66]],
};
const tasks = ["selfie to anime", "horse to zebra", "anime to selfie", "zebra to horse"] as const;
const others: Published[] = Object.entries(kidOfOthers).flatMap(([system, cells]) =>
	cells.map(([value, spread], index) => {
		const column = tasks[index] as string;
		return { table: "U-GAT-IT, Table 3", system, column, metric: "KID x 100", value, spread };
	}),
);

/** Numbers by second hand: the paper's own tables were not read. Its code prints FID / 100 and KID × 100. */
export const paper: Paper = {
	id: "attention-gan",
	title: "AttentionGAN: Unpaired Image-to-Image Translation using Attention-Guided Generative Adversarial Networks",
	year: 2021,
	citation: "H. Tang, H. Liu, D. Xu, P. H. S. Torr, N. Sebe. IEEE TNNLS 2021.",
	url: "https://arxiv.org/abs/1911.11897",
	published: [
		secondHand("AttentionGAN", "horse to zebra", "FID", 68.55),
		secondHand("CycleGAN", "horse to zebra", "FID", 109.36),
		secondHand("AttentionGAN", "horse to zebra", "KID x 100", 2.03),
		secondHand("AttentionGAN", "zebra to horse", "KID x 100", 6.48),
		secondHand("AttentionGAN", "apple to orange", "KID x 100", 10.03),
		secondHand("AttentionGAN", "orange to apple", "KID x 100", 4.38),
		secondHand("AttentionGAN", "CelebA", "AMT", 38.9),
		secondHand("AttentionGAN", "AR Face", "AMT", 12.8),
		secondHand("AttentionGAN", "AR Face", "PSNR", 14.9187),
		...others,
	],
	claims: [
		{
			...{ text: "AttentionGAN has a lower FID than CycleGAN", where: "second hand, horse to zebra" },
			...{ better: "attention-gan", worse: "cyclegan", metric: "fid", direction: "lower" },
			published: "68.55 against 109.36",
		},
		{
			...{ text: "AttentionGAN has a lower KID than CycleGAN", where: "second hand, U-GAT-IT, horse to zebra" },
			...{ better: "attention-gan", worse: "cyclegan", metric: "kid", direction: "lower" },
			published: "2.03 against 8.05 ± 0.72 (KID × 100)",
		},
		{
			...{ text: "AttentionGAN changes the background less than CycleGAN", where: "abstract" },
			...{ better: "attention-gan", worse: "cyclegan", metric: "background-ssim", direction: "higher" },
			published: "no number",
		},
		{
			...{ text: "Scheme II has a lower FID than scheme I", where: "the authors' answers to users, horse to zebra" },
			...{ better: "attention-gan", worse: "aggan", metric: "fid", direction: "lower" },
			published: "no number",
		},
	],
};

/** The card of one form; they differ in what the tenth mask multiplies. */
function cardOf(id: string, geo: boolean, description: string): System {
	return system({
		...{ id, paper, role: "system", description },
		options: {
			...{ channels: 3, ngf: 64, blocks: 9, masks: 10, discriminator: "patch" as Judge, ndf: 64, dLayers: 3 },
			...{ lambdaA: 10, lambdaB: 10, lambdaIdentity: 0.5, adversarial: "lsgan" as CycleAdversarial },
			...{ poolSize: 50, rate: 2e-4 },
		},
		choices: { discriminator: ["patch", "pixel", "spectral"], adversarial: ["lsgan", "vanilla", "wgangp"] },
		networks: (options) => {
			const generator = (parameters: Parameters) => attentionGenerator(parameters, { ...options, geo });
			const discriminator = discriminatorOf(options);
			return { G_A: generator, G_B: generator, D_A: discriminator, D_B: discriminator };
		},
		build: (options) => attentionGan({ ...options, geo }),
	});
}

export const systems: readonly System[] = [
	cardOf("attention-gan", false, "Nine contents and ten masks, one of them the background's: scheme II."),
	cardOf("attention-gan-geo", true, "Scheme II with ten contents and no copy of the input, for changes of shape."),
];
