/**
 * AGA-GAN: Srivastava, Chanda, Pal, "AGA-GAN: Attribute Guided Attention Generative Adversarial
 * Network with U-Net for Face Hallucination", 2021 (arXiv 2111.10591), Image and Vision Computing 2022; follows the code
 * NoviceMAn-prog/AGA-GAN@647a90c, since the paper's own equations could not be read.
 *
 *     G (aga-generator.ts): a face of 16 × 16 and its attributes → 128 × 128
 *     D (aga-discriminator.ts): a face and its attributes → the probability of being real
 *
 * One iteration, as the code has it: a step of D on real faces (targets in (0.8, 1]), a step of D on generated ones (targets in
 * [0, 0.2)), a step of G on P + 0.003 · cross entropy (targets in (0.8, 1]). P is losses/guided.ts; its VGG19 term needs
 * features, which are given, not shipped. Attributes are −1, 1, or 0 where they are not known.
 *
 * Differs from the code: the ×16 script's branch that nothing reads is not built; ×4, of which only a picture is public, leaves
 * one enlargement out.
 */
import * as tf from "@tensorflow/tfjs";
import { Adam, type EpsilonAt } from "../engine/adam.ts";
import { detach } from "../engine/ops/detach.ts";
import { Parameters } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import { type AgaDiscriminatorOptions, agaDiscriminator, agaDiscriminatorLayers } from "./layers/aga-discriminator.ts";
import {
	type AgaGeneratorOptions,
	type AgaResult,
	agaGenerator,
	agaGeneratorLayers,
	agaMaps,
} from "./layers/aga-generator.ts";
import { Ledger } from "./layers/ledger.ts";
import { minimize, trainedVariables } from "./layers/minimize.ts";
import { guidedContent, type PictureFeatures, softEntropy } from "./losses/guided.ts";
import {
	type Claim,
	type Draws,
	drawn,
	type Gan,
	type Input,
	type Losses,
	type Output,
	type Paper,
	type ResolutionBatch,
	required,
	type Watch,
} from "./paper.ts";
import { type System, system } from "./system.ts";

export interface AgaGanOptions extends AgaGeneratorOptions, Pick<AgaDiscriminatorOptions, "branch"> {
	/** False: both networks are told that no attribute is known, which leaves everything else as it is. @default true */
	readonly guided?: boolean;
	/** Weight of the adversarial term. @default 0.003 */
	readonly lambdaAdversarial?: number;
	/** Of the content loss's first term. @default none: that term is left out */
	readonly features?: PictureFeatures;
	/** Adam's rate of both networks. @default 1e-4 */
	readonly rate?: number;
	/** @default [0.9, 0.999] */
	readonly betas?: readonly [number, number];
	/** What Adam's epsilon is added to: √v̂, or √v before its correction, as Keras has it. @default "running" */
	readonly epsilonAt?: EpsilonAt;
	/** One optimiser for both networks, whose bias correction counts the steps of both, as in the code. @default true */
	readonly sharedSteps?: boolean;
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

export interface AgaGan extends Gan<ResolutionBatch> {
	apply(input: Input): Output;
	/** One step of G alone on the content loss: a start that is fair to every form. */
	warmUp(batch: ResolutionBatch): Losses;
	/** High-resolution pictures in [-1, 1] of low ones and their attributes; the caller disposes. */
	generate(low: tf.Tensor4D, labels?: tf.Tensor2D): tf.Tensor4D;
}

/** Builds AGA-GAN; the defaults are the code's for 16 → 128. */
export function agaGan(options: AgaGanOptions = {}): AgaGan {
	const { scale = 8, lowSize = 16, attributes: attributeCount = 38, guided = true, features } = options;
	const { lambdaAdversarial = 0.003, rate = 1e-4, betas: [beta1, beta2] = [0.9, 0.999], sharedSteps = true } = options;
	const { epsilonAt = "running" } = options;
	const random = Random.seed(options.seed ?? 0);
	const networks = { G: new Parameters(random.split("G")), D: new Parameters(random.split("D")) };
	const generator = agaGenerator(networks.G, options);
	const discriminator = agaDiscriminator(networks.D, { ...options, highSize: lowSize * scale });
	const counting = sharedSteps ? "calls" : "own";
	const optimizer = new Adam(trainedVariables(networks), { rate, beta1, beta2, epsilonAt, counting });
	const known = (low: tf.Tensor4D, labels: tf.Tensor2D | undefined): tf.Tensor2D =>
		guided ? required("aga-gan", "labels", labels) : tf.zeros([low.shape[0], attributeCount]);
	const run = (low: tf.Tensor4D, labels: tf.Tensor2D | undefined): AgaResult => generator(low, known(low, labels));

	const content = (high: tf.Tensor4D, image: tf.Tensor4D, ledger: Ledger): tf.Scalar[] =>
		Object.entries(guidedContent(high, image, features)).map(([name, term]) => ledger.record(`G/loss_${name}`, term));
	const warmUp = ({ low, high, labels }: ResolutionBatch, ledger: Ledger) => {
		const attributes = known(low, labels);
		const loss = () => {
			const terms = content(high, generator(low, attributes).image, ledger);
			return ledger.record("G/loss", tf.addN(terms) as tf.Scalar);
		};
		minimize(optimizer, { G: networks.G }, loss);
	};
	const step = ({ low, high, labels }: ResolutionBatch, draws: Draws, ledger: Ledger, watch?: Watch) => {
		const attributes = known(low, labels);
		const fake = detach(generator(low, attributes).image);
		watch?.output?.("fake", fake);
		const judge = (images: tf.Tensor4D, targets: string) =>
			softEntropy(discriminator(images, attributes).probability, drawn(draws, targets));
		const onReal = () => ledger.record("D/loss_real", judge(high, "real"));
		minimize(optimizer, { D: networks.D }, onReal, watch);
		const onFake = () => ledger.record("D/loss_fake", judge(fake, "fake"));
		minimize(optimizer, { D: networks.D }, onFake, watch);
		const deceive = () => {
			const { image } = generator(low, attributes);
			const terms = content(high, image, ledger);
			const adversarial = ledger.record("G/loss_adv", judge(image, "deceive"));
			return ledger.record("G/loss", tf.addN([...terms, tf.mul(adversarial, lambdaAdversarial)]));
		};
		minimize(optimizer, { G: networks.G }, deceive, watch);
	};
	return {
		id: "aga-gan",
		networks,
		optimizers: { shared: optimizer },
		draw(source, { low }) {
			const targets = () => source.uniforms(low.shape[0]).map((value) => 1 - 0.2 * value);
			return { real: targets(), fake: source.uniforms(low.shape[0], 0, 0.2), deceive: targets() };
		},
		step(batch, draws, _iteration, watch) {
			using ledger = new Ledger();
			tf.tidy(() => step(batch, draws, ledger, watch));
			return ledger.read();
		},
		warmUp(batch) {
			using ledger = new Ledger();
			tf.tidy(() => warmUp(batch, ledger));
			return ledger.read();
		},
		generate: (low, labels) => tf.tidy(() => run(low, labels).image),
		apply({ images, labels }) {
			return tf.tidy(() => {
				const { image, masks } = run(required("aga-gan", "images", images), labels);
				return { images: image, maps: agaMaps(masks, image) };
			});
		},
		attention: ({ low, labels }) =>
			tf.tidy(() => {
				const { image, masks } = run(low, labels);
				return agaMaps(masks, image);
			}),
		setRate(fraction) {
			optimizer.rate = rate * fraction;
		},
		[Symbol.dispose]() {
			optimizer[Symbol.dispose]();
			networks.G[Symbol.dispose]();
			networks.D[Symbol.dispose]();
		},
	};
}

export const paper: Paper = {
	id: "aga-gan",
	title: "AGA-GAN: Attribute Guided Attention Generative Adversarial Network with U-Net for Face Hallucination",
	year: 2021,
	citation: "A. Srivastava, S. Chanda, U. Pal. Image and Vision Computing, 2022, doi 10.1016/j.imavis.2022.104534.",
	url: "https://arxiv.org/abs/2111.10591",
	// No table of the paper could be read.
	published: [],
	claims: [
		claim("psnr", "AGA-GAN has a higher PSNR than the same network without attributes", "aga-gan", "aga-gan-unguided"),
		claim("ssim", "AGA-GAN has a higher SSIM than the same network without attributes", "aga-gan", "aga-gan-unguided"),
		claim("psnr", "AGA-GAN with the U-Net has a higher PSNR than AGA-GAN", "dual-attention-unet", "aga-gan"),
		claim("ssim", "AGA-GAN with the U-Net has a higher SSIM than AGA-GAN", "dual-attention-unet", "aga-gan"),
		claim(
			"psnr",
			"AGA-GAN with 29 of 38 attributes unknown has a higher PSNR than bicubic enlargement",
			"aga-gan-partial",
			"bicubic",
			"abstract: viable where not every attribute is known",
		),
		claim(
			"psnr",
			"AGA-GAN with 29 of 38 attributes unknown has a higher PSNR than with another face's attributes",
			"aga-gan-partial",
			"aga-gan-wrong",
			"no claim of the paper: are unknown attributes better than wrong ones?",
		),
		claim(
			"psnr",
			"AGA-GAN has a higher PSNR with the right attributes than with another face's",
			"aga-gan",
			"aga-gan-wrong",
			"no claim of the paper: are the attributes used?",
		),
	],
};

function claim(metric: string, text: string, better: string, worse: string, where = "abstract, in words"): Claim {
	return { text, where, better, worse, metric, direction: "higher" };
}

export const systems: readonly System[] = [
	system({
		id: "aga-gan",
		paper,
		role: "system",
		description: "Enlarges faces eight times, guided by attributes through attention.",
		options: {
			...{ scale: 8, lowSize: 16, attributes: 38, width: 32, block: "code" as "code" | "figure", guided: true },
			...{ branch: "sub-pixel" as "sub-pixel" | "transposed", lambdaAdversarial: 0.003, rate: 1e-4, sharedSteps: true },
			epsilonAt: "running" as EpsilonAt,
		},
		choices: {
			...{ block: ["code", "figure"], branch: ["sub-pixel", "transposed"], epsilonAt: ["corrected", "running"] },
		},
		layers: ({ scale, branch }) => ({
			G: agaGeneratorLayers(scale, "model"),
			D: agaDiscriminatorLayers(scale, branch),
		}),
		networks: (options) => ({
			G: (parameters) => agaGenerator(parameters, options),
			D: (parameters) => agaDiscriminator(parameters, { ...options, highSize: options.lowSize * options.scale }),
		}),
		build: agaGan,
	}),
];
