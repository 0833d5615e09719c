/** Networks of SAG-GAN, the pictures of one pass and the loss terms on them; what was read into the paper is said in sag-gan.ts. */
import * as tf from "@tensorflow/tfjs";
import { relu } from "../../engine/ops/relu.ts";
import { upsampleNearest } from "../../engine/ops/upsample-nearest.ts";
import type { Adversarial } from "../losses/adversarial.ts";
import { meanAbsolute } from "../losses/reconstruction.ts";
import type { UnpairedBatch } from "../paper.ts";
import { amseResidual } from "./amse.ts";
import { type ConvolutionOptions, convolution } from "./convolution.ts";
import { instanceNorm } from "./instance-norm.ts";
import type { Block, Layer, Pass } from "./layer.ts";
import type { Masked, RoundTrips } from "./masked-translation.ts";
import { cycleganInit } from "./normalization.ts";
import { spectralPatchgan } from "./patchgan.ts";
import { resnetGenerator } from "./resnet-generator.ts";

export interface SagNetworkOptions {
	/** Channels of the pictures. @default 1 */
	readonly channels?: number;
	/** Width of the generators' first layer. @default 64 */
	readonly ngf?: number;
	/** AMSE blocks of a generator. @default 9 */
	readonly blocks?: number;
	/** Channels for each one in the middle of an AMSE block's gate. @default 16 */
	readonly reduction?: number;
	/** Norms of the generators' AMSE blocks, with scale and shift or without. @default "affine" */
	readonly amseNorm?: "affine" | "plain";
	/** Width of the attention networks' first layer. @default 32 */
	readonly ngfAttention?: number;
	/** Width of the discriminators' first layer. @default 64 */
	readonly ndf?: number;
	/** Strided layers of the discriminators. @default 3 */
	readonly dLayers?: number;
}

/** Pictures [N, H, W, channels], H and W multiples of 4, to masks [N, H, W, 1] in [0, 1]. */
export function sagAttention({
	channels = 1,
	ngfAttention: width = 32,
	reduction = 16,
}: SagNetworkOptions = {}): Block {
	const wide = width * 2;
	return (parameters) => {
		const stage = (index: number, input: number, output: number, options: ConvolutionOptions): Layer => {
			const convolve = convolution(input, output, { ...cycleganInit, ...options })(parameters.at(`conv${index}`));
			const norm = instanceNorm(output, { affine: true })(parameters.at(`norm${index}`));
			return (x, pass) => relu(norm(convolve(x, pass), pass));
		};
		const first = stage(1, channels, width, { kernel: 7, stride: 2, reflect: 3 });
		const second = stage(2, width, wide, { stride: 2, padding: "same" });
		const residual = amseResidual(wide, { reduction })(parameters.at("res"));
		const third = stage(3, wide, wide, { kernel: 1 });
		const fourth = stage(4, wide, width, { kernel: 1 });
		const last = convolution(width, 1, { ...cycleganInit, kernel: 1 })(parameters.at("conv5"));
		return (x, pass) =>
			tf.tidy(() => {
				const features = residual(second(first(x, pass), pass), pass);
				const larger = third(upsampleNearest(features, 2), pass);
				return tf.sigmoid(last(fourth(upsampleNearest(larger, 2), pass), pass));
			});
	};
}

export type SagNetworkName = "G_NT" | "G_TN" | "A_N" | "A_T" | "D_T" | "D_N";

/** The six networks, each waiting for its parameters. */
export function sagNetworks(options: SagNetworkOptions = {}): Record<SagNetworkName, Block> {
	const { channels = 1, ngf = 64, blocks = 9, reduction = 16, amseNorm = "affine", ndf = 64, dLayers = 3 } = options;
	const residual = (width: number) => amseResidual(width, { reduction, affine: amseNorm === "affine" });
	const generator = resnetGenerator({ channels, ngf, blocks, residual });
	const attention = sagAttention(options);
	const discriminator = spectralPatchgan({ channels, ndf, layers: dLayers });
	const networks = { G_NT: generator, G_TN: generator, A_N: attention, A_T: attention };
	return { ...networks, D_T: discriminator, D_N: discriminator };
}

export interface SagGeneratorTerms extends Record<"G_D_T" | "G_D_N" | "cycle_n" | "cycle_t", tf.Scalar> {
	readonly mask?: tf.Scalar;
}

export interface SagWeights {
	/** Of the adversarial terms. @default 1 */
	readonly lambdaGan?: number;
	/** Of the cycles. @default 10 */
	readonly lambdaCyc?: number;
	/** Of the mask loss. @default 1 */
	readonly lambdaMask?: number;
}

/** What generators and attention networks minimise, term by term and unweighted; `mask` only where true masks are given. */
export function sagGeneratorTerms(
	{ D_T, D_N }: Record<SagNetworkName, Layer>,
	{ toB, toA, backA, backB }: RoundTrips,
	{ a: normal, b: tumour, masks }: UnpairedBatch,
	form: Adversarial,
	pass: Pass,
): SagGeneratorTerms {
	const deceive = (judge: Layer, { mask, image }: Masked) => {
		const scores = judge(tf.mul(mask, image), pass);
		return form.generator(scores, scores);
	};
	return {
		G_D_T: deceive(D_T, toB),
		G_D_N: deceive(D_N, toA),
		cycle_n: meanAbsolute(backA.image, normal),
		cycle_t: meanAbsolute(backB.image, tumour),
		...(masks === undefined ? {} : { mask: meanAbsolute(masks, toA.mask) }),
	};
}

/** The weighted sum of the terms (Eq. 9). */
export function sagTotal(
	{ G_D_T, G_D_N, cycle_n, cycle_t, mask }: SagGeneratorTerms,
	{ lambdaGan = 1, lambdaCyc = 10, lambdaMask = 1 }: SagWeights,
): tf.Scalar {
	const weighted = [tf.mul(tf.add(G_D_T, G_D_N), lambdaGan), tf.mul(tf.add(cycle_n, cycle_t), lambdaCyc)];
	if (mask !== undefined) weighted.push(tf.mul(mask, lambdaMask));
	return tf.addN(weighted) as tf.Scalar;
}

/** Half the sum of both terms, and the terms: of real pictures and made ones, each behind its mask. */
export function sagDiscriminatorTerms(
	judge: Layer,
	real: Masked,
	fake: Masked,
	form: Adversarial,
	pass: Pass,
): Record<"real" | "fake" | "loss", tf.Scalar> {
	// Spectral norm's power iteration goes on with every pass, so the order counts.
	const ofReal = judge(tf.mul(real.mask, real.image), pass);
	const terms = form.discriminator(ofReal, judge(tf.mul(fake.mask, fake.image), pass));
	return { ...terms, loss: tf.mul(tf.add(terms.real, terms.fake), 0.5) };
}
