/**
 * SAGAN: Zhang, Goodfellow, Metaxas, Odena, "Self-Attention Generative Adversarial Networks", ICML 2019; follows the small
 * networks of heykeetae/Self-Attention-GAN@8714a54 for pictures of 64 × 64.
 *
 *     z → 4 × (transposed conv, spectral norm, batch norm, ReLU), self-attention behind the third and fourth → tanh
 *     D: 4 × (conv, spectral norm, leaky ReLU 0.1), self-attention behind the third and fourth → one score
 *
 * Differs from the code: the attention widths follow `convDim`, which the code hard-wires for 64. Training is the paper's
 * hinge loss with two rates.
 */
import * as tf from "@tensorflow/tfjs";
import { Adam } from "../engine/adam.ts";
import { Parameters } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import { leakyRelu, relu } from "./layers/activation.ts";
import { batchNorm } from "./layers/batch-norm.ts";
import { convolution, transposedConvolution } from "./layers/convolution.ts";
import { evaluation, type Pass, sequence, training } from "./layers/layer.ts";
import { Ledger } from "./layers/ledger.ts";
import { minimize } from "./layers/minimize.ts";
import { selfAttention } from "./layers/self-attention.ts";
import { spectralConvolution, spectralTransposedConvolution } from "./layers/spectral-norm.ts";
import { hinge } from "./losses/adversarial.ts";
import { type Draws, type Gan, type Losses, type Paper, required, type Watch } from "./paper.ts";

export interface SaganOptions {
	/** Width of the last stage of G and the first of D. @default 64 */
	readonly convDim?: number;
	/** Length of the noise. @default 128 */
	readonly zDim?: number;
	/** @default 1e-4 */
	readonly gRate?: number;
	/** @default 4e-4 */
	readonly dRate?: number;
	/** @default [0, 0.9] */
	readonly betas?: readonly [number, number];
	/** @default 0 */
	readonly seed?: number;
}

const halving = { kernel: 4, stride: 2, padding: 1 } as const;

/** Noise [N, zDim] → pictures [N, 64, 64, 3] in [-1, 1]. */
export function saganGenerator(
	parameters: Parameters,
	{ convDim = 64, zDim = 128 }: SaganOptions = {},
): (z: tf.Tensor2D, pass: Pass) => tf.Tensor4D {
	const stage = (
		name: string,
		input: number,
		output: number,
		geometry: { kernel: number; stride?: number; padding?: number },
	) =>
		sequence(
			(inner) => spectralTransposedConvolution(input, output, geometry)(inner.at("module")),
			batchNorm(output),
			relu(),
		)(parameters.at(name));
	const attention = (name: string, channels: number) =>
		selfAttention(channels, { form: "community", name })(parameters.at(name));
	const layers = [
		stage("l1", zDim, convDim * 8, { kernel: 4 }),
		stage("l2", convDim * 8, convDim * 4, halving),
		stage("l3", convDim * 4, convDim * 2, halving),
		attention("attn1", convDim * 2),
		stage("l4", convDim * 2, convDim, halving),
		attention("attn2", convDim),
		transposedConvolution(convDim, 3, halving)(parameters.at("last").at(0)),
	];
	return (z, pass) =>
		tf.tidy(() => {
			const start: tf.Tensor4D = tf.reshape(z, [z.shape[0], 1, 1, zDim]);
			return tf.tanh(layers.reduce((x, layer) => layer(x, pass), start));
		});
}

/** Pictures [N, 64, 64, 3] → scores [N]. */
export function saganDiscriminator(
	parameters: Parameters,
	{ convDim = 64 }: SaganOptions = {},
): (images: tf.Tensor4D, pass: Pass) => tf.Tensor1D {
	const stage = (name: string, input: number, output: number) =>
		sequence(
			(inner) => spectralConvolution(input, output, halving)(inner.at("module")),
			leakyRelu(0.1),
		)(parameters.at(name));
	const attention = (name: string, channels: number) =>
		selfAttention(channels, { form: "community", name })(parameters.at(name));
	const layers = [
		stage("l1", 3, convDim),
		stage("l2", convDim, convDim * 2),
		stage("l3", convDim * 2, convDim * 4),
		attention("attn1", convDim * 4),
		stage("l4", convDim * 4, convDim * 8),
		attention("attn2", convDim * 8),
		convolution(convDim * 8, 1, { kernel: 4 })(parameters.at("last").at(0)),
	];
	return (images, pass) =>
		tf.tidy(() =>
			tf.reshape(
				layers.reduce((x, layer) => layer(x, pass), images),
				[images.shape[0]],
			),
		);
}

/** Builds SAGAN for pictures of 64 × 64. */
export function sagan(options: SaganOptions = {}): Gan<tf.Tensor4D> & { generate(z: tf.Tensor2D): tf.Tensor4D } {
	const { zDim = 128, gRate = 1e-4, dRate = 4e-4, betas: [beta1, beta2] = [0, 0.9], seed = 0 } = options;
	const random = Random.seed(seed);
	const generatorParameters = new Parameters(random.split("G"));
	const generator = saganGenerator(generatorParameters, options);
	const discriminatorParameters = new Parameters(random.split("D"));
	const discriminator = saganDiscriminator(discriminatorParameters, options);
	const optimizers = {
		G: new Adam(generatorParameters, { rate: gRate, beta1, beta2 }),
		D: new Adam(discriminatorParameters, { rate: dRate, beta1, beta2 }),
	};
	const noise = (draws: Draws, count: number) => tf.tensor2d(Float32Array.from(draws["z"] ?? []), [count, zDim]);
	const step = (images: tf.Tensor4D, draws: Draws, ledger: Ledger, watch?: Watch) => {
		const z = noise(draws, images.shape[0]);
		const fake = generator(z, training);
		const judge = () => {
			const { real, fake: fakes } = hinge.discriminator(discriminator(images, training), discriminator(fake, training));
			return tf.add<tf.Scalar>(ledger.record("D/loss_real", real), ledger.record("D/loss_fake", fakes));
		};
		minimize(optimizers.D, { D: discriminatorParameters }, judge, watch);
		const deceive = () => {
			const scores = discriminator(generator(z, training), training);
			return ledger.record("G/loss_fake", hinge.generator(scores, scores));
		};
		minimize(optimizers.G, { G: generatorParameters }, deceive, watch);
	};
	return {
		id: "sagan",
		networks: { G: generatorParameters, D: discriminatorParameters },
		optimizers,
		draw: (source, images) => ({ z: source.normals(images.shape[0] * zDim) }),
		step(images, draws, _iteration, watch): Losses {
			using ledger = new Ledger();
			tf.tidy(() => step(images, draws, ledger, watch));
			return ledger.read();
		},
		generate: (z) => generator(z, evaluation),
		apply: ({ noise }) => ({ images: generator(required("sagan", "noise", noise), evaluation), maps: {} }),
		attention: () => ({}),
		setRate(fraction) {
			optimizers.G.rate = gRate * fraction;
			optimizers.D.rate = dRate * fraction;
		},
		[Symbol.dispose]() {
			for (const optimizer of Object.values(optimizers)) optimizer[Symbol.dispose]();
			generatorParameters[Symbol.dispose]();
			discriminatorParameters[Symbol.dispose]();
		},
	};
}

export const paper: Paper = {
	id: "sagan",
	title: "Self-Attention Generative Adversarial Networks",
	year: 2019,
	citation: "H. Zhang, I. Goodfellow, D. Metaxas, A. Odena. ICML 2019.",
	url: "https://arxiv.org/abs/1805.08318",
	published: [],
	claims: [],
};
