/**
 * Training of StarGAN (yunjey/stargan solver.py), shared by the systems that change only its networks. One iteration: a
 * step of D on real and generated pictures, then, each `nCritic`-th time, a step of G on the same batch. Targets are the
 * batch's own labels in another order. D: adversarial + lambdaCls·label entropy of real (+ lambdaGp·penalty); G:
 * adversarial + lambdaCls·label entropy of the target + lambdaRec·mean |real − G(fake, label)|.
 */
import * as tf from "@tensorflow/tfjs";
import { Adam } from "../../engine/adam.ts";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { logistic, wasserstein } from "../losses/adversarial.ts";
import { gradientPenalty, interpolate } from "../losses/gradient-penalty.ts";
import { labelEntropy, oneHotEntropy } from "../losses/labels.ts";
import { meanAbsolute } from "../losses/reconstruction.ts";
import { type Draws, drawn, type Gan, type LabelledBatch, type Losses, required, type Watch } from "../paper.ts";
import type { Query } from "./attention-map.ts";
import { evaluation, type Layer, training } from "./layer.ts";
import { Ledger } from "./ledger.ts";
import { minimize } from "./minimize.ts";
import {
	type Generator,
	type GeneratorOptions,
	type Insert,
	starganDiscriminator,
	starganGenerator,
} from "./stargan-backbone.ts";

export interface StarganOptions {
	/** Side of the pictures, a multiple of 2^dRepeatNum. @default 128 */
	readonly imageSize?: number;
	/** Width of G after its first layer. @default 64 */
	readonly gConvDim?: number;
	/** Width of D after its first layer. @default 64 */
	readonly dConvDim?: number;
	/** Length of the label vector. @default 5 */
	readonly cDim?: number;
	/** Residual blocks of G. @default 6 */
	readonly gRepeatNum?: number;
	/** Strided layers of D. @default 6 */
	readonly dRepeatNum?: number;
	/** Labels apart (CelebA), or one class of `cDim` (RaFD), told by binary or by softmax cross entropy. @default "binary" */
	readonly labelling?: "binary" | "class";
	/** Keeps running statistics in G's instance norms, as the authors' checkpoints do; nothing uses them. @default false */
	readonly track?: boolean;
	/** Wasserstein with gradient penalty, or the log form (non-saturating for G) without. @default "wgan-gp" */
	readonly adversarial?: "wgan-gp" | "log";
	/** Weight of the reconstruction; 0 leaves its pass through G out unless a step is watched. @default 10 */
	readonly lambdaRec?: number;
	/** Weight of the label entropies. @default 1 */
	readonly lambdaCls?: number;
	/** Weight of the gradient penalty. @default 10 */
	readonly lambdaGp?: number;
	/** Steps of D for each step of G. @default 5 */
	readonly nCritic?: number;
	/** Adam's rate of G. @default 1e-4 */
	readonly gRate?: number;
	/** Adam's rate of D. @default 1e-4 */
	readonly dRate?: number;
	/** @default [0.5, 0.999] */
	readonly betas?: readonly [number, number];
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

/** A multi-domain system: edits pictures to target labels. */
export interface ConditionalGan extends Gan<LabelledBatch> {
	/** Pictures [N, H, W, 3] in [-1, 1] as the labels [N, cDim] want them; the caller disposes. */
	generate(images: tf.Tensor4D, labels: tf.Tensor2D): tf.Tensor4D;
	/** One step of G alone, to give its input back when told the input's own label: a start that is fair to every system. */
	warmUp(batch: LabelledBatch): Losses;
	/** Maps [N, H, W] in [0, 1] of the pass that reproduces the batch; those of matrices each scaled to a maximum of 1. */
	attention(batch: LabelledBatch, options?: { readonly query?: Query }): Record<string, tf.Tensor3D>;
	/** The attention matrices [N, queries, keys], or masks [N, H, W], behind the maps; the caller disposes. */
	attentionMatrices(batch: LabelledBatch): Record<string, tf.Tensor3D>;
}

/** What a system adds to StarGAN. */
export interface StarganExtension {
	/** Another generator of the same sizes. @default StarGAN's */
	readonly network?: (parameters: Parameters, options: GeneratorOptions) => Generator;
	/** Modules of G, made from G's parameters. */
	readonly generator?: (parameters: Parameters) => Insert;
	/** Modules of D, made from D's parameters. */
	readonly discriminator?: (parameters: Parameters) => Insert;
	/** An attention matrix, or mask, as a map of [height, width]. */
	readonly map?: (matrix: tf.Tensor3D, height: number, width: number, query: Query) => tf.Tensor3D;
}

/** Builds the networks and optimisers of a system and the steps that train it. */
export function starganTraining(
	id: string,
	options: StarganOptions = {},
	extension: StarganExtension = {},
): ConditionalGan {
	const { imageSize = 128, gConvDim = 64, dConvDim = 64, cDim = 5, gRepeatNum = 6, dRepeatNum = 6 } = options;
	const { adversarial = "wgan-gp", lambdaRec = 10, lambdaCls = 1, lambdaGp = 10, nCritic = 5 } = options;
	const { gRate = 1e-4, dRate = 1e-4, betas: [beta1, beta2] = [0.5, 0.999], seed = 0, track = false } = options;
	const labelLoss = options.labelling === "class" ? oneHotEntropy : labelEntropy;
	const { network = starganGenerator, generator: insertG = nothing, discriminator: insertD = nothing } = extension;
	const random = Random.seed(seed);
	const generatorParameters = new Parameters(random.split("G"));
	const generator = network(generatorParameters, {
		convDim: gConvDim,
		cDim,
		repeatNum: gRepeatNum,
		track,
		insert: insertG(generatorParameters),
	});
	const discriminatorParameters = new Parameters(random.split("D"));
	const discriminator = starganDiscriminator(discriminatorParameters, {
		imageSize,
		convDim: dConvDim,
		cDim,
		repeatNum: dRepeatNum,
		insert: insertD(discriminatorParameters),
	});
	const trainedG = { G: generatorParameters };
	const trainedD = { D: discriminatorParameters };
	const optimizers = {
		G: new Adam(generatorParameters, { rate: gRate, beta1, beta2 }),
		D: new Adam(discriminatorParameters, { rate: dRate, beta1, beta2 }),
	};
	const form = adversarial === "wgan-gp" ? wasserstein : logistic;
	const penalized = (watch?: Watch) => adversarial === "wgan-gp" && (lambdaGp !== 0 || watch !== undefined);

	/** Sum of the terms that have a weight; a watcher sees the others too. */
	const weighted = (watch: Watch | undefined, ...terms: readonly (readonly [number, () => tf.Scalar])[]): tf.Scalar => {
		for (const [weight, term] of terms) if (weight === 0 && watch !== undefined) term();
		return terms
			.filter(([weight]) => weight !== 0)
			.map(([weight, term]) => (weight === 1 ? term() : tf.mul<tf.Scalar>(term(), weight)))
			.reduce((sum, term) => tf.add(sum, term));
	};

	const stepDiscriminator = (
		batch: LabelledBatch,
		target: tf.Tensor2D,
		draws: Draws,
		ledger: Ledger,
		watch?: Watch,
	) => {
		const { images, labels } = batch;
		const fake = generator(images, target, training);
		watch?.output?.("fake", fake);
		const between = penalized(watch) ? interpolate(images, fake, drawn(draws, "gp_alpha")) : undefined;
		const loss = () => {
			const real = discriminator(images, training);
			const judged = discriminator(fake, training);
			const terms = form.discriminator(real.source, judged.source);
			return weighted(
				watch,
				[1, () => ledger.record("D/loss_real", terms.real)],
				[1, () => ledger.record("D/loss_fake", terms.fake)],
				[lambdaCls, () => ledger.record("D/loss_cls", labelLoss(real.labels, labels))],
				...(between === undefined ? [] : [[lambdaGp, () => ledger.record("D/loss_gp", penalty(between))] as const]),
			);
		};
		minimize(optimizers.D, trainedD, loss, watch);
	};
	const penalty = (points: tf.Tensor4D) => gradientPenalty((x) => discriminator(x, training).source, points);

	const stepGenerator = ({ images, labels }: LabelledBatch, target: tf.Tensor2D, ledger: Ledger, watch?: Watch) => {
		const loss = () => {
			const fake = generator(images, target, training);
			const judged = discriminator(fake, training);
			return weighted(
				watch,
				[1, () => ledger.record("G/loss_fake", form.generator(judged.source, judged.source))],
				[lambdaRec, () => ledger.record("G/loss_rec", meanAbsolute(images, generator(fake, labels, training)))],
				[lambdaCls, () => ledger.record("G/loss_cls", labelLoss(judged.labels, target))],
			);
		};
		minimize(optimizers.G, trainedG, loss, watch);
	};

	return {
		id,
		networks: { ...trainedG, ...trainedD },
		optimizers,
		draw: (source, { images }) => ({
			permutation: source.permutation(images.shape[0]),
			gp_alpha: source.uniforms(images.shape[0]),
		}),
		step(batch, draws, iteration, watch) {
			using ledger = new Ledger();
			tf.tidy(() => {
				const order = tf.tensor1d(Int32Array.from(drawn(draws, "permutation")), "int32");
				const target = tf.gather(batch.labels, order);
				stepDiscriminator(batch, target, draws, ledger, watch);
				if ((iteration + 1) % nCritic === 0) stepGenerator(batch, target, ledger, watch);
			});
			return ledger.read();
		},
		warmUp({ images, labels }) {
			using ledger = new Ledger();
			const loss = () => ledger.record("G/loss_warm_up", meanAbsolute(images, generator(images, labels, training)));
			minimize(optimizers.G, trainedG, loss);
			return ledger.read();
		},
		generate: (images, labels) => generator(images, labels, evaluation),
		apply({ images, labels }) {
			const input = {
				images: required(id, "images", images),
				labels: required(id, "labels", labels),
			};
			const made = tf.tidy(() => tf.clipByValue(generator(input.images, input.labels, evaluation), -1, 1));
			return { images: made as tf.Tensor4D, maps: this.attention(input) };
		},
		attentionMatrices({ images, labels }) {
			const matrices: Record<string, tf.Tensor3D> = {};
			const observe = (name: string, matrix: tf.Tensor3D) => {
				matrices[name] = tf.keep(matrix.clone());
			};
			try {
				generator(images, labels, { training: false, observe }).dispose();
			} catch (error) {
				tf.dispose(matrices);
				throw error;
			}
			return matrices;
		},
		attention(batch, { query = 0.5 } = {}) {
			const { map } = extension;
			if (map === undefined) return {};
			const [, height, width] = batch.images.shape;
			const matrices = this.attentionMatrices(batch);
			try {
				const maps = Object.entries(matrices).map(([name, matrix]) => [name, map(matrix, height, width, query)]);
				return Object.fromEntries(maps);
			} finally {
				tf.dispose(matrices);
			}
		},
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

const nothing = () => (): Layer | undefined => undefined;
