/**
 * SAGAN: Zhang, Goodfellow, Metaxas, Odena, "Self-Attention Generative Adversarial Networks", ICML 2019; follows the small
 * networks of heykeetae/Self-Attention-GAN@8714a54 for pictures of 64 × 64.
 *
 *     z → 4 × (transposed conv, spectral norm, batch norm, ReLU), self-attention behind the third and fourth → tanh
 *     D: 4 × (conv, spectral norm, leaky ReLU 0.1), self-attention behind the third and fourth → one score
 *
 * `attention`: the code's form without pooling (`community`), or that of the authors' own code (`official`, with spectral norm
 * on its convolutions). Losses: hinge as in the paper, or Wasserstein with a gradient penalty, for which the code takes a
 * second step of D. Differs from the code: the attention widths follow `convDim`, which the code hard-wires for 64.
 */
import * as tf from "@tensorflow/tfjs";
import { Adam } from "../engine/adam.ts";
import { detach } from "../engine/ops/detach.ts";
import { Parameters } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import { leakyRelu, relu } from "./layers/activation.ts";
import { positionAttentionMap, type Query } from "./layers/attention-map.ts";
import { batchNorm } from "./layers/batch-norm.ts";
import { convolution, transposedConvolution } from "./layers/convolution.ts";
import { evaluation, type Pass, sequence, training } from "./layers/layer.ts";
import { Ledger } from "./layers/ledger.ts";
import { minimize } from "./layers/minimize.ts";
import { selfAttention } from "./layers/self-attention.ts";
import { spectralConvolution, spectralTransposedConvolution } from "./layers/spectral-norm.ts";
import { hinge, wasserstein } from "./losses/adversarial.ts";
import { gradientPenalty, interpolate } from "./losses/gradient-penalty.ts";
import {
	type Draws,
	drawn,
	type Gan,
	type Input,
	type Losses,
	type Output,
	type Paper,
	type PictureBatch,
	required,
	type Watch,
} from "./paper.ts";
import { type System, system } from "./system.ts";

export interface SaganOptions {
	/** Width of the last stage of G and the first of D. @default 64 */
	readonly convDim?: number;
	/** Length of the noise. @default 128 */
	readonly zDim?: number;
	/** @default "community" */
	readonly attention?: "community" | "official";
	/** @default "hinge" */
	readonly adversarial?: "hinge" | "wgan-gp";
	/** Weight of the gradient penalty. @default 10 */
	readonly lambdaGp?: number;
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
	{ convDim = 64, zDim = 128, attention: form = "community" }: SaganOptions = {},
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
		selfAttention(channels, { form, spectral: form === "official", name })(parameters.at(name));
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
	{ convDim = 64, attention: form = "community" }: SaganOptions = {},
): (images: tf.Tensor4D, pass: Pass) => tf.Tensor1D {
	const stage = (name: string, input: number, output: number) =>
		sequence(
			(inner) => spectralConvolution(input, output, halving)(inner.at("module")),
			leakyRelu(0.1),
		)(parameters.at(name));
	const attention = (name: string, channels: number) =>
		selfAttention(channels, { form, spectral: form === "official", name })(parameters.at(name));
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

export interface Sagan extends Gan<PictureBatch> {
	apply(input: Input): Output;
	/** Pictures [N, 64, 64, 3] in [-1, 1] of noise, in evaluation mode; the caller disposes. */
	generate(z: tf.Tensor2D): tf.Tensor4D;
	/**
	 * What the pixel `query` pays attention to (default: the mean over all pixels), as maps [N, 64, 64] whose greatest value is
	 * 1: `D/attn1` and `D/attn2` on the batch, `G/attn1` and `G/attn2` on as many pictures of a fixed noise.
	 */
	attention(batch: PictureBatch, options?: { readonly query?: Query }): Record<string, tf.Tensor3D>;
}

/** Builds SAGAN for pictures of 64 × 64. */
export function sagan(options: SaganOptions = {}): Sagan {
	const { zDim = 128, gRate = 1e-4, dRate = 4e-4, betas: [beta1, beta2] = [0, 0.9], seed = 0 } = options;
	const { adversarial = "hinge", lambdaGp = 10 } = options;
	const random = Random.seed(seed);
	const generatorParameters = new Parameters(random.split("G"));
	const generator = saganGenerator(generatorParameters, options);
	const discriminatorParameters = new Parameters(random.split("D"));
	const discriminator = saganDiscriminator(discriminatorParameters, options);
	const optimizers = {
		G: new Adam(generatorParameters, { rate: gRate, beta1, beta2 }),
		D: new Adam(discriminatorParameters, { rate: dRate, beta1, beta2 }),
	};
	const form = adversarial === "hinge" ? hinge : wasserstein;
	const step = (images: tf.Tensor4D, draws: Draws, ledger: Ledger, watch?: Watch) => {
		const noise = (name: string) => tf.tensor2d(Float32Array.from(drawn(draws, name)), [images.shape[0], zDim]);
		const score = (x: tf.Tensor4D) => discriminator(x, training);
		const fake = detach(generator(noise("z_d"), training));
		watch?.output?.("fake", fake);
		const judge = () => {
			const { real, fake: fakes } = form.discriminator(score(images), score(fake));
			return tf.add<tf.Scalar>(ledger.record("D/loss_real", real), ledger.record("D/loss_fake", fakes));
		};
		minimize(optimizers.D, { D: discriminatorParameters }, judge, watch);
		if (adversarial === "wgan-gp") {
			const points = interpolate(images, fake, drawn(draws, "gp_alpha"));
			const penalize = () => tf.mul<tf.Scalar>(ledger.record("D/loss_gp", gradientPenalty(score, points)), lambdaGp);
			minimize(optimizers.D, { D: discriminatorParameters }, penalize, watch);
		}
		const deceive = () => {
			const scores = score(generator(noise("z_g"), training));
			return ledger.record("G/loss_fake", form.generator(scores, scores));
		};
		minimize(optimizers.G, { G: generatorParameters }, deceive, watch);
	};
	/** Maps of one pass in evaluation mode, under the names of their modules. */
	const observed = <T extends tf.Tensor>(run: (pass: Pass) => T, query: Query) => {
		const kept: Record<string, tf.Tensor3D> = {};
		const result = run({
			...evaluation,
			observe: (name, matrix) => {
				// Kept, because the layer's own scope ends before the map is read.
				kept[name] = tf.keep(positionAttentionMap(matrix, 64, 64, query));
			},
		});
		// In the caller's scope, which frees them.
		const maps = Object.fromEntries(Object.entries(kept).map(([name, map]) => [name, map.clone()]));
		tf.dispose(kept);
		return { result, maps };
	};
	return {
		id: "sagan",
		networks: { G: generatorParameters, D: discriminatorParameters },
		optimizers,
		draw(source, { images }) {
			const noise = () => source.normals(images.shape[0] * zDim);
			return { z_d: noise(), gp_alpha: source.uniforms(images.shape[0]), z_g: noise() };
		},
		step({ images }, draws, _iteration, watch): Losses {
			using ledger = new Ledger();
			tf.tidy(() => step(images, draws, ledger, watch));
			return ledger.read();
		},
		generate: (z) => generator(z, evaluation),
		apply({ noise }) {
			const { result, maps } = observed((pass) => generator(required("sagan", "noise", noise), pass), "mean");
			return { images: result, maps };
		},
		attention: ({ images }, { query = "mean" } = {}) =>
			tf.tidy(() => {
				const z = tf.tensor2d(random.split("attention").normals(images.shape[0] * zDim), [images.shape[0], zDim]);
				const named = (prefix: string, maps: Record<string, tf.Tensor3D>) =>
					Object.entries(maps).map(([name, map]) => [`${prefix}/${name}`, map] as const);
				const made = observed((pass) => generator(z, pass), query);
				const seen = observed((pass) => discriminator(images, pass), query);
				return Object.fromEntries([...named("G", made.maps), ...named("D", seen.maps)]);
			}),
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

export const systems: readonly System[] = [
	system({
		id: "sagan",
		paper,
		role: "baseline",
		description: "Generates pictures of 64 × 64 with self-attention over positions in both networks.",
		options: {
			...{ convDim: 64, zDim: 128, attention: "community" as "community" | "official" },
			...{ adversarial: "hinge" as "hinge" | "wgan-gp", lambdaGp: 10, gRate: 1e-4, dRate: 4e-4 },
		},
		choices: { attention: ["community", "official"], adversarial: ["hinge", "wgan-gp"] },
		meanings: {
			attention: "Form of the attention blocks, see self-attention.",
			adversarial: "Form of the adversarial loss.",
			gRate: "Adam's rate of G.",
			dRate: "Adam's rate of D.",
		},
		networks: (options) => ({
			G: (parameters) => saganGenerator(parameters, options),
			D: (parameters) => saganDiscriminator(parameters, options),
		}),
		build: sagan,
	}),
	system({
		id: "self-attention",
		paper,
		role: "part",
		description: "The self-attention of SAGAN: every position of the picture attends to every position.",
		options: { channels: 256, form: "official" as "official" | "community", spectral: true },
		choices: { form: ["official", "community"] },
		meanings: {
			channels: "Channels of the picture.",
			form: "Pooled keys and values with a convolution back, or neither.",
		},
		networks: ({ channels, form, spectral }) => ({ attention: selfAttention(channels, { form, spectral }) }),
	}),
	system({
		id: "spectral-norm",
		paper,
		role: "part",
		description: "A convolution divided by its largest singular value, estimated by one power iteration a pass.",
		options: { input: 64, output: 128, kernel: 4 },
		meanings: { input: "Channels that come in." },
		networks: ({ input, output, kernel }) => ({ module: spectralConvolution(input, output, { kernel }) }),
	}),
];
